r"""Calls that are sold anew whenever one has ended, as covered-call vaults do.

At the start, and whenever a call ends, whoever is long buys one (whoever is short sells
it) that ends :math:`T` later, at the strike where its delta is the one wanted,

.. math:: K = S \exp\left( \tfrac12 \sigma^2 T - \sigma \sqrt T \, N^{-1}(\delta)
              \right),

for its value less a discount, which an auction does not bring. Payoffs and premiums
are cash of the book and stay in its value. The discount of the first call is paid by
the first decision after the start, so that it is a loss of the episode and no part of
what it begins with. After the last decision none is sold any more. Calls are valued at
one volatility, the implied one at the money, T after the end of the episode, as the
contracts of :mod:`hedge_env.book.endless.perpetual_options` are.

Source of strike by delta: :math:`\Delta = N(d_1)` of
:mod:`hedge_env.pricing.black_scholes`, solved for the strike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.book.european import grid_step
from hedge_env.book.liability import Kind, Paths, rows_each
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.config.sections.liabilities import RolledCallConfig
from hedge_env.market.engine.processes import MarketParams
from hedge_env.numerics.special import exp, log, normal_cdf
from hedge_env.pricing.black_scholes import (
    call_delta,
    call_value,
    d1_of,
    gamma_of,
    vega_of,
)

_STRIKE, _CASH, _OWED = range(3)
N_REMEMBERED: Final = 3  # rows of a position, as numbered above
_FARTHEST = 8.0  # standard deviations: beyond any delta that a config may name


class RolledCallParams(NamedTuple):
    """Constants of the positions, arrays over them."""

    quantity: FloatArray  # [-]; negative is short
    quantile: FloatArray  # standard normal one of the delta [-]
    discount: FloatArray  # of the value of a call that is sold [-]
    every: FloatArray  # decisions that a call lives
    interval: float  # between decisions [year]
    decisions: int


def rolled_call_params(
    positions: Sequence[RolledCallConfig], config: EnvConfig, market: MarketParams
) -> RolledCallParams:
    """Compile rolled calls; the market does not matter to the constants."""
    days = config.episode.decision_interval_hours / HOURS_PER_DAY
    return RolledCallParams(
        quantity=np.array([float(one.quantity) for one in positions]),
        quantile=np.array([normal_quantile(float(one.delta)) for one in positions]),
        discount=np.array([float(one.discount) for one in positions]),
        every=np.array([grid_step(one.roll_days / days) for one in positions]),
        interval=config.episode.years_per_decision,
        decisions=config.episode.decisions,
    )


@kernel
def normal_quantile(probability: float) -> float:
    """Standard normal quantile by bisection, the same bits everywhere.

    Args:
        probability: In (0, 1).
    """
    low, high = -_FARTHEST, _FARTHEST
    for _ in range(60):
        middle = 0.5 * (low + high)
        if normal_cdf(middle) < probability:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@scalar_kernel
def strike_of(spot: float, total_sd: float, quantile: float) -> float:
    """Strike at which a call has the delta of a quantile; see the module."""
    return spot * exp(0.5 * total_sd * total_sd - total_sd * quantile)


@scalar_kernel
def _value(spot: float, strike: float, total_sd: float) -> float:
    return call_value(spot, strike, d1_of(log(spot / strike), total_sd), total_sd)


@kernel
def add_rolled_calls(
    rows: FloatArray,
    state: FloatArray,
    memory: FloatArray,
    paths: Paths,
    p: RolledCallParams,
    market: MarketParams,
) -> None:
    """Add value and Greeks of rolled calls; see `liability.Kind`.

    Args:
        rows: Spot and implied volatility are read; the book is added to.
        state: Of the market.
        memory: For each position strike of the call that runs [S_0], cash of one unit
            that is long, and what of its first discount is still to come [notional],
            shape (3 n_positions, n).
        paths: Where the paths are.
        p: The positions.
        market: Their market.
    """
    for k in range(p.quantity.shape[0]):
        kept = memory[N_REMEMBERED * k : N_REMEMBERED * (k + 1)]
        for i in range(rows.shape[1]):
            step = int(paths.steps[i])
            if step == 0:
                _roll(rows, kept, step, i, k, p)
            elif paths.arrived[i]:
                kept[_CASH, i] += kept[_OWED, i]
                kept[_OWED, i] = 0.0
                if step % int(p.every[k]) == 0:
                    gain = rows[field.SPOT, i] - kept[_STRIKE, i]
                    kept[_CASH, i] += gain if gain > 0.0 else 0.0
                    _roll(rows, kept, step, i, k, p)
            _add(rows, kept, step, i, k, p)


@scalar_kernel
def _roll(
    rows: FloatArray,
    kept: FloatArray,
    step: int,
    i: int,
    k: int,
    p: RolledCallParams,
) -> None:
    """Start the next call of one path; after the last decision there is none."""
    if step == p.decisions:
        kept[_STRIKE, i] = 0.0
        return
    spot, years = rows[field.SPOT, i], p.every[k] * p.interval
    sd = rows[field.IMPLIED_VOLATILITY, i] * float(np.sqrt(years))
    strike = strike_of(spot, sd, p.quantile[k])
    value = _value(spot, strike, sd)
    kept[_STRIKE, i] = strike
    if step == 0:
        kept[_CASH, i] = -value
        kept[_OWED, i] = p.discount[k] * value
    else:
        kept[_CASH, i] -= (1.0 - p.discount[k]) * value


@scalar_kernel
def _add(
    rows: FloatArray,
    kept: FloatArray,
    step: int,
    i: int,
    k: int,
    p: RolledCallParams,
) -> None:
    """Add one position on one path to the book."""
    quantity, strike = p.quantity[k], kept[_STRIKE, i]
    rows[field.BOOK_VALUE, i] += quantity * kept[_CASH, i]
    if strike == 0.0:
        return
    spot, every = rows[field.SPOT, i], int(p.every[k])
    years = (every - step % every) * p.interval
    sd = rows[field.IMPLIED_VOLATILITY, i] * float(np.sqrt(years))
    d1 = d1_of(log(spot / strike), sd)
    rows[field.BOOK_VALUE, i] += quantity * call_value(spot, strike, d1, sd)
    rows[field.DELTA, i] -= quantity * call_delta(d1)
    rows[field.GAMMA, i] -= quantity * gamma_of(spot, d1, sd)
    rows[field.VEGA, i] += quantity * vega_of(spot, d1, years)


ROLLED_CALL = Kind(rolled_call_params, rows_each(N_REMEMBERED), add_rolled_calls)
