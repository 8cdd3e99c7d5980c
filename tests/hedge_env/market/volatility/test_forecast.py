"""Forecast of volatility from past returns."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config.loading import load_config
from hedge_env.feeds.tape import record_tape
from hedge_env.market.volatility.forecast import VolatilityForecastParams
from hedge_env.market.volatility.forecast import volatility_forecast as forecast

ON = "market.forecasts.volatility={half_lives_hours: [6, 24, 96], weights: "


def recorded(*settings: str, n: int = 40) -> FloatArray:
    config = load_config("reference", settings=["episode.decisions=60", *settings])
    return record_tape(config, np.arange(n), seed=1, stream="test").rows


def test_it_is_the_root_of_a_product_of_powers() -> None:
    p = VolatilityForecastParams(True, (0.0, 0.0, 0.0), 0.2, (0.5, 0.25, 0.125))
    expected = np.exp(0.1) * 0.3**0.5 * 0.4**0.25 * 0.6**0.125
    found = forecast(0.09**1.0, 0.16, 0.36, p)
    assert found == pytest.approx(expected, rel=1e-14)


def test_prices_that_stand_still_have_a_forecast() -> None:
    p = VolatilityForecastParams(True, (0.0, 0.0, 0.0), 0.0, (2.0, 2.0, 2.0))
    assert 0.0 < forecast(0.0, 0.0, 0.0, p) < 1e-4


def test_one_mean_of_weight_one_is_the_estimate_of_that_half_life() -> None:
    rows = recorded(ON + "[0, 1, 0]}", "observation.realised_half_life_days=1")
    np.testing.assert_allclose(
        rows[:, field.VOLATILITY_FORECAST],
        rows[:, field.REALISED_VOLATILITY],
        rtol=1e-12,
    )


def test_it_changes_no_other_row() -> None:
    off, on = recorded(), recorded(ON + "[0.3, 0.3, 0.3]}")
    n = off.shape[1]
    others = [row for row in range(n) if row != field.VOLATILITY_FORECAST]
    np.testing.assert_array_equal(on[:, others], off[:, others])
    assert on.shape[1] > field.VOLATILITY_FORECAST


def test_weights_beyond_reason_are_refused_by_their_key() -> None:
    with pytest.raises(ValueError, match=r"weights\.1"):
        load_config("reference", settings=[ON + "[0, 3, 0]}"])
