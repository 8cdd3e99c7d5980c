r"""The value of all holdings of a path: a grid around its centre, and being flat.

A *table* of a path holds a number for every point :math:`y_j = m + \ell x_j` of an
even grid in x, and one more for exactly 0: who holds nothing pays no fixed cost at the
end, so that 0 is worth more than what is next to it.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.baselines.optimum.bellman import best_trades
from hedge_env.baselines.optimum.trade_regions import HOLD, Indices


@kernel
def keep_all(
    ratios: FloatArray,
    reach: float,
    centre: float,
    scale: float,
    curvature: float,
    lean: float,
    unit_cost: float,
    gauge: float,
    keep: FloatArray,
) -> None:
    """Value of keeping every holding, from the regression's ratios; see `fit`.

    Args:
        ratios: Of the points and of being flat, shape (m + 1,) [-].
        reach: Largest x of the grid.
        centre: Of the path [-].
        scale: l, of the path [-].
        curvature: lambda E_k[dS^2] [notional].
        lean: Holdings of least risk less the centre [-].
        unit_cost: Proportional cost of a unit of holdings [notional].
        gauge: Fixed cost that the ratios are of [notional].
        keep: A table, written.
    """
    m = keep.size - 1
    step = 2.0 * reach / (m - 1)
    for j in range(m):
        x = step * j - reach
        trade = gauge + unit_cost * scale * (1.0 + abs(x))
        risk = curvature * scale * x * (scale * x - 2.0 * lean)
        keep[j] = risk + trade * ratios[j]
    x = -centre / scale
    place = min(max((x + reach) / step, 0.0), m - 1.0)
    j = min(int(place), m - 2)
    ratio = ratios[j] + (place - j) * (ratios[j + 1] - ratios[j])
    trade = gauge + unit_cost * scale * (1.0 + abs(x))
    gain = min(ratios[m], 0.0)
    risk = curvature * centre * (centre + 2.0 * lean)
    keep[m] = risk + trade * ratio + gain * gauge


@kernel
def trade_all(
    keep: FloatArray,
    holdings: FloatArray,
    unit_cost: float,
    fixed: float,
    value: FloatArray,
    target: Indices,
) -> None:
    """Compare keeping with the best trade, for all points and for being flat.

    Args:
        keep: A table: worth of keeping what is held.
        holdings: Of the points, rising, shape (m,) [-].
        unit_cost: Proportional cost of a unit of holdings [notional].
        fixed: Fixed cost of a trade [notional].
        value: A table, written: the better of the two.
        target: Shape (m + 1,), written: point traded to, m for flat, or HOLD.
    """
    m = holdings.size
    best_trades(keep[:m], holdings, unit_cost, fixed, value[:m], target[:m])
    value[m], target[m] = keep[m], HOLD
    for j in range(m):
        flat = keep[m] + fixed + unit_cost * abs(holdings[j])
        if flat < value[j]:
            value[j], target[j] = flat, m
        back = keep[j] + fixed + unit_cost * abs(holdings[j])
        if back < value[m]:
            value[m], target[m] = back, j


@scalar_kernel
def read_table(
    value: FloatArray, reach: float, centre: float, scale: float, slope: float, y: float
) -> float:
    """Read a table at holdings: on a line between points, beyond them with a slope."""
    m = value.size - 1
    step = 2.0 * reach / (m - 1)
    place = ((y - centre) / scale + reach) / step
    j = min(max(int(place), 0), m - 2)
    inside = min(max(place, 0.0), m - 1.0)
    found: float = value[j] + (inside - j) * (value[j + 1] - value[j])
    found += abs(place - inside) * step * scale * slope
    if y == 0.0:
        found = value[m]
    return found


@kernel
def hold_tables(
    following: FloatArray,
    reach: float,
    centre: FloatArray,
    scale: FloatArray,
    next_centre: FloatArray,
    next_scale: FloatArray,
    next_slope: FloatArray,
    out: FloatArray,
) -> None:
    """Tables of the next decision, read at the holdings of this one.

    Args:
        following: Shape (n, m + 1).
        reach: Largest x of the grids.
        centre: Of this decision, shape (n,); as `scale`.
        scale: Of this decision.
        next_centre: Of the next one, shape (n,); as the two after it.
        next_scale: Of the next one.
        next_slope: Of the values beyond the points there.
        out: Shape of `following`, written.
    """
    m = following.shape[1] - 1
    step = 2.0 * reach / (m - 1)
    for i in range(centre.size):
        for j in range(m):
            y = centre[i] + scale[i] * (step * j - reach)
            out[i, j] = read_table(
                following[i], reach, next_centre[i], next_scale[i], next_slope[i], y
            )
        out[i, m] = following[i, m]


@kernel
def act_on_tables(
    ratios: FloatArray,
    reach: float,
    centre: FloatArray,
    scale: FloatArray,
    curvature: FloatArray,
    lean: FloatArray,
    unit_cost: FloatArray,
    fixed: FloatArray,
    gauge: FloatArray,
    realised: FloatArray,
    trust: float,
    out: FloatArray,
) -> None:
    """Trade as the regression says, and pay what then happens on the path.

    Args:
        ratios: Shape (n, m + 1).
        reach: Largest x of the grids.
        centre: Shape (n,), as the six after it; see `scene.Scene`.
        scale: l.
        curvature: Of risk.
        lean: Of its least.
        unit_cost: Proportional cost.
        fixed: Fixed cost.
        gauge: Fixed cost that the ratios are of.
        realised: What keeping every holding costs on the path, shape (n, m + 1).
        trust: Weight of what happens; the rest is that of what is expected [-].
        out: What having it before the trade costs, the same shape, written.
    """
    m = realised.shape[1] - 1
    step = 2.0 * reach / (m - 1)
    keep, value = np.empty(m + 1), np.empty(m + 1)
    target, holdings = np.empty(m + 1, dtype=np.uint16), np.empty(m)
    for i in range(centre.size):
        c, f = unit_cost[i], fixed[i]
        keep_all(
            ratios[i],
            reach,
            centre[i],
            scale[i],
            curvature[i],
            lean[i],
            c,
            gauge[i],
            keep,
        )
        for j in range(m):
            holdings[j] = centre[i] + scale[i] * (step * j - reach)
        trade_all(keep, holdings, c, f, value, target)
        for j in range(m + 1):
            goal = target[j]
            if goal == HOLD:
                out[i, j] = realised[i, j]
            else:
                here = holdings[j] if j < m else 0.0
                there = holdings[goal] if goal < m else 0.0
                out[i, j] = realised[i, goal] + f + c * abs(there - here)
            expected = value[j] + realised[i, m // 2]
            out[i, j] = trust * out[i, j] + (1.0 - trust) * expected


@kernel
def add_values(
    ratios: FloatArray,
    reach: float,
    centre: FloatArray,
    scale: FloatArray,
    curvature: FloatArray,
    lean: FloatArray,
    unit_cost: FloatArray,
    fixed: FloatArray,
    gauge: FloatArray,
    weights: FloatArray,
    holdings: FloatArray,
    out: FloatArray,
) -> None:
    """Add weighted values of draws, before their trade, at the same holdings.

    Args:
        ratios: Of all draws of all paths, path by path, shape (n draws, m + 1).
        reach: Largest x of the grids.
        centre: Shape (n draws,), as the six after it; see `scene.Scene`.
        scale: l.
        curvature: Of risk.
        lean: Of its least.
        unit_cost: Proportional cost.
        fixed: Fixed cost.
        gauge: Fixed cost that the ratios are of.
        weights: Shape (n, draws).
        holdings: Shape (n_holdings,), 0 among them.
        out: Shape (n, n_holdings), added to.
    """
    n, draws = weights.shape
    m = ratios.shape[1] - 1
    step = 2.0 * reach / (m - 1)
    keep, value = np.empty(m + 1), np.empty(m + 1)
    target, own = np.empty(m + 1, dtype=np.uint16), np.empty(m)
    for i in range(n):
        for d in range(draws):
            e = i * draws + d
            c, f, w = unit_cost[e], fixed[e], weights[i, d]
            keep_all(
                ratios[e],
                reach,
                centre[e],
                scale[e],
                curvature[e],
                lean[e],
                c,
                gauge[e],
                keep,
            )
            for j in range(m):
                own[j] = centre[e] + scale[e] * (step * j - reach)
            trade_all(keep, own, c, f, value, target)
            for h in range(holdings.size):
                y = holdings[h]
                out[i, h] += w * read_table(value, reach, centre[e], scale[e], c, y)
