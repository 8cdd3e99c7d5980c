r"""The account of a desk that torch can go back through, on paths that were played.

It books what `desk/step` books, for orders that fill at once in a market that does not
answer: with holdings :math:`y_k` after decision k,

.. math::
    L = \sum_k C_k(y_k - y_{k-1}) + y_k f_k - y_k \, dS_k - dB_k + C_N(y_{N-1}),
    \quad C_k(x) = F_k 1_{x \ne 0} + u_k |x| + a_k x^2 + b_k |x|^{3/2}

with fixed cost F, proportional cost u of a unit, impact a and b, funding f, moves dS
and dB of price and book; and with units z of listed options of value V,
:math:`-z \, dV` and half a spread of what is bought. A test has the net loss of one
policy in both accounts.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.book.listed_options import DELTA, GAMMA, N_QUOTED, PRICE, VEGA
from hedge_env.book.series import SeriesParams, age_of, slot_now
from hedge_env.config import EnvConfig
from hedge_env.desk.option_trades import OptionParams, option_params
from hedge_env.desk.orders import OrderParams, order_params
from hedge_env.feeds.simulated import quote_params
from hedge_env.risk.minimum_variance import interval_years
from hedge_env.training.train.sb3.market_walk import Walk


class FixedCost(torch.autograd.Function):
    r"""1 where something is traded; its slope is none, or that of a smooth step.

    .. math:: 1_{x \ne 0}, \quad
              \frac{d}{dx} \to \frac{2 x w^2}{(x^2 + w^2)^2} \; (w > 0), \; 0 \; (w = 0)

    The indicator has slope 0 wherever it has one: what a fixed cost is worth cannot be
    seen along a path. With a width w the slope is that of :math:`x^2 / (x^2 + w^2)`, a
    biased answer that tells a trade to become smaller, and never one to appear.
    """

    @staticmethod
    def forward(ctx: Any, traded: Tensor, width: float) -> Tensor:
        """Indicator of what is traded, shape (n,)."""
        ctx.save_for_backward(traded)
        ctx.width = width
        return (traded != 0.0).to(traded.dtype)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, None]:
        """Slope in what is traded."""
        (traded,) = ctx.saved_tensors
        if ctx.width == 0.0:
            return None, None
        square = ctx.width * ctx.width
        rise = 2.0 * traded * square / (traded * traded + square) ** 2
        return slopes[0] * rise, None


_OF_UNITS = ((DELTA, -1.0), (GAMMA, -1.0), (VEGA, 1.0))  # signs as in `Greeks`


class AccountTerms(NamedTuple):
    """Constants of the account."""

    orders: OrderParams
    options: OptionParams
    opening: float  # share of the cost that is charged
    liquidation: float
    fixed_cost_width: float  # of `FixedCost` [-]
    growth: float | None  # of the price expected in an interval; None: not known [-]


def account_terms(config: EnvConfig, fixed_cost_width: float) -> AccountTerms:
    """Compile the account.

    Args:
        config: The hedging problem.
        fixed_cost_width: Of `FixedCost`, at least 0 [-].
    """
    return AccountTerms(
        orders=order_params(config),
        options=option_params(config, quote_params(config).listed),
        opening=1.0 if config.execution.charge_opening else 0.0,
        liquidation=1.0 if config.execution.charge_liquidation else 0.0,
        fixed_cost_width=fixed_cost_width,
        growth=expected_growth(config),
    )


def expected_growth(config: EnvConfig) -> float | None:
    """What the price gains on average in an interval, whatever has happened before [-].

    Args:
        config: The hedging problem.

    Returns:
        None where that depends on the past (a drift in stress, a basis) or is not known
        (recorded days).
    """
    market = config.market
    in_stress = market.regime is not None and market.regime.drift != 0.0
    if config.replay is not None or market.basis is not None or in_stress:
        return None
    return math.expm1(market.drift * interval_years(config))


class Greeks(NamedTuple):
    """Of the book and every option held, each of shape (n,)."""

    delta: Tensor  # holdings that neutralise it [-]
    gamma: Tensor  # positive if short gamma [1/S_0]
    vega: Tensor  # [notional]


class Account:
    """Holdings and sums of some paths, decision after decision.

    Args:
        walk: The paths, nothing held.
        terms: Constants.

    Attributes:
        held: Units of the underlying, shape (n,) [-].
        units: Of the option in each slot, shape (n_slots, n) [-].
        loss: Net loss so far, shape (n,) [notional].
        objective: Cost and risk so far, shape (n,) [notional].
        luck: What was gained with the underlying beyond what was expected at each
            decision, of mean 0 whatever is held; shape (n,) [notional].
    """

    def __init__(self, walk: Walk, terms: AccountTerms) -> None:
        n = walk.weight.size
        self._terms, self._now = terms, 0
        self._rows = walk.rows.reshape(walk.rows.shape[0], -1, n)
        self._costs = [torch.from_numpy(np.ascontiguousarray(c)) for c in walk.costs]
        self._moves = [torch.from_numpy(np.ascontiguousarray(m)) for m in walk.moves]
        slots = terms.options.series.n_slots
        quoted = self._rows[field.N_FIELDS : field.N_FIELDS + N_QUOTED * slots]
        shape = slots, N_QUOTED, *self._rows.shape[1:]
        self._quotes = torch.from_numpy(np.ascontiguousarray(quoted)).reshape(shape)
        self.held = torch.zeros(n, dtype=torch.float64)
        self.units = torch.zeros(slots, n, dtype=torch.float64)
        self.loss = self.objective = self.luck = self.held

    @property
    def listed(self) -> int:
        """Slot of the option listed now."""
        series: SeriesParams = self._terms.options.series
        return int(slot_now(self._now, series))

    def row(self, number: int) -> Tensor:
        """A row that the market wrote, at the present decision, shape (n,)."""
        return torch.from_numpy(np.ascontiguousarray(self._rows[number, self._now]))

    def greeks(self) -> Greeks:
        """Those of the present decision, before its trade."""
        found = [self.row(r) for r in (field.DELTA, field.GAMMA, field.VEGA)]
        if self.units.shape[0]:
            for k, (which, sign) in enumerate(_OF_UNITS):
                quotes = self._quotes[:, which, self._now]
                found[k] = found[k] + sign * (self.units * quotes).sum(dim=0)
        return Greeks(*found)

    def trade(self, target: Tensor, option: Tensor | None) -> None:
        """Take the present decision, and move to the next.

        Args:
            target: Of the underlying, shape (n,); clipped into the bounds.
            option: Of the option listed now; None: as it is.
        """
        orders, now = self._terms.orders, self._now
        goal = target.clamp(orders.low, orders.high)
        dust = (goal - self.held).abs() < orders.least
        goal = torch.where(dust, self.held, goal)
        share = self._terms.opening if now == 0 else 1.0
        cost = share * self._cost_of(goal - self.held)
        if option is not None:
            cost = cost + share * self._buy_option(option)
        self.held = goal
        square, product, rest = (c[now] for c in self._costs[4:])
        move, book, funding = (m[now] for m in self._moves)
        if self._terms.growth is not None:
            price = self.row(orders.price_row)
            self.luck = self.luck + goal * (move - self._terms.growth * price)
        risk = goal * (goal * square + product) + rest
        gain = goal * (move - funding) + book + self._carry_options()
        self._now += 1
        if now + 1 == orders.decisions:
            cost = cost + self._terms.liquidation * self._cost_of(goal)
            cost = cost + self._sell_options()
        self.loss = self.loss + cost - gain
        self.objective = self.objective + cost + risk

    def _cost_of(self, traded: Tensor) -> Tensor:
        """Of a trade at the present decision, shape (n,) [notional]."""
        unit, fixed, linear, root = (c[self._now] for c in self._costs[:4])
        size = traded.abs()
        happens: Tensor = FixedCost.apply(traded, self._terms.fixed_cost_width)  # type: ignore[no-untyped-call]
        return fixed * happens + size * (unit + size * linear) + root * size**1.5

    def _half_spreads(self) -> Tensor:
        """Cost of trading one of each option, shape (n_slots, n) [S_0]."""
        p, quotes = self._terms.options, self._quotes[:, :, self._now]
        return p.spread_vega * quotes[:, VEGA] + p.spread_value * quotes[:, PRICE]

    def _buy_option(self, target: Tensor) -> Tensor:
        """Hold so much of the option listed now; what that costs."""
        slot, limit = self.listed, self._terms.options.limit
        goal = target.clamp(-limit, limit)
        bought = goal - self.units[slot]
        parts = [self.units[:slot], goal[None], self.units[slot + 1 :]]
        self.units = torch.cat(parts)
        return bought.abs() * self._half_spreads()[slot]

    def _carry_options(self) -> Tensor:
        """What options gain until the next decision; those that end there are gone."""
        series, now = self._terms.options.series, self._now
        price = self._quotes[:, PRICE]
        gain = (self.units * (price[:, now + 1] - price[:, now])).sum(dim=0)
        slots = range(self.units.shape[0])
        lives = [int(age_of(now + 1, slot, series)) != series.life for slot in slots]
        self.units = self.units * torch.tensor(lives, dtype=torch.float64)[:, None]
        return gain

    def _sell_options(self) -> Tensor:
        """What the end takes of options that live on, shape (n,) [notional]."""
        spent = (self.units.abs() * self._half_spreads()).sum(dim=0)
        return self._terms.options.charge_liquidation * spent


def read_rows(walk: Walk) -> FloatArray:
    """Rows of each decision, contiguous, shape (decisions + 1, rows, n)."""
    n = walk.weight.size
    rows = walk.rows.reshape(walk.rows.shape[0], -1, n)
    return np.ascontiguousarray(rows.transpose(1, 0, 2))
