"""How one rule's own parameters are searched: lines, whole numbers, and spaces.

Everything happens in the unit cube; what a position is worth is somebody else's to say.
Nothing is random, so that searching twice ends at the same place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeAlias

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import qmc

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.parameter_range import ParameterRange

_GRID = 15  # points of the first look at one parameter
_LINE_TRIALS = 12  # of its refinement
_INTEGER_TRIALS = 32  # whole numbers compared in the best bracket
_FINALISTS = 4
_SAMPLES = 8  # first look at several parameters, times their number
_ROUGH_TRIALS = 12  # of a simplex on a part of the paths, times their number
_FINE_TRIALS = 8  # of the simplex on all paths, times their number
_ROUGH_STEP, FINE_STEP = 0.1, 0.04  # size of a simplex, in shares of the ranges
_TOLERANCE = 1e-3  # of positions in a range [-], and of simplex values [bp]

Position: TypeAlias = tuple[float, ...]  # of each parameter in its range, in [0, 1]
Value: TypeAlias = Callable[[Sequence[float]], float]
Values: TypeAlias = Callable[[Sequence[Sequence[float]]], list[float]]


class Space(Protocol):
    """Positions and what they are worth [bp]: on a part of the paths, or on all."""

    @property
    def ranges(self) -> Sequence[ParameterRange]:
        """Range of each parameter."""

    def default(self) -> Position:
        """Where the rule's own parameters lie."""

    def values(self, positions: Sequence[Sequence[float]]) -> list[float]:
        """Values on all paths."""

    def rough_values(self, positions: Sequence[Sequence[float]]) -> list[float]:
        """Values on a part of the paths."""


def search(space: Space, *, finely: bool = True) -> Position:
    """The best position: see the functions for one, whole and several parameters.

    Args:
        space: What is searched.
        finely: Whether several parameters are also searched on all paths.
    """
    if not space.ranges:
        return ()
    if len(space.ranges) > 1:
        return _search_space(space, finely=finely)
    if space.ranges[0].scale == "integer":
        return _search_integers(space)
    return _search_line(space)


def count(ranges: Sequence[ParameterRange]) -> tuple[int, int]:
    """Most positions that `search` looks at on a part and on all of the paths."""
    d = len(ranges)
    if d == 0:
        return 0, 1
    if d > 1:
        return (_SAMPLES + 2 * _ROUGH_TRIALS) * d + 1, _FINE_TRIALS * d + 1
    if ranges[0].scale == "integer":
        return _GRID + _INTEGER_TRIALS, _FINALISTS
    return _GRID, _LINE_TRIALS + 1


def refine(space: Space, start: Position, steps: Mapping[int, float]) -> Position:
    """A simplex on all paths from `start`, which it never leaves for a worse place.

    Args:
        space: What is searched.
        start: Where from.
        steps: Numbers of the parameters that move, and how far at first, in shares of
            their ranges; whole ones should not move.
    """
    moved = list(steps)

    def place(u: Sequence[float]) -> Position:
        position = list(start)
        for number, value in zip(moved, u, strict=True):
            position[number] = float(value)
        return tuple(position)

    best = _simplex(
        lambda u: space.values([place(u)])[0],
        tuple(start[number] for number in moved),
        list(steps.values()),
        count_refined(len(moved)),
    )
    ends = (start, place(best))
    return ends[_first_best(space.values, ends)]


def count_refined(moved: int) -> int:
    """Most positions that `refine` looks at beside its start."""
    return _FINE_TRIALS * moved


def _first_best(values: Values, positions: Sequence[Position]) -> int:
    """Index of the best position, the first of equals."""
    return int(np.argmin(values(positions)))


def _one(values: Values, position: Sequence[float]) -> float:
    return values([position])[0]


def _search_line(space: Space) -> Position:
    """Grid, then a bounded search between the neighbours of its best point."""
    grid = [(float(u),) for u in np.linspace(0.0, 1.0, _GRID)]
    best = _first_best(space.rough_values, grid)
    (low,), (high,) = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    tried = [grid[best]]

    def value(u: float) -> float:
        tried.append((float(u),))
        return space.values([tried[-1]])[0]

    options = {"maxiter": _LINE_TRIALS, "xatol": _TOLERANCE}
    minimize_scalar(value, bounds=(low, high), method="bounded", options=options)
    return tried[_first_best(space.values, tried)]


def _search_integers(space: Space) -> Position:
    """Grid, then the whole numbers between the neighbours of its best point.

    All of them, since the criterion jumps where an interval divides the horizon.
    """
    (allowed,) = space.ranges

    def positions(numbers: FloatArray) -> list[Position]:
        return [(allowed.to_unit(n),) for n in np.unique(np.round(numbers)).tolist()]

    grid = positions(np.geomspace(allowed.low, allowed.high, _GRID))
    best = _first_best(space.rough_values, grid)
    ends = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    low, high = (allowed.from_unit(end[0]) for end in ends)
    numbers = min(_INTEGER_TRIALS, round(high - low) + 1)
    bracket = [*positions(np.linspace(low, high, numbers)), grid[best]]
    rough = partial(_one, space.rough_values)
    space.rough_values(bracket)  # together, before they are looked at one by one
    finalists = sorted(bracket, key=rough)[:_FINALISTS]
    return finalists[_first_best(space.values, finalists)]


def _search_space(space: Space, *, finely: bool) -> Position:
    """Low-discrepancy points and the defaults, then simplexes from the best two."""
    d = len(space.ranges)
    points = qmc.Halton(d, scramble=False).random(_SAMPLES * d).tolist()
    starts = [space.default(), *map(tuple, points)]
    rough = partial(_one, space.rough_values)
    space.rough_values(starts)  # together, before they are looked at one by one
    starts.sort(key=rough)
    ends = [
        _simplex(rough, start, [_ROUGH_STEP] * d, _ROUGH_TRIALS * d)
        for start in starts[:2]
    ]
    best = ends[_first_best(space.rough_values, ends)]
    if not finely:
        return best
    fine = _simplex(
        partial(_one, space.values), best, [FINE_STEP] * d, _FINE_TRIALS * d
    )
    return (best, fine)[_first_best(space.values, (best, fine))]


def _simplex(
    value: Value, start: Position, steps: Sequence[float], trials: int
) -> Position:
    """Nelder-Mead in the unit cube, from a simplex that points inwards."""
    corners = [list(start)]
    for axis in range(len(start)):
        corner = list(start)
        corner[axis] += steps[axis] if corner[axis] < 0.5 else -steps[axis]
        corners.append(corner)
    result = minimize(
        value,
        start,
        method="Nelder-Mead",
        bounds=[(0.0, 1.0)] * len(start),
        options={
            "initial_simplex": corners,
            "maxfev": trials,
            "xatol": _TOLERANCE,
            "fatol": _TOLERANCE,
        },
    )
    return tuple(float(u) for u in result.x)
