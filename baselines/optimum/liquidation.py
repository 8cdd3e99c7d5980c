r"""The best way out of a perpetual: its own impact, funding and risk, in closed form.

A position q of a perpetual is to be sold by the time T. An order at the rate
:math:`\nu = \dot q` moves the price P of the perpetual, and not the index S, by
:math:`b \nu` for good, costs :math:`k \nu^2` besides, and funding takes
:math:`\beta (P - S) q`. What is least is

.. math:: E \Big[ \int_0^T k \nu^2 - b \nu q + \beta q (P - S) + \phi q^2 \; dt
          + \alpha q_T^2 \Big],

the second term being what q loses by the move. With :math:`y = P - S` the best rate is

.. math::
    \nu = \frac{(\xi + \pi) q + (\xi - \pi) y / b}{4 k}, \quad
    \xi = - a \frac{\sinh + s \cosh}{\cosh + s \sinh}, \quad
    \pi = \frac{b - 2 \alpha - \frac{2 \phi}{\omega} (\sinh + s (\cosh - 1))}
               {\cosh + s \sinh}

of :math:`\omega (T - t)`, with :math:`a = 2 \sqrt{k (b \beta + \phi)}`,
:math:`\omega = a / 2k` and :math:`s = (2 \alpha - b) / a`. In :math:`u = q + y/b`,
which orders move, and :math:`z = q - y/b`, which they do not, the cost-to-go is
quadratic, and :math:`\xi, \pi` solve

.. math:: \dot \xi = 2 (b \beta + \phi) - \frac{\xi^2}{2 k}, \quad
          \dot \pi = 2 \phi - \frac{\xi \pi}{2 k}, \quad
          \xi(T) = \pi(T) = b - 2 \alpha.

Orders that come at decisions, one every :math:`\Delta`, make the same problem in
steps: an order :math:`\delta` costs :math:`c \delta^2`, :math:`c = k / \Delta`, and
what is left after the last is sold for :math:`c q^2`. Its cost-to-go is quadratic too,
and a recursion gives the best orders exactly. Of prices that are logarithms here it is
the limit of small moves.

Source: Donnelly, Lin and Lorig (2026), "Optimal liquidation of perpetual contracts",
arXiv 2601.10812, Theorem 2. The form in steps is derived here.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import cosh, sinh, sqrt
from typing import ClassVar, NamedTuple

import numpy as np

from hedge_env.base.errors import HedgeError
from hedge_env.base.types import FloatArray
from hedge_env.baselines.capabilities import LIQUIDATION, unknown_keys
from hedge_env.config import ConstantVolatility, EnvConfig
from hedge_env.numerics.special import exp
from hedge_env.policies.policy import PolicyKind

_LASTING_HOURS = 1e5  # half-life of a basis that lasts as long as any episode


class Liquidation(NamedTuple):
    """Constants of the problem, all in one unit of time and one of the position."""

    impact: float  # k: cost of an order by its squared rate
    permanent: float  # b: move of the price by an order of one
    funding: float  # beta: of the difference to the index, per time
    risk: float  # phi: weight of the squared position, per time
    closing: float  # alpha: cost of what is left, squared
    horizon: float  # T


def best_rate(p: Liquidation, left: float) -> tuple[float, float]:
    """What the best rate takes of the position and of P - S; see the module.

    Args:
        p: Constants; impact and permanent positive.
        left: Time to the end, T - t.

    Returns:
        Coefficients of q and of y.
    """
    speed = p.permanent * p.funding + p.risk
    a = 2.0 * sqrt(p.impact * speed)
    if a == 0.0:  # no hurry: the limit
        line = 1.0 / (2.0 * p.impact / (2.0 * p.closing - p.permanent) + left)
        return -line, 0.0
    omega, s = a / (2.0 * p.impact), (2.0 * p.closing - p.permanent) / a
    high, low = cosh(omega * left), sinh(omega * left)
    psi = high + s * low
    xi = -a * (low + s * high) / psi
    pi = -s * a - 2.0 * p.risk / omega * (low + s * (high - 1.0))
    pi /= psi
    own = (xi + pi) / (4.0 * p.impact)
    return own, (xi - pi) / (4.0 * p.impact * p.permanent)


class Orders(NamedTuple):
    """The best orders of the problem in steps.

    Attributes:
        gains: What the order of a decision takes of q and y, shape (decisions, 2).
        value: Cost-to-go from the start, as a form in q and y, shape (2, 2).
    """

    gains: FloatArray
    value: FloatArray


def best_orders(p: Liquidation, decisions: int) -> Orders:
    """Solve the problem with orders at decisions, the first at once.

    Args:
        p: Constants; `closing` is not read: what is left costs as any order.
        decisions: Their number, at least 1.

    Raises:
        HedgeError: If impact is so small that orders pay for themselves.
    """
    step = p.horizon / decisions
    cost, moved = p.impact / step, np.array([1.0, p.permanent])
    paid = np.array([[p.risk * step, 0.5 * p.funding * step], [0.0, 0.0]])
    paid[1, 0] = paid[0, 1]
    value, gains = np.array([[cost, 0.0], [0.0, 0.0]]), np.empty((decisions, 2))
    # An order d costs c d^2 - b (q + d) d, and leaves (q, y) + d (1, b).
    for number in reversed(range(decisions)):
        after = value + paid
        curve = cost - p.permanent + moved @ after @ moved
        if curve <= 0.0:
            raise HedgeError(
                "orders that move the price further than they cost have no optimum: "
                "lower execution.permanent_impact, or execution.depth"
            )
        slope = after @ moved - np.array([0.5 * p.permanent, 0.0])
        gains[number] = -slope / curve
        value = after - np.outer(slope, slope) / curve
    return Orders(gains, value)


def why_no_liquidation(config: EnvConfig) -> str | None:
    """What keeps a problem from being the one of the module, or None."""
    market, execution = config.market, config.execution
    basis, funding = market.basis, market.funding
    if config.holdings.start == 0.0:
        return "nothing is held at the start"
    reasons = {
        "its book is not empty": any(leg.quantity != 0.0 for leg in config.book.legs)
        or config.book.arrivals is not None,
        "its days are recorded": config.replay is not None,
        "its volatility is not constant": not isinstance(
            market.volatility, ConstantVolatility
        ),
        "orders do not move the perpetual alone": execution.impact_on != "perpetual",
        "its orders cost nothing in proportion to their squares": (
            execution.depth is None
        ),
        "its basis moves by itself, or comes back": basis is None
        or basis.sd_bp > 0.0
        or basis.mean_bp != 0.0
        or basis.half_life_hours < _LASTING_HOURS,
        "funding is not in proportion to the basis": funding is None
        or funding.premium != "basis"
        or funding.rule != "derive"
        or funding.interest_bp != 0.0
        or funding.cap_bp is not None,
    }
    found = next((reason for reason, holds in reasons.items() if holds), None)
    unknown = unknown_keys(config, LIQUIDATION)
    return found or (f"it uses {unknown[0]}" if unknown else None)


def liquidation_of(config: EnvConfig, risk_aversion: float) -> Liquidation:
    """The constants of a config, in decisions, fractions of notional and units.

    Args:
        config: See `why_no_liquidation`.
        risk_aversion: lambda [1/notional].

    Raises:
        HedgeError: If it is another problem.
    """
    reason = why_no_liquidation(config)
    execution, funding = config.execution, config.market.funding
    if reason is not None or execution.depth is None or funding is None:
        raise HedgeError(
            f"{config.name} has no optimum of a liquidation: {reason}; preset "
            "perp-liquidation has one"
        )
    notional = config.market.spot * config.book.contracts
    variance = config.market.volatility.level**2 * config.episode.years_per_decision
    period = funding.period_hours or funding.settlement_hours
    hours = config.episode.decision_interval_hours
    return Liquidation(
        impact=notional / execution.depth,
        permanent=execution.permanent_impact * notional / execution.daily_volume,
        funding=hours / period,
        risk=risk_aversion * float(exp(variance) - 1.0),
        closing=notional / execution.depth,
        horizon=float(config.episode.decisions),
    )


class LiquidationPolicy:
    """The best orders, by what is held, the basis and the decision.

    Args:
        orders: From `best_orders`.
    """

    name: ClassVar[str] = "optimal-liquidation"
    kind: ClassVar[PolicyKind] = "optimal"
    inputs: ClassVar[tuple[str, ...]] = ("holdings", "basis", "step")

    def __init__(self, orders: Orders) -> None:
        self.orders = orders

    def reset(self, n_paths: int) -> None:
        """Nothing is remembered."""

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """What is held and the best order, shape (n, 1) [-]."""
        gains = self.orders.gains[observables["step"].astype(np.int64)]
        held = observables["holdings"]
        order = gains[:, 0] * held + gains[:, 1] * observables["basis"]
        return (held + order)[:, None]


def liquidation_policy(config: EnvConfig, risk_aversion: float) -> LiquidationPolicy:
    """Solve the liquidation of a config.

    Args:
        config: See `why_no_liquidation`.
        risk_aversion: lambda [1/notional].
    """
    p = liquidation_of(config, risk_aversion)
    return LiquidationPolicy(best_orders(p, config.episode.decisions))
