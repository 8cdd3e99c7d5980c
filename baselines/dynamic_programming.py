r"""The exact optimum of a hedging problem, by dynamic programming.

Where spot is a geometric Brownian motion and costs are proportional plus fixed, the
objective :math:`J = E[\text{cost}] + \lambda E[\sum x_k^2]` is minimised over all
policies by the value function of (time, log spot, holdings),

.. math::
    V_k(s, h) &= \min_{h'} \{ F 1_{h' \ne h} + c e^s |h' - h| + C_k(s, h') \} \\
    C_k(s, h) &= E[\lambda (h \Delta S + \Delta B)^2 + V_{k+1}(s', h)]

with :math:`V_N(s, h)` the cost of liquidating h, and B the value of the book.

The grid of log spot is uniform with at least three points to the standard deviation
of a step, and expectations are sums over it: the trapezoidal rule is then exact to
double precision for a Gaussian, so nothing is interpolated. What remains is the grid
of holdings, an error of second order in its spacing, and the end of the grid of
spot, seven standard deviations out.

The minimum over h' takes two sweeps, because the cost of a trade is linear in its
size on either side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from hedge_env import fields as field
from hedge_env._types import FloatArray, IntArray
from hedge_env.config import ConstantVolatility, EnvConfig, FlatSurface
from hedge_env.errors import HedgeError
from hedge_env.kernel import kernel
from hedge_env.market import state as state_row
from hedge_env.market.state import N_STATES
from hedge_env.numerics.philox import stream_key
from hedge_env.quotes import write_quotes
from hedge_env.simulated import quote_params

_WIDTH = 7.0  # half-width of the grid of log spot, standard deviations at maturity
_KERNEL_WIDTH = 8.0  # of the Gaussian weights, standard deviations of a step
_POINTS_PER_SD = 3.0  # least resolution of a step
_HOLD = np.uint16(65535)

TargetIndices = NDArray[np.uint16]


@dataclass(frozen=True)
class Optimum:
    """The best policy of one problem and its value.

    Attributes:
        value: J at the start, without holdings [notional].
        log_moneyness: Grid of log spot over the mean strike, shape (n_spots,).
        holdings: Grid of holdings, shape (n_holdings,) [-].
        targets: Index into `holdings` of the best target, or 65535 for no trade;
            shape (decisions, n_spots, n_holdings).
    """

    value: float
    log_moneyness: FloatArray
    holdings: FloatArray
    targets: TargetIndices


def why_unsolvable(config: EnvConfig) -> str | None:
    """What keeps a problem from having an exact optimum here, or None."""
    market, execution = config.market, config.execution
    reasons = {
        "its days are recorded": config.replay is not None,
        "its volatility is not constant": not isinstance(
            market.volatility, ConstantVolatility
        ),
        "its spot jumps": market.jumps is not None,
        "its surface is not flat": not isinstance(market.surface, FlatSurface),
        "its gas price is random": market.gas is not None,
        "it pays funding": market.funding is not None
        and execution.instrument == "perp",
        "its costs are not fixed plus proportional": execution.depth is not None
        or execution.square_root_impact > 0.0,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def require_solvable(config: EnvConfig) -> None:
    """Refuse a problem that has no exact optimum here.

    Raises:
        HedgeError: With the reason.
    """
    reason = why_unsolvable(config)
    if reason is not None:
        raise HedgeError(
            f"{config.name} has no exact optimum: {reason}; preset reference has one"
        )


def solve(
    config: EnvConfig,
    risk_aversion: float,
    *,
    n_holdings: int = 401,
    n_spots: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Optimum:
    """Solve a problem backwards from expiry.

    Args:
        config: Constant volatility, no jumps, flat surface, fixed and proportional
            costs.
        risk_aversion: lambda, positive [1/notional].
        n_holdings: Points of the grid of holdings, at least 3; an odd number has the
            middle, and for a symmetric range zero, among them.
        n_spots: Points of the grid of log spot, at least 3 to a step's standard
            deviation, which is also what None means.
        progress: Called with decisions solved and their number.

    Returns:
        The optimal policy and its value.

    Raises:
        HedgeError: If the problem has no exact optimum here.
    """
    require_solvable(config)
    decisions = config.episode.decisions
    dt = config.episode.years_per_decision
    level = config.market.volatility.level
    log_spots, weights = _spot_grid(config, level * sqrt(dt), dt, n_spots)
    low, high = config.holdings_bounds
    holdings = np.linspace(low, high, n_holdings)
    holdings[np.abs(holdings) < 1e-12] = 0.0  # no holdings, no liquidation
    spots, values, rates, fixed = _quotes_on_grid(config, log_spots)
    execution = config.execution
    value = np.abs(holdings) * spots[-1][:, None] * rates[-1][:, None]
    value = np.where(holdings != 0.0, value + fixed[-1][:, None], 0.0)
    value *= 1.0 if execution.charge_liquidation else 0.0
    targets = np.empty((decisions, log_spots.size, n_holdings), dtype=np.uint16)
    for step in reversed(range(decisions)):
        charged = 1.0 if step > 0 or execution.charge_opening else 0.0
        value = _step_back(
            value,
            spots[step],
            values[step],
            values[step + 1],
            rates[step] * charged,
            fixed[step] * charged,
            holdings,
            weights,
            risk_aversion,
            targets[step],
        )
        if progress is not None:
            progress(decisions - step, decisions)
    start = int(np.argmin(np.abs(log_spots)))
    nothing = int(np.argmin(np.abs(holdings)))
    log_moneyness = log_spots - quote_params(config).book.mean_log_strike
    return Optimum(float(value[start, nothing]), log_moneyness, holdings, targets)


def _spot_grid(
    config: EnvConfig, step_sd: float, dt: float, n_spots: int | None
) -> tuple[FloatArray, FloatArray]:
    """Log spots with zero among them, and the weights of a step between them."""
    half_width = _WIDTH * step_sd * sqrt(config.episode.decisions)
    least = ceil(half_width / step_sd * _POINTS_PER_SD)
    half = least if n_spots is None else max(least, n_spots // 2)
    spacing = half_width / half
    mean = (config.market.drift - 0.5 * config.market.volatility.level**2) * dt
    reach = ceil(_KERNEL_WIDTH * step_sd / spacing)
    moves = np.arange(-reach, reach + 1) * spacing
    weights: FloatArray = np.exp(-0.5 * ((moves - mean) / step_sd) ** 2)
    log_spots = spacing * np.arange(-half, half + 1, dtype=np.float64)
    return log_spots, weights / weights.sum()


def _quotes_on_grid(
    config: EnvConfig, log_spots: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Spot, book value, proportional and fixed cost; each (decisions + 1, n_spots)."""
    n, decisions = log_spots.size, config.episode.decisions
    quotes = quote_params(config)
    rows = np.zeros((field.N_MARKET_FIELDS, n))
    state = np.zeros((N_STATES, n))
    state[state_row.LOG_SPOT] = log_spots
    state[state_row.VOLATILITY] = config.market.volatility.level
    settled = np.zeros((len(config.book.legs), n))
    steps, unused = np.empty(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    found = np.empty((4, decisions + 1, n))
    which = (
        field.SPOT,
        field.BOOK_VALUE,
        field.PROPORTIONAL_COST,
        field.FIXED_COST,
    )
    key = stream_key(0, "test")
    for step in range(decisions + 1):
        steps[:] = step
        write_quotes(rows, state, settled, steps, unused, unused, key, False, quotes)
        found[:, step] = rows[list(which)]
    return found[0], found[1], found[2], found[3]


@kernel
def _step_back(
    next_value: FloatArray,
    spot: FloatArray,
    book: FloatArray,
    next_book: FloatArray,
    rate: FloatArray,
    fixed: FloatArray,
    holdings: FloatArray,
    weights: FloatArray,
    risk_aversion: float,
    target: TargetIndices,
) -> FloatArray:
    """Value at one decision from that at the next; writes the best targets.

    Args:
        next_value: V at the next decision, shape (n_spots, n_holdings).
        spot: Grid of spot, shape (n_spots,) [S_0].
        book: Value of the book now, shape (n_spots,) [notional].
        next_book: The same at the next decision.
        rate: Proportional cost, shape (n_spots,) [-].
        fixed: Fixed cost, shape (n_spots,) [notional].
        holdings: Grid of holdings, shape (n_holdings,) [-].
        weights: Of the moves -m..m on the grid of log spot, shape (2 m + 1,).
        risk_aversion: lambda [1/notional].
        target: Best targets, shape (n_spots, n_holdings), written.

    Returns:
        V at this decision, shape (n_spots, n_holdings).
    """
    n_spots, n_holdings = next_value.shape
    reach = weights.shape[0] // 2
    value = np.empty((n_spots, n_holdings))
    keep = np.empty(n_holdings)
    for i in range(n_spots):
        keep[:] = 0.0
        hedge_square, cross, book_square = 0.0, 0.0, 0.0
        for k in range(weights.shape[0]):
            j = min(max(i + k - reach, 0), n_spots - 1)
            w = weights[k]
            move, change = spot[j] - spot[i], next_book[j] - book[i]
            hedge_square += w * move * move
            cross += w * move * change
            book_square += w * change * change
            ahead = next_value[j]
            for h in range(n_holdings):
                keep[h] += w * ahead[h]
        for h in range(n_holdings):
            y = holdings[h]
            risk = y * y * hedge_square + 2.0 * y * cross + book_square
            keep[h] += risk_aversion * risk
        _best_trades(keep, holdings, rate[i] * spot[i], fixed[i], value[i], target[i])
    return value


@kernel
def _best_trades(
    keep: FloatArray,
    holdings: FloatArray,
    unit_cost: float,
    fixed: float,
    value: FloatArray,
    target: TargetIndices,
) -> None:
    """Compare keeping each holding with the best trade from it."""
    n = keep.shape[0]
    best = 0
    for h in range(n):  # best holding to sell down to
        if keep[h] - unit_cost * holdings[h] < keep[best] - unit_cost * holdings[best]:
            best = h
        gain = unit_cost * (holdings[h] - holdings[best])
        value[h] = keep[best] + gain + fixed
        target[h] = best
    best = n - 1
    for h in range(n - 1, -1, -1):  # best holding to buy up to
        if keep[h] + unit_cost * holdings[h] < keep[best] + unit_cost * holdings[best]:
            best = h
        trade = keep[best] + unit_cost * (holdings[best] - holdings[h]) + fixed
        if trade < value[h]:
            value[h] = trade
            target[h] = best
        if keep[h] <= value[h]:
            value[h] = keep[h]
            target[h] = _HOLD


@kernel
def look_up(
    targets: TargetIndices,
    holdings: FloatArray,
    first_log_moneyness: float,
    spacing: float,
    log_moneyness: FloatArray,
    held: FloatArray,
    step: IntArray,
    out: FloatArray,
) -> None:
    """Write the best targets off the grid, from the nodes on both sides in spot.

    Both nodes trade: the mean of their targets, weighted by nearness, unless one of
    them is zero. Else what the nearer node does.
    """
    n_spots, n_holdings = targets.shape[1], targets.shape[2]
    width = (holdings[-1] - holdings[0]) / (n_holdings - 1)
    for i in range(out.shape[0]):
        place = (log_moneyness[i] - first_log_moneyness) / spacing
        place = min(max(place, 0.0), n_spots - 1.000001)
        j = int(place)
        share = place - j
        h = int((held[i] - holdings[0]) / width + 0.5)
        h = min(max(h, 0), n_holdings - 1)
        k = min(step[i], targets.shape[0] - 1)
        lower, upper = targets[k, j, h], targets[k, j + 1, h]
        near = lower if share < 0.5 else upper
        if near == _HOLD:
            out[i] = held[i]
            continue
        goal = holdings[near]
        if lower != _HOLD and upper != _HOLD:
            a, b = holdings[lower], holdings[upper]
            if a != 0.0 and b != 0.0:
                goal = (1.0 - share) * a + share * b
        out[i] = goal
