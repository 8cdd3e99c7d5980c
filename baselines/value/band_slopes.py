r"""Which way a no-trade band should move, from the cost of all holdings of a path.

No holding moves the market, so that one pass back over a path tells what following a
band costs from every decision on, :math:`W_k(y)`, for every holding y before the trade,
and :math:`T_k(y) = q_k(y) + W_{k+1}(y)` after it, with q what keeping y over the
interval costs. With edges :math:`l < u`, targets a and b, and :math:`C_k` the cost of a
trade,

.. math::
    W_k(y) = \begin{cases} C_k(a - y) + T_k(a) & y < l \\ T_k(y) & l \le y \le u \\
                           C_k(y - b) + T_k(b) & y > u \end{cases}

and the sum of :math:`W_k` over holdings, each as likely as the next, has the slopes

.. math::
    \frac{\partial}{\partial l} = C_k(a - l) + T_k(a) - T_k(l), \qquad
    \frac{\partial}{\partial a} = C_k'(a - l) + T_k'(a)

per holding, and their mirror images in u and b. Their expectation given what is
observed is zero at the best band, whatever the holdings are: nothing has to be tried
out, no value has to be learned, and the jump that a fixed cost makes at an edge is in
the difference. The slope of one path's cost along that path, which leaves it out, has
another zero.

Holdings are a grid: keeping is exact on it, only targets are read between its points.
Exactly flat, which saves the last trade, is followed by itself.
"""

from __future__ import annotations

import math

import numpy as np

from hedge_env.agent.band_edges import (
    LOWER,
    LOWER_TARGET,
    SNAP,
    UPPER,
    UPPER_TARGET,
)
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.baselines.value.pathwise import (
    PathCosts,
    cost_of_keeping,
    cost_of_trade,
    keep_cost,
    trade_cost,
)

_REACH = 0.15  # scales on either side of a target, over which its slope is taken
_NEAR = 0.25  # scales within which a target is near the snapping distance
_LEAST_NEARNESS = 0.01


@kernel
def fill_slopes(
    edges: FloatArray,
    scale: FloatArray,
    grid: FloatArray,
    shares: FloatArray,
    costs: PathCosts,
    slopes: FloatArray,
    value: FloatArray,
) -> None:
    """Follow a band back over paths; see the module.

    Args:
        edges: Rows of `agent/band_edges` at every decision, shape
            (5, decisions + 1, n); of the end nothing is read.
        scale: Half-width that says what is near, shape (decisions + 1, n) [-].
        grid: Holdings, evenly spaced and rising, shape (n_holdings,) [-].
        shares: Of the cost of opening and of liquidation that is charged, shape (2,).
        costs: Of the paths.
        slopes: Of the cost in each of the edges, per holding as likely as the next; of
            `SNAP` where a target is near it; 0 at the end. Shape of `edges`, written
            [notional].
        value: Cost of the episode from nothing held, shape (n,), written [notional].
    """
    decisions, n = edges.shape[1] - 1, edges.shape[2]
    before, after = np.empty(grid.size), np.empty(grid.size)
    slopes[:, decisions] = 0.0
    for i in range(n):
        for j in range(grid.size):
            size = abs(grid[j])
            before[j] = shares[1] * trade_cost(size, decisions, i, costs)
        flat = 0.0
        for k in range(decisions - 1, -1, -1):
            share = shares[0] if k == 0 else 1.0
            _keep_all(before, grid, k, i, costs, after)
            flat += keep_cost(0.0, k, i, costs)
            low, up, goals, worth = _band_at(k, i, edges, grid, after, flat)
            _write_slopes(
                k, i, edges, scale[k, i], grid, share, costs, after, flat, slopes
            )
            _trade_all(after, grid, k, i, costs, low, up, goals, worth, share, before)
            if low > 0.0 or up < 0.0:
                side = 0 if low > 0.0 else 1
                if goals[side] != 0.0:
                    paid = trade_cost(abs(goals[side]), k, i, costs)
                    flat = share * paid + worth[side]
        value[i] = flat


@scalar_kernel
def _keep_all(
    before: FloatArray,
    grid: FloatArray,
    k: int,
    i: int,
    costs: PathCosts,
    after: FloatArray,
) -> None:
    """Cost of keeping each holding over a decision, and of what follows."""
    square, product = costs.square[k, i], costs.product[k, i]
    rest = costs.rest[k, i]
    for j in range(grid.size):
        after[j] = before[j] + cost_of_keeping(grid[j], square, product, rest)


