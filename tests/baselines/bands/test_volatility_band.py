import numpy as np
import pytest

from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.bands.volatility_band import (
    VolatilityBand,
    volatility_half_width,
)
from tests.baselines.markets import holds, target_of
from tests.baselines.test_contracts import many_decisions


def test_the_band_scales_with_a_power_of_volatility():
    volatility = np.array([0.5, 1.0, 2.0])
    np.testing.assert_allclose(
        volatility_half_width(volatility, 0.1, 2.0), [0.025, 0.1, 0.4]
    )
    np.testing.assert_allclose(
        volatility_half_width(volatility, 0.1, -1.0), [0.2, 0.1, 0.05]
    )


def test_without_exponent_it_is_the_threshold_rule():
    values = many_decisions()
    np.testing.assert_array_equal(
        VolatilityBand(0.1, 0.0).target(values), DeltaThreshold(0.1).target(values)
    )


@pytest.mark.parametrize(("volatility", "kept"), [(0.4, False), (0.6, True)])
def test_a_wilder_market_is_left_alone_for_longer(volatility, kept):
    rule = VolatilityBand(0.1, 1.0)  # the error is 0.05
    assert holds(rule, realised_volatility=volatility) is kept
    assert kept or target_of(rule, realised_volatility=volatility) == 0.55
