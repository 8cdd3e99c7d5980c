import numpy as np
import pytest

from hedge_env.base.field import FIELDS
from hedge_env.baselines import rules_for
from hedge_env.baselines.bands.deadline_band import DeadlineBand
from hedge_env.baselines.bands.forecast_band import ForecastBand, waiting_multiplier
from hedge_env.baselines.tuning.tune import tune
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate_controlled
from hedge_env.feeds.tape import record_tape
from hedge_env.risk.path_moments import path_moments

# Two factors of gas, one of which comes back within hours, and the forecast of eight
# hours ahead that least squares give of them.
GAS = (
    "market.gas={median_gwei: 60, slow: {half_life_days: 5, sd: 0.7}, "
    "fast: {half_life_days: 0.1, sd: 0.7}}",
    "execution.gas_units=150000",
    "market.forecasts.gas={horizon_hours: 8, half_lives_hours: [6, 24], "
    "present: 0.152, weights: [0.103, 0.597]}",
    "episode.decisions=60",
    "book.legs.0.maturity_days=10",
)


def test_half_the_price_to_come_widens_by_a_power_of_two():
    wider = waiting_multiplier(np.log([0.5, 1.0, 4.0]), 0.5)
    np.testing.assert_allclose(wider, [2.0**0.5, 1.0, 0.5])


def observables(config):
    rows = record_tape(config, np.arange(200), seed=0, stream="test").rows[5]
    found = {name: rows[i] for i, name in enumerate(FIELDS) if i < len(rows)}
    found["risk_aversion"] = np.full(200, 10.0)
    return found


def test_without_heed_to_the_forecast_it_is_the_deadline_band():
    seen = observables(load_config("reference", settings=GAS))
    plain, same = DeadlineBand().band(seen), ForecastBand(heed=0.0).band(seen)
    for one, other in zip(plain, same, strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_is_wider_exactly_where_gas_will_be_cheap():
    seen = observables(load_config("reference", settings=GAS))
    plain, waits = DeadlineBand().half_width(seen), ForecastBand().half_width(seen)
    cheaper = seen["gas_forecast"] < 0.0
    assert 20 < cheaper.sum() < 180
    np.testing.assert_array_equal(waits > plain, cheaper)


def test_it_is_a_rule_only_where_somebody_forecasts():
    assert ForecastBand.name not in rules_for(load_config("reference"))
    assert ForecastBand.name in rules_for(load_config("reference", settings=GAS))


@pytest.mark.slow
def test_waiting_pays_where_gas_comes_back_within_hours():
    config, paths = load_config("reference", settings=GAS), np.arange(4000)
    validation, test = (
        record_tape(config, paths, seed=0, stream=stream)
        for stream in ("validation", "test")
    )
    moments = path_moments(config, paths, seed=0, stream="test")
    values = []
    for rule in (DeadlineBand, ForecastBand):
        best = tune(rule, config, 10.0, validation).policy
        table = evaluate_controlled(best, test, config, 10.0, moments)
        values.append(table.controlled_objective)
    gain = values[0] - values[1]
    assert gain.mean() > 3.0 * gain.std() / np.sqrt(gain.size)
