"""The variance that factors of volatility let one expect."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from hedge_env.config import ConstantVolatility, LogOuVolatility
from hedge_env.market.volatility.factors import volatility_params
from hedge_env.market.volatility.fair_variance import fair_variance_table
from tests.hedge_env.market.volatility.test_factors import (
    THREE_FACTORS,
    TWO_FACTORS,
    N,
    Paths,
    still,
)


def expected_variance(days: float, fast: float, slow: float) -> float:
    """Exact expected mean variance, by integrating a log-normal's mean."""

    def at(time: float) -> float:
        left_fast, left_slow = 0.5 ** (time / 5.0), 0.5 ** (time / 100.0)
        mean = left_fast * fast + left_slow * slow
        variance = 0.35**2 * (1 - left_fast**2) + 0.25**2 * (1 - left_slow**2)
        return float(0.36 * np.exp(2.0 * mean + 2.0 * variance))

    return quad(at, 0.0, days, epsabs=1e-14)[0] / days if days > 0.0 else at(0.0)


def fair(table: np.ndarray, fast: float, slow: float) -> np.ndarray:
    base, scale, fast_loading, slow_loading = table[:4]
    factors = fast_loading * fast + slow_loading * slow
    return np.asarray(base + scale * np.exp(2.0 * factors))


HORIZONS = np.array([0.0, 1 / 6, 1.0, 7.0, 30.0, 90.0])


def test_fair_variance_of_constant_volatility_is_its_square_and_that_of_jumps() -> None:
    table = fair_variance_table(ConstantVolatility(level=0.6), HORIZONS, 0.04, 0.0)
    np.testing.assert_allclose(fair(table, 1.0, 1.0), 0.36 + 0.04, rtol=1e-15)
    moving = fair_variance_table(still(0.6), HORIZONS, 0.04, 0.0)
    np.testing.assert_allclose(fair(moving, 0.0, 0.0), 0.36 + 0.04, rtol=1e-14)


def test_fair_variance_now_is_the_present_variance() -> None:
    table = fair_variance_table(TWO_FACTORS, np.zeros(1), 0.0, 0.35)
    np.testing.assert_allclose(table[:, 0], [0.0, 0.36, 1.0, 1.0, 0.0], rtol=1e-14)


def test_fair_variance_of_eternity_is_the_mean_variance() -> None:
    table = fair_variance_table(TWO_FACTORS, np.array([1e5]), 0.0, 0.35)
    eternal = 0.36 * np.exp(2.0 * (0.35**2 + 0.25**2))
    assert fair(table, 0.0, 0.0)[0] == pytest.approx(eternal, rel=2e-3)
    assert np.abs(table[2:]).max() < 0.01


def test_fair_variance_is_exact_at_the_median_of_the_factors() -> None:
    table = fair_variance_table(TWO_FACTORS, HORIZONS, 0.0, 0.35)
    exact = [expected_variance(days, 0.0, 0.0) for days in HORIZONS]
    np.testing.assert_allclose(fair(table, 0.0, 0.0), exact, rtol=1e-6)


@pytest.mark.parametrize("number", [0, 1])
def test_fair_variance_is_exact_to_first_order_in_the_factors(number: int) -> None:
    table = fair_variance_table(TWO_FACTORS, HORIZONS, 0.0, 0.35)
    up, down = np.zeros(2), np.zeros(2)
    up[number], down[number] = 1e-4, -1e-4
    slope = (np.log(fair(table, *up)) - np.log(fair(table, *down))) / 2e-4
    exact = [
        np.log(expected_variance(d, *up) / expected_variance(d, *down)) / 2e-4
        for d in HORIZONS
    ]
    np.testing.assert_allclose(slope, exact, rtol=1e-4)


def test_fair_variance_is_within_a_tenth_two_deviations_away() -> None:
    table = fair_variance_table(TWO_FACTORS, HORIZONS, 0.0, 0.35)
    for fast, slow in ((0.7, 0.5), (-0.7, -0.5), (0.7, -0.5)):
        exact = [expected_variance(days, fast, slow) for days in HORIZONS]
        np.testing.assert_allclose(fair(table, fast, slow), exact, rtol=0.1)


@pytest.mark.slow
def test_fair_variance_is_the_mean_over_simulated_paths() -> None:
    paths = Paths(volatility_params(TWO_FACTORS, None, 0.0, 0.25), stationary=False)
    total = np.zeros(N)
    for _ in range(4 * 30):
        before = paths.volatility.copy()
        paths.step()
        total += 0.5 * (before**2 + paths.volatility**2) / (4 * 30)  # trapezoid
    table = fair_variance_table(TWO_FACTORS, np.array([30.0]), 0.0, 0.35)
    error = total.std() / np.sqrt(N)
    assert abs(total.mean() - fair(table, 0.0, 0.0)[0]) < 4 * error


def test_an_intraday_factor_is_gone_from_the_variance_of_a_month() -> None:
    table = fair_variance_table(THREE_FACTORS, np.array([0.0, 1 / 24, 30.0]), 0.0, 0.35)
    assert table[4, 0] == pytest.approx(1.0)
    assert 0.85 < table[4, 1] < 1.0
    assert table[4, 2] < 0.02
    two = fair_variance_table(TWO_FACTORS, np.array([30.0]), 0.0, 0.35)
    assert table[1, 2] / two[1, 0] == pytest.approx(np.exp(2.0 * 0.5**2), rel=0.02)


def test_an_intraday_factor_without_deviation_changes_nothing() -> None:
    silent = TWO_FACTORS.model_dump() | {"intraday": {"half_life_days": 1.0, "sd": 0.0}}
    three = LogOuVolatility.model_validate(silent)
    table = fair_variance_table(three, HORIZONS, 0.1, 0.35)
    two = fair_variance_table(TWO_FACTORS, HORIZONS, 0.1, 0.35)
    np.testing.assert_array_equal(table, two)
