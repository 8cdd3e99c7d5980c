"""Levels at which a decision becomes another one: a grid, refined around its change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hedge_env.base.types import FloatArray

_POINTS, _ROUNDS = 65, 3  # a range is divided by 64 three times

# Levels, shape (n,), to the sign of the trade at each: -1, 0 or 1.
Decide = Callable[[FloatArray], FloatArray]


def turning_point(decide: Decide, start: float, end: float) -> float | None:
    """The level nearest to `start` at which the sign of the trade is another one.

    Args:
        decide: What is done at each level.
        start: The present level, positive.
        end: Where the search ends, positive.

    Returns:
        The level, to 4e-6 of log(end / start); None if nothing changes. A change and
        its reversal between two of 65 levels are not seen.
    """
    near, far = np.log(start), np.log(end)
    for _ in range(_ROUNDS):
        levels = np.linspace(near, far, _POINTS)
        signs = decide(np.exp(levels))
        changed = np.flatnonzero(signs != signs[0])
        if changed.size == 0:
            return None
        near, far = levels[changed[0] - 1], levels[changed[0]]
    return float(np.exp(far))
