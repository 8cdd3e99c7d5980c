"""Everlasting options and power perpetuals against published marks and integrals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.pricing.perpetual_options import (
    everlasting_delta,
    everlasting_gamma,
    everlasting_root,
    everlasting_sum,
    everlasting_time_value,
    everlasting_vega,
    power_growth,
    power_markup,
)

STRIKE, SIGMA, WEEK = 50_000.0, 1.0, 7.0 / 365.0


@kernel
def _everlasting(
    spot: FloatArray, strike: float, sigma: float, period: float, call: bool
) -> FloatArray:
    out = np.empty((4, spot.size))
    for i in range(spot.size):
        k, root = np.log(spot[i] / strike), everlasting_root(sigma * sigma * period)
        extra = everlasting_time_value(k, strike, root)
        out[0, i] = extra
        out[1, i] = everlasting_delta(extra, k, spot[i], root, call)
        out[2, i] = everlasting_gamma(extra, spot[i], root)
        out[3, i] = everlasting_vega(extra, k, root, sigma)
    return out


@kernel
def _sums(
    spot: FloatArray,
    strike: float,
    sigma: float,
    period: float,
    payments: int,
    since: float,
) -> FloatArray:
    out = np.empty((4, spot.size))
    for i in range(spot.size):
        found = everlasting_sum(spot[i], strike, sigma, period, payments, since)
        out[0, i], out[1, i], out[2, i], out[3, i] = found
    return out


@kernel
def _markup(
    power: float, sigma: float, period: float, payments: int, since: float
) -> tuple[float, float]:
    return power_markup(power_growth(power, sigma), period, payments, since)


def everlasting(spot, sigma=SIGMA, call=True) -> FloatArray:
    """Time value, delta, gamma and vega, shape (4, n)."""
    return _everlasting(np.atleast_1d(np.float64(spot)), STRIKE, sigma, WEEK, call)


def sums(spot, payments, sigma=SIGMA, since=0.0) -> FloatArray:
    spots = np.atleast_1d(np.float64(spot))
    return _sums(spots, STRIKE, sigma, WEEK, payments, since)


def black_scholes_call(spot: float, time: float, sigma: float) -> float:
    sd = sigma * np.sqrt(time)
    d1 = np.log(spot / STRIKE) / sd + sd / 2.0
    return float(spot * norm.cdf(d1) - STRIKE * norm.cdf(d1 - sd))


@pytest.mark.parametrize(
    ("spot", "value"),
    [(40_000.0, 223.366704), (50_000.0, 2445.162142), (60_000.0, 10_415.267345)],
)
def test_marks_are_the_published_ones(spot: float, value: float) -> None:
    mark = max(spot - STRIKE, 0.0) + everlasting(spot)[0, 0]
    assert mark == pytest.approx(value, abs=5e-7)


def test_greeks_and_funding_are_the_published_ones() -> None:
    extra, delta, gamma, _ = everlasting(45_000.0)[:, 0]
    assert delta == pytest.approx(0.18825530, abs=5e-9)
    assert gamma == pytest.approx(4.0681010659e-5, rel=5e-11)
    assert extra / WEEK == pytest.approx(41_189.5233, abs=5e-5)


@pytest.mark.parametrize(
    ("payments", "value"), [(1, 569.9509), (7, 266.5430), (168, 225.1216)]
)
def test_marks_with_a_few_payments_are_the_published_ones(payments, value) -> None:
    assert sums(40_000.0, payments)[0, 0] == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize("spot", [30_000.0, 49_000.0, 50_000.0, 70_000.0])
def test_the_mark_is_a_mean_of_european_values(spot: float) -> None:
    def weighted(t: float) -> float:
        return np.exp(-t) * black_scholes_call(spot, t * WEEK, SIGMA)

    mean = sum(quad(weighted, a, b)[0] for a, b in [(0, 0.1), (0.1, 2), (2, 40)])
    mark = max(spot - STRIKE, 0.0) + everlasting(spot)[0, 0]
    assert mark == pytest.approx(mean, rel=1e-6)


def test_funding_is_what_gamma_costs() -> None:
    """An identity, so that a hedger at delta gains and loses nothing on average."""
    spots = np.linspace(20_000.0, 120_000.0, 41)
    extra, _, gamma, _ = everlasting(spots, 0.7)
    cost = 0.5 * 0.7**2 * spots**2 * gamma
    np.testing.assert_allclose(extra / WEEK, cost, rtol=1e-12)


@pytest.mark.parametrize("call", [True, False])
def test_greeks_are_derivatives(call: bool) -> None:
    spots = np.array([35_000.0, 48_000.0, 53_000.0, 80_000.0])

    def mark(spot, sigma=SIGMA):
        gain = spot - STRIKE if call else STRIKE - spot
        return np.maximum(gain, 0.0) + everlasting(spot, sigma)[0]

    step = 0.5
    up, down, here = (
        mark(spots + step),
        mark(spots - step),
        everlasting(spots, call=call),
    )
    np.testing.assert_allclose((up - down) / (2 * step), here[1], rtol=1e-6)
    slope = (
        everlasting(spots + step, call=call)[1]
        - everlasting(spots - step, call=call)[1]
    )
    np.testing.assert_allclose(slope / (2 * step), here[2], rtol=1e-6)
    bent = (mark(spots, SIGMA + 1e-5) - mark(spots, SIGMA - 1e-5)) / 2e-5
    np.testing.assert_allclose(bent, here[3], rtol=1e-6)


def test_greeks_of_sums_are_derivatives() -> None:
    spots, step = np.array([45_000.0, 52_000.0]), 0.5
    here = sums(spots, 7, since=WEEK / 14.0)
    up, down = (sums(spots + s, 7, since=WEEK / 14.0) for s in (step, -step))
    np.testing.assert_allclose((up[0] - down[0]) / (2 * step), here[1], rtol=1e-7)
    np.testing.assert_allclose((up[1] - down[1]) / (2 * step), here[2], rtol=1e-5)
    bent = sums(spots, 7, SIGMA + 1e-5, WEEK / 14.0) - sums(
        spots, 7, SIGMA - 1e-5, WEEK / 14.0
    )
    np.testing.assert_allclose(bent[0] / 2e-5, here[3], rtol=1e-6)


def test_more_and_more_payments_are_funding_all_the_time() -> None:
    limit = everlasting(45_000.0)[0, 0]
    far, near = (abs(sums(45_000.0, n)[0, 0] - limit) for n in (24, 48))
    assert near < 0.6 * far < 0.05 * limit


@pytest.mark.parametrize(
    ("power", "sigma", "days", "markup"),
    [
        (2.0, 0.8, 17.5, 1.03165630),
        (0.5, 0.8, 17.5, 0.99617904),
    ],
)
def test_power_perpetuals_have_the_published_markup(power, sigma, days, markup) -> None:
    found, _ = _markup(power, sigma, days / 365.0, 0, 0.0)
    assert found == pytest.approx(markup, abs=5e-9)


def test_funding_of_squeeth_is_the_published_one() -> None:
    period = 17.5 / 365.0
    markup, _ = _markup(2.0, 0.8, period, 0, 0.0)
    assert (markup - 1.0) / 17.5 == pytest.approx(0.00180893, abs=5e-9)
    gamma = 2.0 * markup  # at S = 1
    assert (markup - 1.0) / period == pytest.approx(0.5 * 0.64 * gamma, rel=1e-12)


def test_a_daily_payment_is_the_published_markup() -> None:
    found, _ = _markup(2.0, 1.0, 1.0 / 365.0, 1, 0.0)
    assert found == pytest.approx(1.00550206, abs=5e-9)
    assert found == pytest.approx(1.0 / (2.0 * np.exp(-1.0 / 365.0) - 1.0), rel=1e-13)


@pytest.mark.parametrize("payments", [0, 1, 5])
def test_the_slope_of_the_markup_is_a_derivative(payments: int) -> None:
    period, since = 17.5 / 365.0, 0.0 if payments == 0 else 0.005
    growth = [power_growth_of(sigma) for sigma in (0.8 - 1e-5, 0.8 + 1e-5)]
    low, high = (
        _markup(2.0, s, period, payments, since)[0] for s in (0.79999, 0.80001)
    )
    _, slope = _markup(2.0, 0.8, period, payments, since)
    found = np.log(high / low) / (growth[1] - growth[0])
    assert slope == pytest.approx(found, rel=1e-6)


def power_growth_of(sigma: float) -> float:
    return sigma**2  # of the square: p (p - 1) / 2 = 1


@pytest.mark.parametrize("payments", [0, 3, 48])
def test_the_markup_of_a_volatility_that_cannot_last_is_cut_off(payments: int) -> None:
    found, _ = _markup(2.0, 9.0, 17.5 / 365.0, payments, 0.0)
    assert found == pytest.approx(4.0 / 3.0, rel=1e-12)
