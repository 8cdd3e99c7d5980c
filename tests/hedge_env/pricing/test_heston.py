"""Heston's option values and the table of implied volatility."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.pricing import heston
from hedge_env.pricing.heston import (
    HestonLaw,
    HestonSmile,
    heston_smile,
    mean_variance,
    option_values,
    sd_ratio,
)

BUEHLER = HestonLaw(1.0, 0.04, 2.0, -0.7)
MONTH = 30.0 / 365.0


def textbook_call(law: HestonLaw, variance: float, years: float, k: float) -> float:
    """Heston's own two probabilities, with the branch cut kept out of the way."""
    kappa, theta, xi, rho = law

    def characteristic(u: complex) -> complex:
        beta = kappa - rho * xi * 1j * u
        d = np.sqrt(beta**2 + xi**2 * (1j * u + u**2))
        g = (beta - d) / (beta + d)
        gone = np.exp(-d * years)
        a = (beta - d) * years - 2.0 * np.log((1.0 - g * gone) / (1.0 - g))
        b = (beta - d) * (1.0 - gone) / (1.0 - g * gone)
        return complex(np.exp(kappa * theta / xi**2 * a + b * variance / xi**2))

    def chance(shift: complex) -> float:
        def at(u: float) -> float:
            wave = np.exp(-1j * u * k) * characteristic(u + shift) / (1j * u)
            return float(wave.real)

        edges = [1e-9, 10.0, 50.0, 200.0, 1000.0, 5000.0]
        parts = pairwise(edges)
        return 0.5 + sum(quad(at, *p, limit=500)[0] for p in parts) / np.pi

    return chance(-1j) - np.exp(k) * chance(0.0)


def test_the_benchmark_of_buehler_and_others_is_worth_the_published_premium() -> None:
    (value,) = option_values(BUEHLER, 0.04, MONTH, np.zeros(1))
    assert 100.0 * value == pytest.approx(1.6918, abs=5e-5)


@pytest.mark.parametrize("k", [-0.08, -0.02, 0.0, 0.03])
@pytest.mark.parametrize(
    "law", [BUEHLER, HestonLaw(3.0, 0.09, 0.4, 0.3)], ids=["buehler", "mild"]
)
def test_values_are_those_of_hestons_two_probabilities(
    law: HestonLaw, k: float
) -> None:
    call = textbook_call(law, 0.04, MONTH, k)
    expected = call if k > 0.0 else call - (1.0 - np.exp(k))
    (value,) = option_values(law, 0.04, MONTH, np.array([k]))
    assert value == pytest.approx(expected, abs=1e-7)


def test_a_variance_that_hardly_moves_gives_black_and_scholes() -> None:
    law = HestonLaw(2.0, 0.09, 1e-4, -0.5)
    k = np.array([-0.1, 0.0, 0.1])
    sd = np.sqrt(mean_variance(0.04, 0.5, law) * 0.5)
    d1 = -k / sd + sd / 2.0
    call = norm.cdf(d1) - np.exp(k) * norm.cdf(d1 - sd)
    put = call - 1.0 + np.exp(k)
    expected = np.where(k > 0.0, call, put)
    np.testing.assert_allclose(option_values(law, 0.04, 0.5, k), expected, rtol=3e-4)
    still = heston_smile(law._replace(volatility_of_variance=0.0), 0.5)
    np.testing.assert_array_equal(still.ratios, 1.0)


def test_the_mean_variance_starts_at_the_present_one_and_ends_at_the_long_run() -> None:
    law = HestonLaw(2.0, 0.09, 1.0, 0.0)
    assert mean_variance(0.04, 0.0, law) == pytest.approx(0.04)
    assert mean_variance(0.04, 1e-7, law) == pytest.approx(0.04, rel=1e-6)
    assert mean_variance(0.04, 1e6, law) == pytest.approx(0.09, rel=1e-5)
    expected = 0.09 - 0.05 * (1.0 - np.exp(-1.0))
    assert mean_variance(0.04, 0.5, law) == pytest.approx(expected)


@kernel
def _read(x: FloatArray, p: HestonSmile, out: FloatArray) -> None:
    """Ratios at columns (y, state, root of time)."""
    for i in range(out.shape[0]):
        out[i] = sd_ratio(x[0, i], x[1, i], x[2, i], p)


@kernel
def _mean(
    variance: FloatArray, years: FloatArray, p: HestonLaw, out: FloatArray
) -> None:
    for i in range(out.shape[0]):
        out[i] = mean_variance(variance[i], years[i], p)


def table_errors(n: int) -> tuple[FloatArray, FloatArray]:
    """Error of values from the table, over spot and over the standard deviation."""
    rng = np.random.default_rng(0)
    smile = heston_smile(BUEHLER, MONTH)
    variance = np.where(rng.random(n) < 0.5, 10 ** rng.uniform(-6, 0, n), 0.0)
    years = rng.integers(1, 31, n) / 365.0
    total = np.empty(n)
    _mean(variance, years, BUEHLER, total)
    root = np.sqrt(total * years)
    y = 1.5 * rng.standard_normal(n)
    scale = np.sqrt(variance) + np.sqrt(years)  # half xi is one
    ratios = np.empty(n)
    state = np.sqrt(variance) / scale
    _read(np.array([y, state, np.sqrt(years)]), smile, ratios)
    found = np.empty(n)
    heston._fill_values(y * root, ratios * root, found)
    exact = [
        option_values(BUEHLER, v, t, np.array([k]))[0]
        for v, t, k in zip(variance, years, y * root, strict=True)
    ]
    return found - exact, root


def test_values_from_the_table_are_those_of_the_integral() -> None:
    error, root = table_errors(300)
    assert np.abs(error / root).max() < 4e-4
    assert np.abs(error).max() < 2e-5  # 0.2 bp of spot
