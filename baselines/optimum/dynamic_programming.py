r"""The exact optimum of a hedging problem, by dynamic programming.

Where spot is a geometric Brownian motion, costs are proportional plus fixed and gas,
if it moves, is a Markov chain with a season, the objective
:math:`J = E[\text{cost}] + \lambda E[\sum x_k^2]` is minimised over all policies by
the value function of (time, log spot, gas, holdings),

.. math::
    V_k(s, g, h) &= \min_{h'} \{ F_k(s, g) 1_{h' \ne h} + c e^s |h' - h|
        + C_k(s, g, h') \} \\
    C_k(s, g, h) &= E[\lambda (h \Delta S + \Delta B)^2 + V_{k+1}(s', g', h)]

with :math:`V_N(s, g, h)` the cost of liquidating h, and B the value of the book.

The grid of log spot is uniform with at least three points to the standard deviation
of a step, and expectations are sums over it: the trapezoidal rule is then exact to
double precision for a Gaussian, so nothing is interpolated. What remains is the grid
of holdings, an error of second order in its spacing; the kinks of the value between
its regions, of second order in the spacing of log spot; and the end of the grid of
spot, seven standard deviations out. `docs/optimum.md` shows how large they are.

The minimum over h' takes two sweeps, because the cost of a trade is linear in its
size on either side; with a limit on fees, which is not convex, two at each of two
prices. Where orders are whole lots, these are the grid of holdings. Cost, book and gas
are asked of the environment's own quotes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.optimum.bellman import expect, step_moments, trade_best
from hedge_env.baselines.optimum.grid import make_grid
from hedge_env.baselines.optimum.trade_regions import RegionWriter, TradeRegions
from hedge_env.config import EnvConfig


@dataclass(frozen=True)
class Optimum:
    """The best policy of one problem and its value.

    Attributes:
        value: J at the start, without holdings [notional].
        log_moneyness: Grid of log spot over the mean strike, shape (n_spots,).
        holdings: Grid of holdings, shape (n_holdings,) [-].
        log_gas: Log gas of each state at each decision, shape (decisions, n_gas).
        regions: Where to trade, and to what.
    """

    value: float
    log_moneyness: FloatArray
    holdings: FloatArray
    log_gas: FloatArray
    regions: TradeRegions


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
            costs, gas constant or a chain.
        risk_aversion: lambda, positive [1/notional].
        n_holdings: Points of the grid of holdings, at least 3; an odd number has the
            middle, and for a symmetric range zero, among them. Not read where orders
            are whole lots.
        n_spots: Points of the grid of log spot, at least 3 to a step's standard
            deviation, which is also what None means.
        progress: Called with decisions solved and their number.

    Returns:
        The optimal policy and its value.

    Raises:
        HedgeError: If the problem has no exact optimum here.
    """
    grid = make_grid(config, n_holdings, n_spots)
    decisions, execution = config.episode.decisions, config.execution
    value = grid.liquidation() * (1.0 if execution.charge_liquidation else 0.0)
    targets = np.empty(value.shape, dtype=np.uint16)
    writer = RegionWriter((decisions, *value.shape[:2]))
    for step in reversed(range(decisions)):
        charged = 1.0 if step > 0 or execution.charge_opening else 0.0
        value = expect(mix_gas(value, grid.transition), grid.weights)
        moments = step_moments(
            grid.spot[step], grid.book[step], grid.book[step + 1], grid.weights
        )
        trade_best(
            value,
            moments,
            grid.unit_cost[step] * charged,
            grid.fixed[step] * charged,
            grid.limited[step] * charged,
            grid.fee_limit if charged > 0.0 else np.inf,
            grid.holdings,
            risk_aversion,
            targets,
        )
        writer.add(targets)
        if progress is not None:
            progress(decisions - step, decisions)
    start = float(value[grid.start, :, grid.nothing] @ grid.stationary)
    regions = writer.regions()
    return Optimum(start, grid.log_moneyness, grid.holdings, grid.log_gas[:-1], regions)


def mix_gas(value: FloatArray, transition: FloatArray) -> FloatArray:
    """Expected value over the next state of gas, shape of `value`."""
    return value if transition.size == 1 else np.matmul(transition, value)
