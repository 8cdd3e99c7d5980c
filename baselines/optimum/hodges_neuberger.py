r"""The best hedge under exponential utility, by dynamic programming.

With absolute risk aversion g the hedger minimises the certainty equivalent

.. math:: \frac{1}{g} \ln E[\exp(g \cdot \text{loss after cost})],

whose exponential :math:`U_k(s, h)` for what is lost from decision k on obeys

.. math::
    K_k(s, h) &= E[e^{-g (h \Delta S + \Delta B)} U_{k+1}(s', h)] \\
    U_k(s, h) &= \min \{ K_k(s, h), \;
        e^{g F} \min_{h'} K_k(s, h') e^{g c e^s |h' - h|} \}

with :math:`U_N` the exponential of g times the cost of liquidation. Cash drops out,
and so does the way the book B is marked before expiry. The analytic bands of
`whalley_wilmott`, `zakamouline` and `no_trade_band` approximate this policy.

Source:
    Hodges and Neuberger (1989), Davis, Panas and Zariphopoulou (1993), as given in
    reviews; the recursion is the definition written out.
"""

from __future__ import annotations

import math
from typing import ClassVar, NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.baselines.optimum.dynamic_programming import Optimum, mix_gas
from hedge_env.baselines.optimum.grid import make_grid
from hedge_env.baselines.optimum.optimal import OptimalPolicy
from hedge_env.baselines.optimum.trade_regions import HOLD, Indices, RegionWriter
from hedge_env.config import EnvConfig
from hedge_env.numerics.special import exp

_TREE_WIDTH = 6.0  # half-width of a binomial tree, standard deviations at maturity


class HodgesNeubergerPolicy(OptimalPolicy):
    """The best policy under exponential utility with g = 2 lambda.

    For small amounts the certainty equivalent is the mean loss plus g / 2 times its
    variance, which is the objective. Losses being what they are, it fears large ones
    more.
    """

    name: ClassVar[str] = "hodges-neuberger"


def hodges_neuberger_policy(
    config: EnvConfig, risk_aversion: float
) -> HodgesNeubergerPolicy:
    """Solve a problem for exponential utility; its value is the certainty equivalent.

    Args:
        config: See `dynamic_programming.solve`.
        risk_aversion: lambda, half the risk aversion of the utility [1/notional].

    Raises:
        HedgeError: If the problem has no exact optimum here.
    """
    return HodgesNeubergerPolicy(solve_exponential(config, 2.0 * risk_aversion))


def solve_exponential(
    config: EnvConfig, aversion: float, *, n_holdings: int = 401
) -> Optimum:
    """Solve a problem for exponential utility.

    Args:
        config: See `dynamic_programming.solve`.
        aversion: g, positive [1/notional].
        n_holdings: Points of the grid of holdings, at least 3.

    Returns:
        The optimal policy and the certainty equivalent of its loss.

    Raises:
        HedgeError: If the problem has no exact optimum here.
    """
    grid = make_grid(config, n_holdings, None)
    decisions, execution = config.episode.decisions, config.execution
    charged = 1.0 if execution.charge_liquidation else 0.0
    value = np.exp(aversion * charged * grid.liquidation())
    targets = np.empty(value.shape, dtype=np.uint16)
    writer = RegionWriter((decisions, *value.shape[:2]))
    for step in reversed(range(decisions)):
        charged = 1.0 if step > 0 or execution.charge_opening else 0.0
        value = step_back(
            mix_gas(value, grid.transition),
            grid.spot[step],
            grid.book[step + 1][None, :] - grid.book[step][:, None],
            grid.unit_cost[step] * charged,
            grid.fixed[step] * charged,
            grid.holdings,
            grid.weights,
            aversion,
            targets,
        )
        writer.add(targets)
    start = float(value[grid.start, :, grid.nothing] @ grid.stationary)
    return Optimum(
        math.log(start) / aversion,
        grid.log_moneyness,
        grid.holdings,
        grid.log_gas[:-1],
        writer.regions(),
    )


@kernel
def step_back(
    next_value: FloatArray,
    spot: FloatArray,
    change: FloatArray,
    unit_cost: FloatArray,
    fixed: FloatArray,
    holdings: FloatArray,
    weights: FloatArray,
    aversion: float,
    target: Indices,
) -> FloatArray:
    """U at one decision from that at the next; writes the best targets.

    Args:
        next_value: U at the next decision, shape (n_spots, n_gas, n_holdings).
        spot: Grid of spot, shape (n_spots,).
        change: Of the book, from row to column, shape (n_spots, n_spots).
        unit_cost: Proportional cost of a unit of holdings, shape (n_spots,).
        fixed: Fixed cost of a trade, shape (n_gas, n_spots).
        holdings: Uniform grid of holdings, shape (n_holdings,) [-].
        weights: Of the moves -m..m on the grid of log spot, shape (2 m + 1,).
        aversion: g.
        target: Shape of `next_value`, written.

    Returns:
        Shape of `next_value`.
    """
    n_spots, n_gas, n = next_value.shape
    reach, width = weights.shape[0] // 2, holdings[1] - holdings[0]
    value = np.zeros(next_value.shape)
    loss = np.empty(n)
    for i in range(n_spots):
        for k in range(weights.shape[0]):
            if weights[k] == 0.0:
                continue
            j = min(max(i + k - reach, 0), n_spots - 1)
            move = spot[j] - spot[i]
            factor = weights[k] * exp(-aversion * (holdings[0] * move + change[i, j]))
            ratio = exp(-aversion * width * move)
            for h in range(n):
                loss[h] = factor
                factor *= ratio
            for g in range(n_gas):
                keep, ahead = value[i, g], next_value[j, g]
                for h in range(n):
                    keep[h] += loss[h] * ahead[h]
        for g in range(n_gas):
            growth = exp(aversion * unit_cost[i] * abs(width))
            toll = exp(aversion * fixed[g, i])
            _best_trades(value[i, g], growth, toll, target[i, g])
    return value


