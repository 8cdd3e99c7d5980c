"""Find a rule's best parameters on recorded validation paths.

All trials see the same paths, so two sets of parameters differ by what they do and
not by luck; nothing is random, so tuning twice gives the same numbers. Promising
regions are found on a part of the paths and refined on all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import qmc

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule import AbstractRule
from hedge_env.baselines.tuning.trials import Trials
from hedge_env.config import EnvConfig
from hedge_env.evaluation.evaluate import Progress
from hedge_env.feeds.tape import MarketTape

_GRID = 15  # points of the first look at one parameter
_LINE_TRIALS = 12  # of its refinement
_INTEGER_TRIALS = 32  # whole numbers compared in the best bracket
_FINALISTS = 4
_SAMPLES = 8  # first look at several parameters, times their number
_ROUGH_TRIALS = 12  # of a simplex on a part of the paths, times their number
_FINE_TRIALS = 8  # of the simplex on all paths, times their number
_ROUGH_STEP, _FINE_STEP = 0.1, 0.04  # size of a simplex, in shares of the ranges
_TOLERANCE = 1e-3  # of positions in a range [-], and of simplex values [bp]
_AT_LIMIT = 0.005  # share of a range

Position: TypeAlias = tuple[float, ...]  # of each parameter in its range, in [0, 1]
Value: TypeAlias = Callable[[Sequence[float]], float]
Values: TypeAlias = Callable[[Sequence[Sequence[float]]], list[float]]


@dataclass(frozen=True)
class TunedRule:
    """The best parameters found for one rule.

    Attributes:
        policy: The rule with these parameters.
        params: Their values; empty for a rule without any.
        value: Criterion on all paths [bp].
        n_evaluations: Sets of parameters tried, on a part or on all of the paths.
        at_limits: Parameters that ended at a limit of their range.
        error: Standard error of `value` [bp].
    """

    policy: AbstractRule
    params: dict[str, float]
    value: float
    n_evaluations: int
    at_limits: tuple[str, ...] = ()
    error: float = math.nan


def tune(
    rule_class: type[AbstractRule],
    config: EnvConfig,
    risk_aversion: float,
    tape: MarketTape,
    criterion: str = "objective",
    *,
    threads: int = 1,
    progress: Progress | None = None,
) -> TunedRule:
    """Tune one rule for one risk aversion.

    One parameter: a grid, then a bounded line search in the best bracket (or all
    its whole numbers). Several: low-discrepancy points and then Nelder-Mead.

    Args:
        rule_class: A rule; its `parameters` are searched.
        config: The hedging problem.
        risk_aversion: lambda [1/notional].
        tape: Validation paths, recorded with the same config.
        criterion: What to minimise, see `hedge_env.baselines.tuning.criteria`.
        threads: Parts of the paths that are run at the same time.
        progress: Called with episodes run and an upper bound of those to run.

    Raises:
        ConfigError: If the criterion is unknown.
        HedgeError: If the rule reads what the config does not show.
    """
    ranges = rule_class.parameters
    trials = Trials(
        rule_class, config, risk_aversion, tape, criterion, threads, progress
    )
    if not ranges:
        best: Position = ()
    elif len(ranges) > 1:
        best = _search_space(trials)
    elif next(iter(ranges.values())).scale == "integer":
        best = _search_integers(trials)
    else:
        best = _search_line(trials)
    value = trials.value(best)
    trials.finish()
    policy = trials.rule(best)
    return TunedRule(
        policy=policy,
        params=policy.params,
        value=value,
        n_evaluations=trials.n_evaluations,
        at_limits=tuple(
            name for name, u in zip(ranges, best, strict=True) if not _is_inside(u)
        ),
        error=trials.error(best),
    )


def _is_inside(u: float) -> bool:
    return _AT_LIMIT < u < 1.0 - _AT_LIMIT


def _first_best(values: Values, positions: Sequence[Position]) -> int:
    """Index of the best position, the first of equals."""
    return int(np.argmin(values(positions)))


def _search_line(trials: Trials) -> Position:
    """Grid, then a bounded search between the neighbours of its best point."""
    trials.plan(in_part=_GRID, in_all=_LINE_TRIALS + 1)
    grid = [(float(u),) for u in np.linspace(0.0, 1.0, _GRID)]
    best = _first_best(trials.rough_values, grid)
    (low,), (high,) = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    tried = [grid[best]]

    def value(u: float) -> float:
        tried.append((float(u),))
        return trials.value(tried[-1])

    options = {"maxiter": _LINE_TRIALS, "xatol": _TOLERANCE}
    minimize_scalar(value, bounds=(low, high), method="bounded", options=options)
    return tried[_first_best(trials.values, tried)]


def _search_integers(trials: Trials) -> Position:
    """Grid, then the whole numbers between the neighbours of its best point.

    All of them, since the criterion jumps where an interval divides the horizon.
    """
    trials.plan(in_part=_GRID + _INTEGER_TRIALS, in_all=_FINALISTS)
    (allowed,) = trials.ranges

    def positions(numbers: FloatArray) -> list[Position]:
        return [(allowed.to_unit(n),) for n in np.unique(np.round(numbers)).tolist()]

    grid = positions(np.geomspace(allowed.low, allowed.high, _GRID))
    best = _first_best(trials.rough_values, grid)
    ends = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    low, high = (allowed.from_unit(end[0]) for end in ends)
    count = min(_INTEGER_TRIALS, round(high - low) + 1)
    bracket = [*positions(np.linspace(low, high, count)), grid[best]]
    trials.rough_values(bracket)  # together, before they are looked at one by one
    finalists = sorted(bracket, key=trials.rough_value)[:_FINALISTS]
    return finalists[_first_best(trials.values, finalists)]


def _search_space(trials: Trials) -> Position:
    """Low-discrepancy points and the defaults, then simplexes from the best two."""
    d = len(trials.ranges)
    trials.plan(
        in_part=(_SAMPLES + 2 * _ROUGH_TRIALS) * d + 1, in_all=_FINE_TRIALS * d + 1
    )
    points = qmc.Halton(d, scramble=False).random(_SAMPLES * d).tolist()
    starts = [trials.default(), *map(tuple, points)]
    trials.rough_values(starts)  # together, before they are looked at one by one
    starts.sort(key=trials.rough_value)
    ends = [
        _simplex(trials.rough_value, start, _ROUGH_STEP, _ROUGH_TRIALS * d)
        for start in starts[:2]
    ]
    best = ends[_first_best(trials.rough_values, ends)]
    fine = _simplex(trials.value, best, _FINE_STEP, _FINE_TRIALS * d)
    return (best, fine)[_first_best(trials.values, (best, fine))]


def _simplex(value: Value, start: Position, step: float, trials: int) -> Position:
    """Nelder-Mead in the unit cube, from a simplex that points inwards."""
    corners = [list(start)]
    for axis in range(len(start)):
        corner = list(start)
        corner[axis] += step if corner[axis] < 0.5 else -step
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
