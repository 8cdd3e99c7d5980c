import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import norm

from tests.hedge_env.pricing.evaluate import call

SPOTS, STRIKES, SDS = (
    a.ravel()
    for a in np.meshgrid(
        [0.2, 0.9, 1.0, 1.1, 5.0], [0.5, 1.0, 1.3], [1e-6, 0.01, 0.2, 1.0, 3.0]
    )
)


def test_an_option_without_volatility_is_its_payoff() -> None:
    spot = np.array([0.5, 0.999999, 1.000001, 2.0])
    option = call(spot, 1.0, 0.0, years=0.0)
    np.testing.assert_allclose(option.value, np.maximum(spot - 1.0, 0.0), atol=1e-16)
    np.testing.assert_array_equal(option.delta, spot > 1.0)
    np.testing.assert_array_equal(option.gamma, 0.0)
    np.testing.assert_array_equal(option.vega, 0.0)


def test_at_the_money_without_volatility_delta_is_a_half_and_all_is_finite() -> None:
    option = call(1.0, 1.0, 0.0)
    assert option.value[0] == pytest.approx(0.0, abs=1e-8)
    assert option.delta[0] == pytest.approx(0.5, abs=1e-8)
    assert np.isfinite(option).all()


def test_values_and_greeks_agree_with_scipy() -> None:
    option = call(SPOTS, STRIKES, SDS, years=0.25)
    d1 = np.log(SPOTS / STRIKES) / SDS + SDS / 2.0
    value = SPOTS * ndtr(d1) - STRIKES * ndtr(d1 - SDS)
    np.testing.assert_allclose(option.value, value, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(option.delta, ndtr(d1), rtol=1e-13, atol=1e-300)
    pdf = norm.pdf(d1)
    gamma, vega = pdf / (SPOTS * SDS), SPOTS * pdf * 0.5
    np.testing.assert_allclose(option.gamma, gamma, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(option.vega, vega, rtol=1e-12, atol=1e-300)


def test_a_textbook_value_is_reproduced() -> None:
    # Hull, Options, Futures, and Other Derivatives, example 15.6: S = 42, K = 40,
    # r = 10 %, sigma = 20 %, T = 0.5 gives 4.76; the strike is discounted here.
    value = call(42.0, 40.0 * np.exp(-0.05), 0.2 * np.sqrt(0.5)).value[0]
    assert round(value, 2) == 4.76


def test_a_call_lies_between_its_bounds_and_rises_with_volatility() -> None:
    value = call(SPOTS, STRIKES, SDS).value
    assert (value >= np.maximum(SPOTS - STRIKES, 0.0) - 1e-15).all()
    assert (value <= SPOTS).all()
    sds = np.linspace(0.0, 3.0, 100)
    assert (np.diff(call(1.0, 1.2, sds).value) >= 0.0).all()
    delta = call(np.linspace(0.01, 4.0, 200), 1.0, 0.4).delta
    assert (np.diff(delta) >= 0.0).all()
    assert 0.0 <= delta.min() <= delta.max() <= 1.0


def test_calls_with_spot_and_strike_exchanged_mirror_each_other() -> None:
    # C(S, K) - C(K, S) = S - K: parity and symmetry of Black and Scholes together.
    one, other = call(SPOTS, STRIKES, SDS), call(STRIKES, SPOTS, SDS)
    difference = one.value - other.value
    np.testing.assert_allclose(difference, SPOTS - STRIKES, rtol=0, atol=2e-15)


def test_greeks_are_the_derivatives_of_the_value() -> None:
    step, spot, sd = 1e-5, np.array([0.8, 1.0, 1.3]), 0.3
    up, here, down = (call(spot + s, 1.0, sd) for s in (step, 0.0, -step))
    slope = (up.value - down.value) / (2 * step)
    np.testing.assert_allclose(here.delta, slope, rtol=1e-7)
    bend = (up.delta - down.delta) / (2 * step)
    np.testing.assert_allclose(here.gamma, bend, rtol=1e-7)
    wide, narrow = call(spot, 1.0, sd + step), call(spot, 1.0, sd - step)
    rise = (wide.value - narrow.value) / (2 * step)
    np.testing.assert_allclose(here.vega, rise, rtol=1e-7)  # time is one year
