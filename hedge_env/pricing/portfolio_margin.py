r"""Portfolio margin: the worst weighted loss over moves of spot and volatility.

In scenario :math:`s` spot moves by the share :math:`m_s` and every implied volatility
by :math:`v_s g(\tau)`, with :math:`\tau` days left,

.. math:: S_s = S (1 + m_s), \quad \sigma_s = \sigma (1 + v_s \, g(\tau)), \quad
          g(\tau) = \Bigl( \frac{30}{\max(1, \tau)} \Bigr)^p, \quad
          p = .30 \text{ if } \tau < 30 \text{ else } .13 .

With :math:`\Pi_s` the portfolio's profit in the scenario and :math:`w_s` its weight,
the account must hold, to open a position,

.. math:: R = \max \Bigl( \max_s - w_s \Pi_s, \;
          S \, (2\,\% \, |\Delta| + 1\,\% \, H) \Bigr), \quad
          H = \tfrac12 \Bigl( \sum_i |\Delta_i| - |\Delta| \Bigr),

and half of it to keep one. :math:`\Delta_i` are the deltas of the positions,
:math:`\Delta` is their sum, H the delta that one position takes off another. Sixteen
moves of up to 16 % count as they are, eight extreme ones with a weight that falls with
their size (16 % over the move). R is homogeneous of degree one in the portfolio and
convex in the holdings of each instrument.

Source: Paradex, "Portfolio Margin" (docs.paradex.trade/risk/portfolio-margin), which
publishes all of the matrix; provisions for fees and funding are left out. Deribit's has
the same moves of spot, in nine buckets and eight extremes, with a dampener that it does
not publish (support article 25944756247837).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.numerics.special import exp, log
from hedge_env.pricing.black_scholes import call_delta, call_value, d1_of


class Scenario(NamedTuple):
    """One cell of the matrix."""

    spot: float  # move of spot over spot [-]
    volatility: float  # move of implied volatility over itself, with 30 days left [-]
    weight: float  # of its loss [-]


_UP, _DOWN = 0.40, -0.22
_BOTH_WAYS: Final = (0.12, 0.08, 0.04, 0.0, -0.04, -0.08, -0.12)
_EXTREMES: Final = (
    (-0.66, 0.24),
    (-0.33, 0.48),
    (0.5, 0.32),
    (1.0, 0.16),
    (2.0, 0.08),
    (3.0, 0.0533),
    (4.0, 0.04),
    (5.0, 0.032),
)
SCENARIOS: Final = (
    Scenario(spot=0.16, volatility=_UP, weight=1.0),
    *(
        Scenario(spot=move, volatility=turn, weight=1.0)
        for move in _BOTH_WAYS
        for turn in (_UP, _DOWN)
    ),
    Scenario(spot=-0.16, volatility=_UP, weight=1.0),
    *(Scenario(spot=move, volatility=_UP, weight=w) for move, w in _EXTREMES),
)
N_SCENARIOS: Final = len(SCENARIOS)

NET_DELTA_RATE: Final = 0.02  # of the value of the delta that is left
HEDGED_DELTA_RATE: Final = 0.01  # of that which positions take off each other
MAINTENANCE: Final = 0.5  # of what is needed to open

_REFERENCE_DAYS, _LEAST_DAYS = 30.0, 1.0
_SHORT_POWER, _LONG_POWER = 0.30, 0.13


class MarginedOption(NamedTuple):
    """A European option of a portfolio."""

    kind: Literal["call", "put"]
    quantity: float  # units; negative is short
    strike: float  # in the currency of spot
    volatility: float  # implied [1/sqrt(year)]
    days: float  # to its payoff


class Requirement(NamedTuple):
    """What an account must hold, in the currency of spot."""

    initial: float  # to open
    maintenance: float  # to keep
    scan: float  # largest weighted loss over the scenarios; 0 if none loses
    floor: float  # of the deltas alone
    worst: int  # the scenario of the largest weighted loss, from 0


@scalar_kernel
def volatility_scale(days: float) -> float:
    """g, what moves of volatility are multiplied by, at `days` left, at least 0."""
    left = days if days > _LEAST_DAYS else _LEAST_DAYS
    power = _SHORT_POWER if days < _REFERENCE_DAYS else _LONG_POWER
    return exp(power * log(_REFERENCE_DAYS / left))


@scalar_kernel
def shocked_sd(sd: float, move: float, scale: float) -> float:
    """Implied volatility times root of time left, after the volatility has moved."""
    return sd * (1.0 + move * scale)


@scalar_kernel
def delta_floor(net: float, gross: float, spot: float) -> float:
    """Least requirement by deltas alone.

    Args:
        net: Delta of the portfolio.
        gross: Sum of the sizes of its positions' deltas, at least |net|.
        spot: Price of the underlying.
    """
    size = abs(net)
    return spot * (NET_DELTA_RATE * size + HEDGED_DELTA_RATE * 0.5 * (gross - size))


@kernel
def fill_profits(
    spot: float, options: FloatArray, cells: FloatArray, profit: FloatArray
) -> None:
    """Write the profit of each option in each scenario.

    Args:
        spot: Price of the underlying.
        options: A column each, shape (6, n): put (1 or 0), quantity, strike, implied
            volatility times root of time left, days left, and its delta, written.
        cells: Moves of spot and of volatility, shape (2, n_scenarios).
        profit: Shape (n_scenarios, n), written.
    """
    for k in range(options.shape[1]):
        put, quantity, strike = options[0, k], options[1, k], options[2, k]
        sd, scale = options[3, k], volatility_scale(options[4, k])
        moneyness = log(spot / strike)
        d1 = d1_of(moneyness, sd)
        value = call_value(spot, strike, d1, sd) - put * (spot - strike)
        options[5, k] = quantity * (call_delta(d1) - put)
        for s in range(cells.shape[1]):
            there = spot * (1.0 + cells[0, s])
            shocked = shocked_sd(sd, cells[1, s], scale)
            d1 = d1_of(moneyness + log(1.0 + cells[0, s]), shocked)
            worth = call_value(there, strike, d1, shocked) - put * (there - strike)
            profit[s, k] = quantity * (worth - value)


def scenario_profits(
    options: Sequence[MarginedOption],
    spot: float,
    *,
    underlying: float = 0.0,
    days_per_year: float = 365.0,
) -> FloatArray:
    """Profit of a portfolio in every scenario, in their order.

    Args:
        options: Positions, at least none.
        spot: Price of the underlying, positive.
        underlying: Units of it, or of a perpetual on it; negative is short.
        days_per_year: Of the implied volatilities.

    Returns:
        Shape (24,), in the currency of spot, before weights.
    """
    profit, _ = revalue(options, spot, days_per_year)
    moves = np.array([scenario.spot for scenario in SCENARIOS])
    found: FloatArray = profit.sum(axis=1) + underlying * spot * moves
    return found


def portfolio_margin(
    options: Sequence[MarginedOption],
    spot: float,
    *,
    underlying: float = 0.0,
    days_per_year: float = 365.0,
) -> Requirement:
    """What a portfolio of options and their hedge must hold; arguments as above."""
    profit, deltas = revalue(options, spot, days_per_year)
    weights = np.array([scenario.weight for scenario in SCENARIOS])
    moves = np.array([scenario.spot for scenario in SCENARIOS])
    losses = -weights * (profit.sum(axis=1) + underlying * spot * moves)
    scan, worst = max(0.0, float(losses.max())), int(losses.argmax())
    gross = float(np.abs(deltas).sum()) + abs(underlying)
    floor = float(delta_floor(float(deltas.sum()) + underlying, gross, spot))
    initial = max(scan, floor)
    return Requirement(
        initial=initial,
        maintenance=MAINTENANCE * initial,
        scan=scan,
        floor=floor,
        worst=worst,
    )


def revalue(
    options: Sequence[MarginedOption], spot: float, days_per_year: float
) -> tuple[FloatArray, FloatArray]:
    """Profit of each of n options in each scenario, and its delta.

    Returns:
        Shape (24, n) in the currency of spot, and (n,) [unit of the underlying].
    """
    table = np.zeros((6, len(options)))
    for k, option in enumerate(options):
        left = max(option.days, 0.0)
        sd = option.volatility * (left / days_per_year) ** 0.5
        put = 1.0 if option.kind == "put" else 0.0
        table[:5, k] = put, option.quantity, option.strike, sd, left
    cells = np.array([[s.spot, s.volatility] for s in SCENARIOS]).T.copy()
    profit: FloatArray = np.zeros((N_SCENARIOS, len(options)))
    fill_profits(float(spot), table, cells, profit)
    deltas: FloatArray = table[5]
    return profit, deltas
