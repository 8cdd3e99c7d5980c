"""One step back of the relaxed problem: every path with a programme of its own."""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.baselines.optimum.bellman import best_trades, take_better


@kernel
def add_step(
    kept: FloatArray,
    risk: FloatArray,
    expected: FloatArray,
    next_value: FloatArray,
    place: FloatArray,
    next_place: FloatArray,
    row: IntArray,
    next_row: IntArray,
    holdings: FloatArray,
) -> None:
    r"""Add to every path what holding y over a step costs, and the penalty.

    .. math::
        q_k(y) - (V_{k+1}(s_{k+1}, y) - E_k V_{k+1}(\cdot, y))

    Between the points of log spot all of it is read by cubics through four of them.

    Args:
        kept: Relaxed value at the next decision, shape (n, n_holdings); added to.
        risk: lambda times the second moments, shape (3, n_rows, n_spots).
        expected: E_k V_{k+1}, shape (n_rows, n_spots, n_holdings).
        next_value: V_{k+1}, shape of `expected`.
        place: Of each path on the grid of log spot, in points, shape (n,).
        next_place: The same at the next decision.
        row: State of volatility and gas of each path, shape (n,).
        next_row: The same at the next decision.
        holdings: Shape (n_holdings,) [-].
    """
    weights, after, moments = np.empty(4), np.empty(4), np.empty(3)
    for i in range(kept.shape[0]):
        j = _cubic(place[i], expected.shape[1], weights)
        m = _cubic(next_place[i], expected.shape[1], after)
        a, b = row[i], next_row[i]
        for part in range(3):
            moments[part] = 0.0
            for p in range(4):
                moments[part] += weights[p] * risk[part, a, j + p]
        for h in range(holdings.shape[0]):
            y = holdings[h]
            total = y * y * moments[0] + 2.0 * y * moments[1] + moments[2]
            for p in range(4):
                total += weights[p] * expected[a, j + p, h]
                total -= after[p] * next_value[b, m + p, h]
            kept[i, h] += total


@kernel
def trade_on_paths(
    kept: FloatArray,
    unit_cost: FloatArray,
    fixed: FloatArray,
    limited: FloatArray,
    fee_limit: float,
    holdings: FloatArray,
    out: FloatArray,
) -> None:
    """Allow every path its best trade from each holding.

    Args:
        kept: What keeping each holding is worth, shape (n, n_holdings) [notional].
        unit_cost: Proportional cost of a unit of holdings, shape (n,).
        fixed: Fixed cost of a trade, shape (n,) [notional].
        limited: Part of `unit_cost` that is a fee with a limit, shape (n,).
        fee_limit: Most that this part is in a trade, or infinite [notional].
        holdings: Grid of holdings, shape (n_holdings,) [-].
        out: Shape of `kept`, written.
    """
    target = np.empty(holdings.shape[0], dtype=np.uint16)
    spare, spare_target = np.empty(holdings.shape[0]), np.empty_like(target)
    for i in range(kept.shape[0]):
        best_trades(kept[i], holdings, unit_cost[i], fixed[i], out[i], target)
        if fee_limit < np.inf:
            rate, toll = unit_cost[i] - limited[i], fixed[i] + fee_limit
            best_trades(kept[i], holdings, rate, toll, spare, spare_target)
            take_better(out[i], target, spare, spare_target)


@scalar_kernel
def _cubic(place: float, n: int, weights: FloatArray) -> int:
    """Lagrange weights of four points around a place; returns the first of them."""
    place = min(max(place, 0.0), n - 1.0)
    first = min(max(int(place) - 1, 0), n - 4)
    x = place - first
    weights[0] = -(x - 1.0) * (x - 2.0) * (x - 3.0) / 6.0
    weights[1] = x * (x - 2.0) * (x - 3.0) / 2.0
    weights[2] = -x * (x - 1.0) * (x - 3.0) / 2.0
    weights[3] = x * (x - 1.0) * (x - 2.0) / 6.0
    return first