@scalar_kernel
def _trade_all(
    after: FloatArray,
    grid: FloatArray,
    k: int,
    i: int,
    costs: PathCosts,
    low: float,
    up: float,
    goals: tuple[float, float],
    worth: tuple[float, float],
    share: float,
    before: FloatArray,
) -> None:
    """Cost of each holding before the trade of a decision."""
    fixed, unit = costs.fixed[k, i], costs.unit[k, i]
    linear, root = costs.linear[k, i], costs.root[k, i]
    for j in range(grid.size):
        y = grid[j]
        goal, then = goals[1], worth[1]
        goal = goals[0] if y < low else goal
        then = worth[0] if y < low else then
        paid = cost_of_trade(abs(goal - y), fixed, unit, linear, root)
        before[j] = share * paid + then if y < low or y > up else after[j]


@scalar_kernel
def _inside(y: float, grid: FloatArray) -> float:
    """Holdings within the bounds, which are the ends of the grid."""
    found: float = min(max(y, grid[0]), grid[grid.size - 1])
    return found


@scalar_kernel
def _read(table: FloatArray, y: float, grid: FloatArray) -> float:
    """A table between the points of the grid."""
    place = (y - grid[0]) / (grid[1] - grid[0])
    place = min(max(place, 0.0), grid.size - 1.000001)
    j = int(place)
    found: float = table[j] + (place - j) * (table[j + 1] - table[j])
    return found


@scalar_kernel
def _band_at(
    k: int,
    i: int,
    edges: FloatArray,
    grid: FloatArray,
    after: FloatArray,
    flat: float,
) -> tuple[float, float, tuple[float, float], tuple[float, float]]:
    """Edges, where they trade to (0 where snapped), and cost from there on."""
    low, up = _inside(edges[LOWER, k, i], grid), _inside(edges[UPPER, k, i], grid)
    a = _inside(edges[LOWER_TARGET, k, i], grid)
    b = _inside(edges[UPPER_TARGET, k, i], grid)
    to_a, to_b = _read(after, a, grid), _read(after, b, grid)
    if abs(a) < edges[SNAP, k, i]:
        a, to_a = 0.0, flat
    if abs(b) < edges[SNAP, k, i]:
        b, to_b = 0.0, flat
    return low, up, (a, b), (to_a, to_b)


@scalar_kernel
def _marginal(size: float, k: int, i: int, costs: PathCosts) -> float:
    """Cost of trading a little more."""
    found: float = costs.unit[k, i] + 2.0 * size * costs.linear[k, i]
    found += 1.5 * np.sqrt(size) * costs.root[k, i]
    return found


@kernel
def _write_slopes(
    k: int,
    i: int,
    edges: FloatArray,
    scale: float,
    grid: FloatArray,
    share: float,
    costs: PathCosts,
    after: FloatArray,
    flat: float,
    slopes: FloatArray,
) -> None:
    """Slopes of one decision of one path; see `fill_slopes`."""
    low, up, goals, worth = _band_at(k, i, edges, grid, after, flat)
    reach = max(_REACH * scale, grid[1] - grid[0])
    slopes[SNAP, k, i] = 0.0
    for side in range(2):
        sign = 1.0 if side == 0 else -1.0  # buys from below, sells from above
        edge = low if side == 0 else up
        paid = share * trade_cost(abs(goals[side] - edge), k, i, costs)
        gain = paid + worth[side] - _read(after, edge, grid)
        slopes[LOWER if side == 0 else UPPER, k, i] = sign * gain
        row = LOWER_TARGET if side == 0 else UPPER_TARGET
        goal = _inside(edges[row, k, i], grid)
        below, above = _inside(goal - reach, grid), _inside(goal + reach, grid)
        rise = _read(after, above, grid) - _read(after, below, grid)
        more = sign * share * _marginal(abs(goal - edge), k, i, costs)
        slopes[row, k, i] = rise / (above - below) + more
        snap = edges[SNAP, k, i]
        distance = (abs(goal) - snap) / (_NEAR * scale)
        nearness = math.exp(-0.5 * distance * distance)
        there = snap if goal > 0.0 else -snap
        if nearness > _LEAST_NEARNESS and grid[0] <= there <= grid[grid.size - 1]:
            saved = sign * there * share * costs.unit[k, i]
            kept = _read(after, there, grid) + saved
            slopes[SNAP, k, i] += nearness * (flat - kept)
