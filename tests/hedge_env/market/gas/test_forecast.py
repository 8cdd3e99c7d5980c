"""Forecast of the price of gas some hours ahead."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config.loading import load_config
from hedge_env.feeds.tape import record_tape

DECISIONS = 60
# Of one factor, seen every four hours, of a half-life of a day.
PLAIN = (
    "market.gas={median_gwei: 20, slow: {half_life_days: 30, sd: 0}, "
    "fast: {half_life_days: 1, sd: 0.5}, season: 0.4, season_peak_hour: 15}",
    "execution.gas_units=100000",
)


def recorded(*settings: str, n: int = 400) -> FloatArray:
    length = f"episode.decisions={DECISIONS}"
    config = load_config("reference", settings=[length, *PLAIN, *settings])
    return record_tape(config, np.arange(n), seed=1, stream="test").rows


def on(text: str) -> str:
    return "market.forecasts.gas={" + text + "}"


def test_the_exact_forecast_of_one_factor_leaves_its_own_noise() -> None:
    # Of an Ornstein-Uhlenbeck factor eight hours ahead: what is left of it, and season.
    left = 0.5 ** (8.0 / 24.0)
    rows = recorded(on(f"horizon_hours: 8, present: {left}, weights: [0, 0]"))
    errors = rows[2:, field.LOG_GAS] - rows[:-2, field.GAS_FORECAST]
    spread = 0.5 * np.sqrt(1.0 - left**2)
    n = rows.shape[2]
    assert abs(errors.mean(axis=1)).max() < 5.0 * spread / np.sqrt(n)
    assert abs(errors.std() / spread - 1.0) < 4.0 / np.sqrt(errors.size / 2)


def test_a_horizon_of_a_day_has_the_season_of_now() -> None:
    rows = recorded(on("horizon_hours: 24, present: 1, weights: [0, 0]"), n=5)
    np.testing.assert_allclose(
        rows[:, field.GAS_FORECAST], rows[:, field.LOG_GAS], atol=1e-12
    )


def test_the_means_are_those_of_the_past() -> None:
    rows = recorded(on("half_lives_hours: [4, 8], present: 0, weights: [0, 1]"), n=5)
    price = rows[:, field.LOG_GAS] - rows[:, field.GAS_SEASON]
    steps = load_config("reference").episode.market_steps
    season = recorded(on("horizon_hours: 8, present: 0, weights: [0, 0]"), n=5)
    mean = rows[:, field.GAS_FORECAST] - season[:, field.GAS_FORECAST]
    # Once for each market step, of which only the last is among the rows.
    decay = 0.5 ** (4.0 / steps / 8.0)
    if steps == 1:
        np.testing.assert_allclose(
            mean[1:], decay * mean[:-1] + (1.0 - decay) * price[1:], atol=1e-12
        )
    assert np.abs(mean).max() < np.abs(price).max()
    assert mean.std() < price.std()


def test_without_gas_there_is_nothing_to_forecast() -> None:
    forecast = on("present: 1, weights: [0, 0]")
    with pytest.raises(ValueError, match=r"set market\.gas"):
        load_config("reference", settings=["market.gas=null", forecast])
