r"""Simulated method of moments with common random numbers.

Parameters :math:`\theta` minimise the squared differences between the statistics of
simulated histories and of the data, each in units of its tolerance,

.. math:: \min_\theta \sum_k \left( \frac{m_k(\theta) - \hat m_k}{t_k} \right)^2

With the same random numbers at every :math:`\theta` this is smooth enough for
Gauss-Newton with Marquardt's damping: to the diagonal of :math:`D^T D` a multiple of
itself is added, so that a step does not depend on the unit of a parameter, and one
that the statistics hardly feel still moves as far as they ask. The standard errors
follow from the derivative :math:`D` of the scaled statistics and their covariance
:math:`V` between histories of the data's length,

.. math:: (D^T D)^{-1} D^T V D (D^T D)^{-1} (1 + 1/n)

Source: McFadden (1989), "A method of simulated moments for estimation of discrete
response models without numerical integration", Econometrica 57(5). Marquardt (1963),
"An algorithm for least-squares estimation of nonlinear parameters", SIAM 11(2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.training.calibrate.statistics.statistic import WEIGHT, Statistic, Values

_STEP = 0.08  # of the finite differences, on the scale of the search: wide, because
# counts of jumps change in steps
_DAMPINGS = (0.001, 0.01, 0.1, 1.0)  # times the diagonal of the squared derivative
_LEAST_FELT = 1e-6  # of that diagonal over its mean: what nothing feels stays
_OLDEST = 2  # steps that a derivative is updated for, before it is taken anew
_LONGEST_STEP = 0.7  # on the scale of the search
_GAIN = 0.002  # of the loss, below which the search stops
_FARTHEST = 20.0  # tolerances: a statistic that is undefined counts as this far off


@dataclass(frozen=True)
class Parameter:
    """One number of the config that is fitted.

    Attributes:
        key: Dotted key below `market`.
        start: Where the search starts.
        low: Least value.
        high: Largest value.
        scale: What counts as a change of one if the search is not in its logarithm;
            zero: it is.
    """

    key: str
    start: float
    low: float
    high: float
    scale: float = 0.0

    def to_search(self, value: float) -> float:
        """Coordinate of a value in the search."""
        value = min(max(value, self.low), self.high)
        return value / self.scale if self.scale else float(np.log(value))

    def from_search(self, x: float) -> float:
        """Value at a coordinate of the search."""
        value = float(x) * self.scale if self.scale else float(np.exp(x))
        return min(max(value, self.low), self.high)


@dataclass(frozen=True)
class Estimate:
    """Fitted parameters with standard errors.

    Attributes:
        values: Key -> value.
        errors: Key -> standard error, in the parameter's own unit.
        loss: Sum of squared differences in tolerances.
        evaluations: Markets that were simulated.
    """

    values: Mapping[str, float]
    errors: Mapping[str, float]
    loss: float
    evaluations: int


Simulate = Callable[[dict[str, Any]], Values]
"""Changes of the market, nested -> statistics of simulated histories."""


def fit(
    parameters: Sequence[Parameter],
    statistics: Sequence[Statistic],
    data: Mapping[str, float],
    simulate: Simulate,
    *,
    starts: Sequence[Mapping[str, float]] = (),
    most_steps: int = 6,
    advance: Callable[..., None] = lambda *args, **kwargs: None,
) -> Estimate:
    """Fit parameters to the statistics that the data have and that are fitted.

    Args:
        parameters: What to fit.
        statistics: What to aim at.
        data: Name -> value in the data.
        simulate: Statistics of a market with changed keys.
        starts: Key -> value where the search might start as well; it starts where the
            differences are least.
        most_steps: Gauss-Newton steps at most.
        advance: Called once per simulated market.
    """
    aims = [s for s in statistics if s.fitted and np.isfinite(data.get(s.name, np.nan))]
    count = 0

    def differences(x: FloatArray) -> FloatArray:
        nonlocal count
        count += 1
        advance(1)
        values = simulate(nested(parameters, x))
        return np.array([_difference(s, values, data[s.name]) for s in aims])

    bounds = np.array([(p.to_search(p.low), p.to_search(p.high)) for p in parameters])
    places = [
        np.array([p.to_search(other.get(p.key, p.start)) for p in parameters])
        for other in ({}, *starts)
    ]
    start = min(places, key=lambda x: _loss(differences(x))) if starts else places[0]
    best, derivative = _search(differences, start, bounds, most_steps)
    final = simulate(nested(parameters, best))
    sd = _standard_errors(derivative, _covariance(aims, final))
    values = {p.key: p.from_search(x) for p, x in zip(parameters, best, strict=True)}
    errors = {
        p.key: float(s * (p.scale or values[p.key]))
        for p, s in zip(parameters, sd, strict=True)
    }
    off = np.array([_difference(s, final, data[s.name]) for s in aims])
    return Estimate(values, errors, _loss(off), count)


def most_markets(n_parameters: int, most_steps: int, n_starts: int = 0) -> int:
    """Markets that a fit simulates at most."""
    derivatives = 2 + most_steps // 2
    first = n_starts + 1 if n_starts else 0
    return 2 + first + n_parameters * derivatives + len(_DAMPINGS) * most_steps


def _search(
    function: Callable[[FloatArray], FloatArray],
    x: FloatArray,
    bounds: FloatArray,
    most_steps: int,
) -> tuple[FloatArray, FloatArray]:
    """Gauss-Newton with several dampings tried at each step; (best, derivative)."""
    low, high = bounds.T
    value = function(x)
    derivative, age = _derivative(function, x, value, high), 0
    for _ in range(most_steps):
        square, slope = derivative.T @ derivative, derivative.T @ value
        own = np.diag(square)
        unit = np.diag(np.maximum(own, _LEAST_FELT * own.mean() + 1e-9))
        trials = []
        for damping in _DAMPINGS:
            step = -np.linalg.solve(square + damping * unit, slope)
            step = np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
            trial = np.clip(x + step, low, high)
            trials.append((function(trial), trial))
        best, trial = min(trials, key=lambda pair: _loss(pair[0]))
        gain, was = _loss(value) - _loss(best), age
        enough = gain < _GAIN * _loss(value)
        if gain > 0.0:
            derivative = _updated(derivative, trial - x, best - value)
            value, x, age = best, trial, age + 1
        if enough and was == 0:
            break
        if enough or age == _OLDEST:
            # Only a derivative that is no approximation may say that nothing is gained.
            derivative, age = _derivative(function, x, value, high), 0
    if age:
        derivative = _derivative(function, x, value, high)  # it gives the errors
    return x, derivative


def _updated(
    derivative: FloatArray, step: FloatArray, change: FloatArray
) -> FloatArray:
    """Broyden's rank-one update, which costs no simulation."""
    off = change - derivative @ step
    return np.asarray(derivative + np.outer(off, step) / (step @ step))


