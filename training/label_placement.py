"""Places labels next to points so that they cover neither points nor each other."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["place_labels"]

FloatArray: TypeAlias = NDArray[np.floating[Any]]

_DISTANCES = (7.0, 14.0, 24.0, 38.0, 54.0)
_ANGLES = np.deg2rad((0, 180, 30, -30, 150, -150, 60, -60, 120, -120, 90, -90))


def place_labels(
    anchors: FloatArray,
    sizes: FloatArray,
    obstacles: FloatArray,
    bounds: tuple[float, float, float, float],
) -> FloatArray:
    """Choose a place for each label, one after the other, the best still free.

    Args:
        anchors: Point that each label belongs to, (n_labels, 2) [pixel].
        sizes: Width and height of each label, (n_labels, 2) [pixel].
        obstacles: Points not to be covered, (n_obstacles, 2) [pixel].
        bounds: Left, bottom, right, top of the space there is [pixel].

    Returns:
        Lower left corner of each label, (n_labels, 2) [pixel].
    """
    placed: list[tuple[FloatArray, FloatArray]] = []
    for anchor, size in zip(anchors, sizes, strict=True):
        candidates = [
            _corner(anchor, size, distance, angle)
            for distance in _DISTANCES
            for angle in _ANGLES
        ]
        costs = [
            _cost(corner, size, rank, placed, obstacles, bounds)
            for rank, corner in enumerate(candidates)
        ]
        placed.append((candidates[int(np.argmin(costs))], size))
    return np.array([corner for corner, _ in placed]).reshape(len(anchors), 2)


def _corner(
    anchor: FloatArray, size: FloatArray, distance: float, angle: float
) -> FloatArray:
    """Corner of a label whose edge is `distance` away in the direction `angle`."""
    direction = np.array([np.cos(angle), np.sin(angle)])
    centre: FloatArray = anchor + direction * distance + direction * size / 2.0
    return centre - size / 2.0


def _cost(
    corner: FloatArray,
    size: FloatArray,
    rank: int,
    placed: Sequence[tuple[FloatArray, FloatArray]],
    obstacles: FloatArray,
    bounds: tuple[float, float, float, float],
) -> float:
    """How bad a place is: first covering labels, then points, then being far away."""
    low, high = corner, corner + size
    left, bottom, right, top = bounds
    outside = float(max(left - low[0], high[0] - right, 0.0))
    outside += float(max(bottom - low[1], high[1] - top, 0.0))
    covered = sum(
        float(np.prod(np.clip(np.minimum(high, c + s) - np.maximum(low, c), 0, None)))
        for c, s in placed
    )
    inside = np.all((obstacles > low - 2.0) & (obstacles < high + 2.0), axis=1).sum()
    return 50.0 * outside + 5.0 * covered + 40.0 * float(inside) + rank
