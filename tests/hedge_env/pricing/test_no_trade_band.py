"""No-trade bands: published values, limits, and a numerical minimum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from hedge_env.base import field
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.pricing.no_trade_band import (
    fill_effective_risk_aversion,
    fixed_and_proportional_band,
    fixed_cost_half_width,
    whalley_wilmott_half_width,
)
from tests.support.examples import full_config


def band(
    gamma: float, spot: float, fixed: float, rate: float, g: float
) -> tuple[float, float]:
    """Half-width and inner target of one option."""
    half_width, inner = fixed_and_proportional_band(
        np.array([gamma]), np.array([spot]), fixed, rate, g
    )
    return float(half_width[0]), float(inner[0])


def running_cost(
    h: float, w: float, gamma: float, spot: float, fixed: float, rate: float, g: float
) -> float:
    """Long-run cost and risk of trading from h back to w, per sigma^2 S^2 of time."""
    cost = gamma**2 * (fixed + rate * spot * (h - w)) / (h**2 - w**2)
    return g / 12.0 * (h**2 + w**2) + cost


def test_the_golden_value_of_whalley_and_wilmott_is_reproduced() -> None:
    half_width = whalley_wilmott_half_width(
        np.array([0.02]), np.array([5000.0]), 0.0005, 1.0
    )
    assert half_width[0] == pytest.approx(0.114471, abs=5e-7)


def test_a_proportional_cost_alone_gives_whalley_and_wilmott_and_trade_to_the_edge():
    for gamma, spot, rate, g in ((0.02, 100.0, 1e-3, 0.1), (3.0, 1.0, 5e-4, 30.0)):
        half_width, inner = band(gamma, spot, 0.0, rate, g)
        expected = (1.5 * rate * spot * gamma**2 / g) ** (1 / 3)
        assert half_width == pytest.approx(expected, rel=1e-12)
        assert inner == pytest.approx(half_width, rel=1e-12)


def test_a_fixed_cost_alone_gives_the_fourth_root_and_trade_to_the_centre() -> None:
    gamma = np.array([0.02, 3.0])
    half_width = fixed_cost_half_width(gamma, 2e-4, 20.0)
    expected = (12.0 * 2e-4 * gamma**2 / 20.0) ** 0.25
    np.testing.assert_allclose(half_width, expected, rtol=1e-12)
    minimiser, inner = band(3.0, 1.0, 2e-4, 0.0, 20.0)
    assert minimiser == pytest.approx(expected[1], rel=1e-12)
    assert abs(inner) < 1e-12 * half_width[1]


@pytest.mark.parametrize("fixed", [1e-8, 1e-6, 2e-4, 1e-2])
@pytest.mark.parametrize("rate", [1e-6, 5e-4, 1e-2])
@pytest.mark.parametrize("g", [1.0, 33.6, 500.0])
def test_the_band_is_the_minimum_that_scipy_finds(
    fixed: float, rate: float, g: float
) -> None:
    gamma, spot = 1.7, 1.1
    half_width, inner = band(gamma, spot, fixed, rate, g)
    assert 0.0 <= inner < half_width
    scale = half_width

    def objective(x: np.ndarray) -> float:
        w, gap = np.exp(x) * scale
        return running_cost(w + gap, w, gamma, spot, fixed, rate, g)

    best = min(
        (
            minimize(
                objective,
                np.log(start),
                method="Nelder-Mead",
                options={"xatol": 1e-9, "fatol": 1e-18, "maxiter": 4000},
            )
            for start in ([0.5, 0.5], [0.01, 1.0])
        ),
        key=lambda result: result.fun,
    )
    here = running_cost(half_width, inner, gamma, spot, fixed, rate, g)
    assert here <= best.fun * (1.0 + 1e-10)
    w, gap = np.exp(best.x) * scale
    assert half_width == pytest.approx(w + gap, rel=1e-3)
    assert inner == pytest.approx(w, rel=1e-3, abs=1e-3 * half_width)


positive = st.floats(-12.0, 3.0).map(lambda x: 10.0**x)


@given(gamma=positive, spot=positive, fixed=positive, rate=positive, g=positive)
@settings(max_examples=200)
def test_the_band_solves_its_equation_for_any_numbers(
    gamma: float, spot: float, fixed: float, rate: float, g: float
) -> None:
    half_width, inner = band(gamma, spot, fixed, rate, g)
    assert 0.0 <= inner <= half_width
    p = half_width + inner
    a3, b4 = 12 * gamma**2 * rate * spot / g, 12 * gamma**2 * fixed / g
    assert p**9 == pytest.approx((a3 + np.cbrt(b4**2 * p)) ** 3, rel=1e-8)
    # The difference of two nearly equal numbers keeps the rounding of either.
    rounding = 1e-14 * p * np.cbrt(p)
    assert (half_width - inner) * np.cbrt(p) == pytest.approx(
        np.cbrt(b4), rel=1e-9, abs=rounding
    )


def test_without_gamma_or_without_cost_the_band_closes() -> None:
    for gamma, fixed, rate in ((0.0, 2e-4, 5e-4), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0)):
        half_width, inner = band(gamma, 1.0, fixed, rate, 10.0)
        assert 0.0 <= inner <= half_width < 1e-40


def test_the_sign_of_gamma_does_not_matter_and_units_cancel() -> None:
    assert band(-1.3, 1.0, 2e-4, 5e-4, 20.0) == band(1.3, 1.0, 2e-4, 5e-4, 20.0)
    # In another currency unit x: S and F grow by x, gamma and g shrink by it.
    one, other = band(1.3, 1.0, 2e-4, 5e-4, 20.0), band(0.013, 100.0, 0.02, 5e-4, 0.2)
    assert other == pytest.approx(one, rel=1e-12)


def test_bands_widen_with_cost_and_gamma_and_narrow_with_risk_aversion() -> None:
    base = {"gamma": 1.0, "spot": 1.0, "fixed": 2e-4, "rate": 5e-4, "g": 20.0}
    start = band(**base)[0]
    for name in ("gamma", "spot", "fixed", "rate"):
        assert band(**(base | {name: 2.0 * base[name]}))[0] > start
    assert band(**(base | {"g": 40.0}))[0] < start


@pytest.mark.parametrize("g", [0.0, -1.0])
def test_a_risk_aversion_that_is_not_positive_is_refused(g: float) -> None:
    with pytest.raises(ValueError, match="risk_aversion must be positive"):
        band(1.0, 1.0, 2e-4, 5e-4, g)


def effective(aversion: float, cost: float, scale: float = 1.68) -> float:
    out = np.empty(1)
    fill_effective_risk_aversion(np.log([aversion]), np.array([cost]), scale, out)
    return float(out[0])


@pytest.mark.parametrize(("aversion", "best"), [(2, 4.64), (10, 33.6), (50, 248.0)])
def test_effective_risk_aversion_fits_the_best_bands(
    aversion: float, best: float
) -> None:
    assert effective(aversion, 2e-4) == pytest.approx(best, rel=0.02)


def test_effective_risk_aversion_falls_with_the_fixed_cost() -> None:
    assert effective(10.0, 2e-4) == pytest.approx(2 * 1.68 * 10.0, rel=1e-12)
    ratio = effective(10.0, 0.0) / effective(10.0, 2e-4)
    assert ratio == pytest.approx((0.05 / 1.05) ** -0.2, rel=1e-12)
    assert effective(10.0, 2e-3) < effective(10.0, 2e-4)


@pytest.mark.parametrize("preset", ["reference", "ethereum-l1", "deribit", "full"])
def test_position_rows_follow_from_the_market_rows(preset: str) -> None:
    config = full_config() if preset == "full" else load_config(preset)
    batch = HedgeBatch(config, 300)
    batch.reset(np.arange(300))
    rng = np.random.default_rng(0)
    for step in range(config.episode.decisions):
        if step % 7 == 0 or step == config.episode.decisions - 1:
            check_position(batch)
        batch.advance(rng.uniform(-1.0, 1.0, (300, 1)))
    check_position(batch)


def check_position(batch: HedgeBatch) -> None:
    rows = {name: batch.rows[i] for i, name in enumerate(field.FIELDS)}
    aversion, fixed = rows["risk_aversion"], rows["fixed_cost"]
    np.testing.assert_allclose(rows["log_risk_aversion"], np.log(aversion), rtol=1e-13)
    g = 2 * batch.config.action.risk_scale * 10.0 * (aversion / 10.0) ** 1.235
    g *= ((rows["mean_fixed_cost"] / 2e-4 + 0.05) / 1.05) ** -0.2
    np.testing.assert_allclose(rows["band_risk_aversion"], g, rtol=1e-12)
    costs = (fixed, rows["proportional_cost"])
    h, w = fixed_and_proportional_band(rows["gamma"], rows["spot"], *costs, g)
    np.testing.assert_allclose(rows["band_half_width"], h, rtol=1e-10, atol=1e-45)
    np.testing.assert_allclose(rows["band_inner"], w, rtol=1e-10, atol=1e-12)
    error = rows["holdings"] - rows["delta"]
    np.testing.assert_array_equal(rows["hedge_error"], error)
    place = np.clip(error / (h + 1e-12), -100.0, 100.0)
    np.testing.assert_allclose(rows["band_position"], place, rtol=1e-9, atol=1e-12)
    risk = aversion * (error * rows["implied_volatility"] * rows["spot"]) ** 2
    worth = np.minimum(risk * rows["time_to_maturity"] / (fixed + 1e-12), 1e6)
    np.testing.assert_allclose(rows["worth"], worth, rtol=1e-12, atol=1e-300)
