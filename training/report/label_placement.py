"""Places labels around points so that labels, points and leaders can be told apart.

A leader is the straight line from a point to the nearest place of its label. Labels
are moved one at a time, and two at a time where they disturb each other, to the best
place that the others leave, until none moves any more; the best of some trials is kept.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hedge_env.base.types import BoolArray, FloatArray

__all__ = ["Placement", "place_labels"]


_DISTANCES = (7.0, 14.0, 24.0, 38.0, 54.0, 72.0, 96.0, 124.0)
# Beside a point a name is read more easily than above it: the first are the best.
_ANGLES = (0, 180, 30, -30, 150, -150, 60, -60, 120, -120, 90, -90, 15, -15, 165, -165)
_PLACES = 1200  # of all labels together that are looked at
_TRIALS, _SWEEPS = 30, 20

# What a place costs: per pixel outside or away, per point, label or leader in its way.
_OUTSIDE = 50.0
_COVERED_POINT = 40.0
_COVERED_LABEL = 5.0  # per square pixel
_COVERED_LEADER = 100.0
_CROSSED_LEADER = 60.0
_PASSED_POINT = 3.0
_DISTANCE = 0.2
_RANK = 0.1  # of a direction


class Placement(NamedTuple):
    """Where labels are, or may be; each field is of shape (n, 2) [pixel].

    Attributes:
        corner: Lower left corner.
        start: Point at which the leader starts.
        end: Point of the label nearest to it, where the leader ends.
    """

    corner: FloatArray
    start: FloatArray
    end: FloatArray


def place_labels(
    anchors: Sequence[FloatArray],
    sizes: FloatArray,
    obstacles: FloatArray,
    bounds: tuple[float, float, float, float],
) -> Placement:
    """Choose a place for each label.

    Args:
        anchors: Points that each label may stand next to, (any number, 2) [pixel].
        sizes: Width and height of each label, (n_labels, 2) [pixel].
        obstacles: Points not to be covered, (n_obstacles, 2) [pixel].
        bounds: Left, bottom, right, top of the space there is [pixel].
    """
    if len(anchors) == 0:
        none = np.zeros((0, 2))
        return Placement(none, none, none)
    points = np.concatenate(anchors)
    obstacles = np.unique(np.round(obstacles), axis=0)
    found = [
        _candidates(own, size, points, obstacles, bounds)
        for own, size in zip(anchors, sizes, strict=True)
    ]
    kept = min(max(_PLACES // len(found), 8), *(len(own) for _, own in found))
    cost = np.array([own[:kept] for _, own in found])
    places = Placement(
        *(np.array([p[field][:kept] for p, _ in found]) for field in range(3))
    )
    mutual = np.array([_mutual_cost(places, sizes, i) for i in range(len(found))])
    mutual += mutual.transpose(2, 3, 0, 1)  # what i does to j, and j to i
    random = np.random.default_rng(0)  # the same figure has the same labels
    solutions = [_settle(cost, mutual, random) for _ in range(_TRIALS)]
    chosen = min(solutions, key=lambda solution: solution[1])[0]
    number = np.arange(len(found))
    return Placement(*(field[number, chosen] for field in places))


def _candidates(
    anchors: FloatArray,
    size: FloatArray,
    points: FloatArray,
    obstacles: FloatArray,
    bounds: tuple[float, float, float, float],
) -> tuple[Placement, FloatArray]:
    """Places of a label around its anchors, and what each costs by itself, rising."""
    axes = np.meshgrid(
        np.arange(len(anchors)), np.deg2rad(_ANGLES), _DISTANCES, indexing="ij"
    )
    number, angle, distance = (grid.ravel() for grid in axes)
    direction = np.column_stack([np.cos(angle), np.sin(angle)])
    start = anchors[number]
    low = start + direction * (distance[:, None] + size / 2.0) - size / 2.0
    high, end = low + size, np.clip(start, low, low + size)
    left, bottom, right, top = bounds
    outside = np.maximum(np.maximum(left - low[:, 0], high[:, 0] - right), 0.0)
    outside += np.maximum(np.maximum(bottom - low[:, 1], high[:, 1] - top), 0.0)
    margin = 2.0
    inside = (obstacles > low[:, None] - margin) & (obstacles < high[:, None] + margin)
    passed = _distance_to_lines(points, start, end) < 3.0
    rank = np.tile(np.repeat(np.arange(len(_ANGLES)), len(_DISTANCES)), len(anchors))
    cost = (
        _OUTSIDE * outside
        + _COVERED_POINT * inside.all(axis=2).sum(axis=1)
        + _PASSED_POINT * passed.sum(axis=1)
        + _DISTANCE * np.linalg.norm(end - start, axis=1)
        + _RANK * rank
    )
    order = np.argsort(cost, kind="stable")
    return Placement(low[order], start[order], end[order]), cost[order]


def _settle(
    cost: FloatArray, mutual: FloatArray, random: np.random.Generator
) -> tuple[NDArray[np.intp], float]:
    """Move labels, and then pairs that disturb each other, until it is no use.

    Args:
        cost: Of each place of each label by itself, (n_labels, n_places).
        mutual: Of every two places together, (n_labels, n_places) twice.
        random: For the order in which labels move.

    Returns:
        Number of the place of each label, and what they cost in all.
    """
    n = len(cost)
    number, chosen = np.arange(n), cost.argmin(axis=1)
    for _ in range(_SWEEPS):
        before = chosen.copy()
        for i in random.permutation(n):
            chosen[i] = _costs_of(i, chosen, cost, mutual).argmin()
        for i, j in random.permutation(np.argwhere(np.tri(n, k=-1))):
            if mutual[i, chosen[i], j, chosen[j]] > 0.0:
                both = mutual[i, :, j]
                own = _costs_of(i, chosen, cost, mutual) - both[:, chosen[j]]
                other = _costs_of(j, chosen, cost, mutual) - both[chosen[i]]
                pair = own[:, None] + other + both
                chosen[i], chosen[j] = np.unravel_index(pair.argmin(), pair.shape)
        if np.array_equal(chosen, before):
            break
    shared = mutual[number[:, None], chosen[:, None], number, chosen].sum() / 2.0
    return chosen, float(cost[number, chosen].sum() + shared)


def _costs_of(
    i: int, chosen: NDArray[np.intp], cost: FloatArray, mutual: FloatArray
) -> FloatArray:
    """What each place of label i costs while the others stay, (n_places,)."""
    costs: FloatArray = cost[i] + mutual[i][:, np.arange(len(chosen)), chosen].sum(
        axis=1
    )
    return costs


def _mutual_cost(places: Placement, sizes: FloatArray, i: int) -> FloatArray:
    """How much each place of label i disturbs each place of every label.

    Returns:
        Shape (n_places, n_labels, n_places); 0 for label i itself.
    """
    corner, start, end = (field[i][:, None, None] for field in places)
    low, high = corner, corner + sizes[i]
    their_low, their_high = places.corner, places.corner + sizes[:, None]
    shared = np.minimum(high, their_high) - np.maximum(low, their_low) + 1.0
    area = np.prod(np.maximum(shared, 0.0), axis=-1)
    crossed = _cross(start, end, places.start, places.end)
    cost: FloatArray = (  # the first two are counted from both sides
        _COVERED_LABEL / 2.0 * area
        + _CROSSED_LEADER / 2.0 * crossed
        + _COVERED_LEADER * _hit(start, end, their_low, their_high)
    )
    cost[:, i] = 0.0
    return cost


def _hit(
    start: FloatArray, end: FloatArray, low: FloatArray, high: FloatArray
) -> BoolArray:
    """Whether the lines from start to end pass through boxes; the last axis is (x, y).

    A line is within the box for the shares of its length for which it is so in both
    directions.
    """
    way = end - start
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)
    one, other = (low - start) / way, (high - start) / way
    enters = np.minimum(one, other).max(axis=-1)
    leaves = np.maximum(one, other).min(axis=-1)
    hit: BoolArray = np.maximum(enters, 0.0) < np.minimum(leaves, 1.0)
    return hit


def _cross(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> BoolArray:
    """Whether the lines from a to b and from c to d cross; the last axis is (x, y)."""
    crossed: BoolArray = (_side(a, b, c) * _side(a, b, d) < 0.0) & (
        _side(c, d, a) * _side(c, d, b) < 0.0
    )
    return crossed


def _side(start: FloatArray, end: FloatArray, point: FloatArray) -> FloatArray:
    """Positive where `point` is left of the line from `start` to `end`."""
    along, away = end - start, point - start
    side: FloatArray = along[..., 0] * away[..., 1] - along[..., 1] * away[..., 0]
    return side


def _distance_to_lines(
    points: FloatArray, starts: FloatArray, ends: FloatArray
) -> FloatArray:
    """Distance of each point from each line, (n_lines, n_points)."""
    along = (ends - starts)[:, None]
    away = points - starts[:, None]
    length = np.maximum((along**2).sum(axis=-1), 1e-12)
    share = np.clip((away * along).sum(axis=-1) / length, 0.0, 1.0)
    distance: FloatArray = np.linalg.norm(away - share[..., None] * along, axis=-1)
    return distance