def _loss(differences: FloatArray) -> float:
    return float(differences @ differences)


def nested(parameters: Sequence[Parameter], x: FloatArray) -> dict[str, Any]:
    """Changes of the market as nested mappings."""
    document: dict[str, Any] = {}
    for parameter, value in zip(parameters, x, strict=True):
        put(document, parameter.key, parameter.from_search(value))
    return document


def put(document: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key in nested mappings."""
    *parents, last = key.split(".")
    for parent in parents:
        document = document.setdefault(parent, {})
    document[last] = value


def _difference(statistic: Statistic, values: Values, data: float) -> float:
    mean = statistic.mean(values[statistic.name], values.get(WEIGHT))
    off = statistic.difference(mean, data)
    return off if np.isfinite(off) else _FARTHEST


def _derivative(
    function: Callable[[FloatArray], FloatArray],
    x: FloatArray,
    value: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """Differences with a wide step upwards, downwards where a bound is near."""
    columns = []
    for k in range(x.size):
        moved = x.copy()
        moved[k] += _STEP if x[k] + _STEP <= high[k] else -_STEP
        columns.append((function(moved) - value) / (moved[k] - x[k]))
    return np.stack(columns, axis=1)


def _covariance(aims: Sequence[Statistic], values: Values) -> FloatArray:
    """Covariance of the scaled statistics of one history, times 1 + 1/n."""
    rows = np.stack([s.scale(values[s.name]) / s.tolerance for s in aims])
    known = np.isfinite(rows)
    total = np.where(known, rows, 0.0).sum(axis=1, keepdims=True)
    # A history without a value tells nothing: it counts as the mean.
    rows = np.where(known, rows, total / np.maximum(known.sum(1, keepdims=True), 1))
    n = rows.shape[1]
    return np.asarray(np.atleast_2d(np.cov(rows)) * (1.0 + 1.0 / n))


def _standard_errors(derivative: FloatArray, spread: FloatArray) -> FloatArray:
    gain = np.linalg.pinv(derivative)
    return np.asarray(np.sqrt(np.maximum(np.diag(gain @ spread @ gain.T), 0.0)))
