"""Forecasts fitted to a history."""

import numpy as np
import pytest

from hedge_env.base.errors import DataError
from hedge_env.config.sections.forecasts import ForecastsConfig
from hedge_env.training.calibrate.data.history import History
from hedge_env.training.calibrate.fit.forecasts import (
    fit_gas,
    fit_volatility,
    forecasts_of,
)

HOURS = 24 * 900


def ar(left, sd, n, rng):
    """A stationary factor, hour by hour."""
    noise = sd * np.sqrt(1.0 - left**2) * rng.standard_normal(n)
    found, x = np.empty(n), 0.0
    for i in range(n):
        x = left * x + noise[i]
        found[i] = x
    return found


def test_gas_of_one_factor_is_forecast_by_what_is_left_of_it():
    rng, left = np.random.default_rng(5), 0.5 ** (1.0 / 12.0)
    hour = np.arange(HOURS) % 24
    season = 0.3 * np.cos(2.0 * np.pi * (hour - 16.0) / 24.0)
    price = 25.0 * np.exp(ar(left, 0.4, HOURS, rng) + season)
    found = fit_gas(price, 0.3, 16.0, horizon=6)
    # One factor is all there is: the means add nothing to the present price.
    assert found.values["present"] == pytest.approx(left**6, abs=0.05)
    assert np.abs(found.values["weights"]).max() < 0.08
    assert found.explained == pytest.approx(left**12, abs=0.06)
    assert found.explained == pytest.approx(found.alone, abs=0.01)


def test_gas_of_a_slow_factor_under_noise_is_forecast_by_its_mean():
    rng = np.random.default_rng(6)
    slow = ar(0.5 ** (1.0 / 200.0), 0.4, HOURS, rng)
    price = 25.0 * np.exp(slow + 0.4 * rng.standard_normal(HOURS))
    found = fit_gas(price, 0.0, 0.0)
    assert sum(found.values["weights"]) > 0.7
    assert found.values["present"] < 0.2
    assert found.explained > found.alone + 0.1


def test_volatility_that_is_constant_is_forecast_as_it_is():
    rng = np.random.default_rng(7)
    returns = 0.8 / np.sqrt(8760.0) * rng.standard_normal(HOURS)
    values = fit_volatility(returns).values
    log_variance = values["intercept"] + sum(values["weights"]) * np.log(0.64)
    assert np.exp(log_variance) == pytest.approx(0.64, rel=0.03)


def test_volatility_that_moves_is_forecast_better_by_more_means_than_by_one():
    rng = np.random.default_rng(8)
    log_volatility = ar(0.5 ** (1.0 / 300.0), 0.5, HOURS, rng)
    log_volatility += ar(0.5 ** (1.0 / 10.0), 0.3, HOURS, rng)
    returns = 0.6 / np.sqrt(8760.0) * np.exp(log_volatility)
    returns = returns * rng.standard_normal(HOURS)
    found = fit_volatility(returns)
    assert found.explained > found.alone > 0.2
    ForecastsConfig.model_validate({"volatility": found.values})  # fits the config


def test_gaps_are_left_out():
    rng = np.random.default_rng(9)
    price = 25.0 * np.exp(ar(0.9, 0.4, HOURS, rng))
    whole = fit_gas(price, 0.0, 0.0).values
    price[1000:1400] = np.nan
    gap = fit_gas(price, 0.0, 0.0).values
    assert gap["present"] == pytest.approx(whole["present"], abs=0.05)


def test_too_little_data_is_an_error():
    with pytest.raises(DataError, match="needs 60 days of hourly data"):
        fit_gas(np.full(500, 20.0), 0.0, 0.0)


def test_what_never_moves_is_an_error():
    with pytest.raises(DataError, match="it is constant"):
        fit_gas(np.full(HOURS, 20.0), 0.0, 0.0)


@pytest.mark.parametrize(
    ("hourly", "has_gas", "said"),
    [(False, True, "no hourly gas"), (True, False, "the base has no gas")],
)
def test_gas_is_forecast_only_where_it_can_be(hourly, has_gas, said):
    rng = np.random.default_rng(10)
    history = History(0.01 * rng.standard_normal((1, HOURS)), 0, {}, {})
    if hourly:
        history.gas_hourly = 25.0 * np.exp(ar(0.9, 0.4, HOURS, rng))[None, :]
    found, remarks = forecasts_of(history, gas=has_gas)
    assert found.keys() == {"volatility"}
    assert remarks[-1].startswith(said)
