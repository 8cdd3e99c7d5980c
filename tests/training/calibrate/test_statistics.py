"""Statistics of returns against what is known of simple processes."""

import numpy as np
import pytest

from hedge_env.config.loading import load_config
from hedge_env.market.engine.parameters import market_params
from hedge_env.market.gas.gas_price import gas_price, log_gas_deviation, week_deviation
from hedge_env.training.calibrate.fit.model_values import model_values
from hedge_env.training.calibrate.fit.simulation import hourly
from hedge_env.training.calibrate.statistics import funding, spot_returns
from hedge_env.training.calibrate.statistics import gas_price as gas
from hedge_env.training.calibrate.statistics.season import (
    season_parameters,
    season_values,
)

RNG = np.random.default_rng(7)
GAUSSIAN = 0.01 * RNG.standard_normal((3, 40_000))


def test_gaussian_returns_have_no_jumps_and_a_kurtosis_of_three() -> None:
    assert spot_returns.jumps(GAUSSIAN).sum() <= 2
    np.testing.assert_allclose(spot_returns.kurtosis(GAUSSIAN), 3.0, atol=0.15)
    expected = 0.01 * np.sqrt(8760.0)
    np.testing.assert_allclose(spot_returns.volatility(GAUSSIAN), expected, rtol=0.02)


def test_a_jump_is_found_where_it_is_whatever_the_season() -> None:
    season = 1.0 + 0.5 * np.sin(np.arange(40_000) * 2.0 * np.pi / 24.0)
    returns = GAUSSIAN[:1] * season
    returns[0, 12_345] += 0.2
    found = np.flatnonzero(spot_returns.jumps(returns)[0])
    assert 12_345 in found
    assert found.size <= 2


def test_gaps_change_no_statistic_by_more_than_their_share() -> None:
    holes = GAUSSIAN.copy()
    holes[:, ::97] = np.nan
    for statistic in (spot_returns.volatility, spot_returns.kurtosis):
        np.testing.assert_allclose(statistic(holes), statistic(GAUSSIAN), rtol=0.02)
    assert np.isfinite(spot_returns.autocorrelation(holes, 24)).all()


def test_autocorrelation_of_an_autoregression_is_its_coefficient() -> None:
    values = np.zeros((1, 60_000))
    noise = RNG.standard_normal(60_000)
    for t in range(1, 60_000):
        values[0, t] = 0.8 * values[0, t - 1] + noise[t]
    assert abs(spot_returns.autocorrelation(values, 1)[0] - 0.8) < 0.02
    assert abs(spot_returns.autocorrelation(values, 3)[0] - 0.512) < 0.03


def test_the_gas_season_has_its_amplitude_and_peak() -> None:
    hours = np.arange(24 * 60) + 0.5
    logs = 0.3 * np.cos(2.0 * np.pi * (hours - 16.0) / 24.0)[None, :]
    amplitude, peak = gas.season(logs)
    assert abs(amplitude[0] - 0.3) < 1e-12
    assert abs(peak[0] - 16.0) < 1e-9


@pytest.mark.parametrize("first_weekday", range(7))
def test_the_weekend_of_gas_is_read_off_whatever_day_history_begins(
    first_weekday: int,
) -> None:
    days = np.arange(100)
    late = (days + first_weekday) % 7 >= 5
    logs = 3.0 + 0.02 * days + np.log(0.7) * late  # with a trend
    whole = np.exp(logs)[None, :]
    np.testing.assert_allclose(gas.weekend(whole, first_weekday), 0.7, rtol=1e-12)
    holes = whole.copy()
    holes[0, 40] = np.nan
    np.testing.assert_allclose(gas.weekend(holes, first_weekday), 0.7, rtol=1e-12)
    values = gas.daily_values(whole, first_weekday)
    np.testing.assert_allclose(values[gas.WEEKEND], 0.7, rtol=1e-12)


def test_the_weekend_of_simulated_gas_is_that_of_its_market() -> None:
    market = {"gas": {"weekend": 0.6}, "surface": {"model": "flat"}}
    config = load_config("ethereum-l1", {"market": market})
    values = model_values(config, {"gas": 360}, 8, 0, spot=False)[gas.WEEKEND]
    error = values.std() / np.sqrt(values.size)
    # The state after an hour counts for it, so that a day ends with the first state of
    # the next: Friday has an hour of the weekend, and Sunday one of Monday.
    sunday, friday = (23.0 * 0.6 + 1.0) / 24.0, (23.0 + 0.6) / 24.0
    expected = np.sqrt(0.6 * sunday) / friday**0.2
    assert abs(values.mean() - expected) < 4.0 * error


def test_the_season_of_volatility_is_read_off_whatever_day_history_begins() -> None:
    hours = np.arange(24 * 7 * 400)
    variance = 1.0 + 0.3 * np.cos(2.0 * np.pi * (hours % 24 + 0.5 - 14.0) / 24.0)
    thursday = 3
    weekend = (hours // 24 + thursday) % 7 >= 5
    factor = np.sqrt(variance) * np.where(weekend, 0.8, 1.0)
    returns = (factor * RNG.standard_normal(hours.size))[None, :]
    values = season_parameters(season_values(returns, thursday))
    assert abs(values["season.daily_amplitude"] - 0.3) < 0.02
    assert abs(values["season.peak_hour"] - 14.0) < 0.3
    assert abs(values["season.weekend"] - 0.8) < 0.01


def test_gas_of_recorded_states_is_that_of_the_market_at_weekends_too() -> None:
    settings = ["market.gas.weekend=0.5", "market.gas.spikes.per_year=0"]
    config = hourly(load_config("ethereum-l1", settings=settings))
    assert config.market.gas is not None
    friday, saturday = 5 * 24 - 1, 5 * 24
    zeros = {name: np.zeros((1, 6 * 24)) for name in gas.ROWS}
    price = np.log(gas.gas_price(config.market.gas, zeros)[0])
    p = market_params(config).gas
    for hour, weekend in ((friday, False), (saturday, True)):
        deviation = log_gas_deviation(0.0, 0.0, 0.0, hour % 24 / 24.0, p)
        deviation += week_deviation(weekend, p)
        assert abs(price[hour] - np.log(gas_price(deviation, p))) < 1e-12


def test_gas_that_doubles_in_the_largest_moves_is_seen_to() -> None:
    returns = GAUSSIAN[:1, :8_400]
    edge = np.quantile(np.abs(returns), 0.99)
    price = np.where(np.abs(returns) > edge, 2.0, 1.0)
    values = gas.hourly_values(price, returns)
    assert abs(values["gas in the top 1 % of |returns|"][0] - 2.0) < 0.1
    assert abs(values["gas two hours later"][0] - 1.0) < 0.05


def test_the_interest_is_the_mass_point_and_none_without_one() -> None:
    rates = np.where(RNG.random(1000) < 0.4, 1.0, RNG.standard_normal(1000))
    assert funding.interest_of(rates) == 1.0
    assert funding.interest_of(RNG.standard_normal(1000)) is None
