"""The search finds the parameters of a model whose statistics are known."""

from typing import Any

import numpy as np

from hedge_env.training.calibrate.fit.moments import (
    Parameter,
    _search,
    fit,
    most_markets,
)
from hedge_env.training.calibrate.statistics.statistic import Statistic

NOISE = np.random.default_rng(4).standard_normal((2, 50))
STATISTICS = (
    Statistic("size", "-", 0.1, ratio=True),
    Statistic("shift", "-", 0.05),
    Statistic("not aimed at", "-", 0.1, fitted=False),
    Statistic("not in the data", "-", 0.1),
)
PARAMETERS = (
    Parameter("a.size", 1.0, 0.1, 100.0),
    Parameter("a.shift", 0.0, -5.0, 5.0, scale=1.0),
)


def simulate(changes: dict[str, Any]) -> dict[str, np.ndarray]:
    size, shift = changes["a"]["size"], changes["a"]["shift"]
    return {
        "size": size**2 * np.exp(0.1 * NOISE[0]),
        "shift": shift + 0.3 * np.log(size) + 0.2 * NOISE[1],
        "not aimed at": np.full(50, np.nan),
        "not in the data": np.full(50, np.nan),
    }


def test_the_parameters_behind_the_statistics_are_found_with_their_errors() -> None:
    truth = simulate({"a": {"size": 7.0, "shift": -2.0}})
    data = {s.name: s.mean(truth[s.name]) for s in STATISTICS[:2]}
    estimate = fit(PARAMETERS, STATISTICS, data, simulate, most_steps=10)
    assert abs(estimate.values["a.size"] - 7.0) < 0.02
    assert abs(estimate.values["a.shift"] + 2.0) < 0.01
    assert estimate.loss < 1e-3
    # Of one history: log size has half the deviation of log size^2.
    sd = 0.1 * NOISE[0].std(ddof=1) * np.sqrt(1.02)
    np.testing.assert_allclose(estimate.errors["a.size"] / 7.0, sd / 2.0, rtol=0.01)


def test_a_bound_is_kept() -> None:
    data = {"size": 1e9, "shift": 0.0}
    estimate = fit(PARAMETERS, STATISTICS, data, simulate, most_steps=20)
    assert estimate.values["a.size"] <= 100.0


def test_a_statistic_that_is_undefined_does_not_stop_the_search() -> None:
    def broken(changes: dict[str, Any]) -> dict[str, np.ndarray]:
        values = simulate(changes)
        return values | {"size": np.full(50, np.nan)}

    estimate = fit(PARAMETERS, STATISTICS, {"size": 4.0, "shift": 1.0}, broken)
    assert np.isfinite(list(estimate.values.values())).all()


def test_the_search_starts_at_the_best_of_its_places() -> None:
    truth = simulate({"a": {"size": 7.0, "shift": -2.0}})
    data = {s.name: s.mean(truth[s.name]) for s in STATISTICS[:2]}
    other = {"a.size": 7.0, "a.shift": -2.0}
    alone = fit(PARAMETERS, STATISTICS, data, simulate, most_steps=0)
    better = fit(PARAMETERS, STATISTICS, data, simulate, starts=[other], most_steps=0)
    worse = fit(
        PARAMETERS, STATISTICS, data, simulate, starts=[{"a.size": 50.0}], most_steps=0
    )
    assert better.loss < 1e-12 < alone.loss
    assert worse.loss == alone.loss


def test_a_parameter_that_statistics_hardly_feel_moves_as_far_as_they_ask() -> None:
    # The shift is felt a hundredth as much as the size, and there is no other trace of
    # it: six steps are enough for both all the same.
    dull = (STATISTICS[0], Statistic("shift", "-", 20.0))
    truth = simulate({"a": {"size": 7.0, "shift": -2.0}})
    data = {s.name: s.mean(truth[s.name]) for s in dull}
    estimate = fit(PARAMETERS, dull, data, simulate)
    assert abs(estimate.values["a.size"] - 7.0) < 0.02
    assert abs(estimate.values["a.shift"] + 2.0) < 0.01


def test_a_parameter_that_no_statistic_feels_stays_where_it_starts() -> None:
    idle = (*PARAMETERS, Parameter("a.idle", 3.0, 0.1, 9.0))
    truth = simulate({"a": {"size": 7.0, "shift": -2.0}})
    data = {s.name: s.mean(truth[s.name]) for s in STATISTICS[:2]}
    estimate = fit(idle, STATISTICS, data, simulate)
    assert abs(estimate.values["a.size"] - 7.0) < 0.02
    assert abs(estimate.values["a.idle"] - 3.0) < 1e-9


def test_the_search_goes_on_until_a_new_derivative_gains_nothing() -> None:
    # A valley that bends: a derivative of two steps ago points across it.
    def valley(x: np.ndarray) -> np.ndarray:
        return np.array([3.0 * (x[1] - x[0] ** 2), 1.0 - x[0]])

    count = 0

    def counted(x: np.ndarray) -> np.ndarray:
        nonlocal count
        count += 1
        return valley(x)

    bounds = np.array([[-3.0, 3.0], [-3.0, 9.0]])
    x, derivative = _search(counted, np.array([-1.9, 2.0]), bounds, 60)
    np.testing.assert_allclose(x, 1.0, atol=0.02)
    # The errors are of the place where it ends, with steps of 0.08 upwards.
    slopes = [[-3.0 * (2.0 * x[0] + 0.08), 3.0], [-1.0, 0.0]]
    np.testing.assert_allclose(derivative, slopes, rtol=1e-6, atol=1e-9)
    assert count <= most_markets(2, 60)
