import numpy as np
import pytest

from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.bands.fixed_cost_band import FixedCostBand
from hedge_env.baselines.bands.gamma_band import GammaBand, gamma_half_width
from hedge_env.baselines.bands.whalley_wilmott import WhalleyWilmott
from tests.baselines.markets import holds, target_of
from tests.baselines.test_contracts import many_decisions


def test_with_power_zero_it_is_the_threshold():
    values = many_decisions()
    for trade_back in (0.0, 0.4, 1.0):
        np.testing.assert_array_equal(
            GammaBand(0.1, 0.0, 0.0, trade_back).target(values),
            DeltaThreshold(0.1, trade_back).target(values),
        )


def test_the_optimal_bands_are_powers_of_gamma():
    values = many_decisions() | {
        "spot": np.ones(400),
        "fixed_cost": np.full(400, 2e-4),
        "risk_aversion": np.full(400, 10.0),
    }
    fixed = (12.0 * 2e-4 / 20.0) ** 0.25
    np.testing.assert_allclose(
        GammaBand(fixed, 1 / 2, 0.0, 1.0).target(values),
        FixedCostBand(1.0).target(values),
    )
    proportional = (1.5 * 5e-4 / 20.0) ** (1 / 3)
    np.testing.assert_allclose(
        GammaBand(proportional, 2 / 3, 0.0, 0.0).target(values),
        WhalleyWilmott(1.0).target(values),
        atol=1e-12,
    )


def test_the_band_grows_with_gamma_and_keeps_its_floor():
    gamma = np.array([0.0, 0.1, 1.0, 8.0, -8.0])
    np.testing.assert_allclose(
        gamma_half_width(gamma, np.ones(5), 0.1, 1 / 3, 0.06),
        [0.06, 0.06, 0.1, 0.2, 0.2],
    )


def test_far_from_the_strike_small_errors_are_left_alone():
    far = {"gamma": 1e-6, "delta": 0.99, "holdings": 0.95}
    assert holds(GammaBand(floor=0.05), **far)
    assert target_of(GammaBand(floor=0.0), **far) == pytest.approx(0.99, abs=0.002)