@kernel
def _best_trades(
    value: FloatArray, growth: float, toll: float, target: Indices
) -> None:
    """Replace K of each holding by that of the best trade from it, where better.

    Args:
        value: K, shape (n_holdings,); becomes U.
        growth: exp(g times the proportional cost of one step of the grid).
        toll: exp(g times the fixed cost).
        target: Shape (n_holdings,), written.
    """
    n = value.shape[0]
    keep = value.copy()
    best, least = 0, keep[0]
    for h in range(n):  # best holding to sell down to
        least = least * growth if h > 0 else least
        if keep[h] < least:
            best, least = h, keep[h]
        value[h] = least * toll
        target[h] = best
    best, least = n - 1, keep[n - 1]
    for h in range(n - 1, -1, -1):  # best holding to buy up to
        least = least * growth if h < n - 1 else least
        if keep[h] < least:
            best, least = h, keep[h]
        if least * toll < value[h]:
            value[h] = least * toll
            target[h] = best
        if keep[h] <= value[h]:
            value[h] = keep[h]
            target[h] = HOLD


class NoTradeBand(NamedTuple):
    """Holdings between `low` and `high` stay; outside, trade to the nearer target."""

    low: float
    high: float
    low_target: float  # from below [-]
    high_target: float  # from above [-]


def hodges_neuberger_band(
    *,
    years: float,
    volatility: float,
    proportional_cost: float,
    fixed_cost: float,
    aversion: float,
    is_short: bool,
    spot: float = 100.0,
    strike: float = 100.0,
    n_steps: int = 1200,
    n_holdings: int = 701,
) -> NoTradeBand:
    """Band at half the life of one call at the initial spot, in a binomial tree.

    Zero interest and drift.

    Args:
        years: Life of the call [year].
        volatility: Of spot [1/sqrt(year)].
        proportional_cost: One way, share of traded value [-].
        fixed_cost: Per transaction [quote].
        aversion: g, absolute risk aversion [1/quote].
        is_short: Whether the call was sold; a long one is hedged with a short
            position, given here by its size.
        spot: [quote]
        strike: [quote]
        n_steps: Of the tree, an even number.
        n_holdings: Points of the grid of holdings from -0.2 to 1.2.
    """
    step_sd = volatility * math.sqrt(years / n_steps)
    half = min(n_steps, math.ceil(_TREE_WIDTH * math.sqrt(n_steps)))
    spots = spot * np.exp(step_sd * np.arange(-half, half + 1))
    up = 1.0 / (1.0 + math.exp(step_sd))
    weights = np.array([1.0 - up, 0.0, up])
    side = 1.0 if is_short else -1.0
    holdings = side * np.linspace(-0.2, 1.2, n_holdings)
    holdings[np.abs(holdings) < 1e-12] = 0.0
    liquidation = np.abs(holdings) * proportional_cost * spots[:, None]
    liquidation += np.where(holdings != 0.0, fixed_cost, 0.0)
    payoff = side * np.maximum(spots - strike, 0.0)
    value = np.exp(aversion * liquidation)[:, None, :]
    target = np.empty(value.shape, dtype=np.uint16)
    fixed = np.full((1, spots.size), fixed_cost)
    # The book is marked at its payoff: how it is marked before expiry drops out.
    change = payoff[:, None] - payoff[None, :]
    for _ in range(n_steps // 2):
        value = step_back(
            value,
            spots,
            change,
            np.abs(proportional_cost * spots),
            fixed,
            np.ascontiguousarray(holdings),
            weights,
            aversion,
            target,
        )
    return _band(target[half, 0], side * holdings)


def _band(targets: Indices, holdings: FloatArray) -> NoTradeBand:
    kept = np.flatnonzero(targets == HOLD)
    first, last = kept[0], kept[-1]
    below = targets[first - 1] if first > 0 else first
    above = targets[last + 1] if last + 1 < targets.size else last
    low, high, low_target, high_target = holdings[[first, last, below, above]]
    return NoTradeBand(float(low), float(high), float(low_target), float(high_target))
