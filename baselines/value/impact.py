"""The best trade where its cost is no line: impact makes two sweeps too few."""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray


@kernel
def trade_with_impact(
    kept: FloatArray,
    unit: FloatArray,
    fixed: FloatArray,
    linear: FloatArray,
    root: FloatArray,
    holdings: FloatArray,
    out: FloatArray,
) -> None:
    """Allow every path its best trade, where impact makes two sweeps too few.

    Args:
        kept: What keeping each holding is worth, shape (n, n_holdings).
        unit: Cost per unit, shape (n,), as the three after it.
        fixed: Cost of a trade.
        linear: Impact per unit squared.
        root: Impact per unit to the power 1.5.
        holdings: An even grid, shape (n_holdings,).
        out: Shape of `kept`, written.
    """
    m = holdings.size
    step = holdings[1] - holdings[0]
    cost = np.empty(m)
    for i in range(kept.shape[0]):
        for k in range(m):
            size = k * step
            impact = size * size * linear[i] + size * np.sqrt(size) * root[i]
            cost[k] = fixed[i] + unit[i] * size + impact
        cost[0] = 0.0
        for h in range(m):
            best = kept[i, h]
            for g in range(m):
                trade = kept[i, g] + cost[abs(g - h)]
                best = min(best, trade)
            out[i, h] = best
