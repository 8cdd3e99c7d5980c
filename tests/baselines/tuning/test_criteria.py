import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.baselines.tuning.criteria import (
    criterion_of,
    criterion_with_error,
    parse_criterion,
)
from hedge_env.config import RewardConfig
from tests.hedge_env.evaluation.test_metrics import table_of

TABLE = table_of(np.arange(100) * 1e-4, np.zeros(100))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("objective", 49.5),
        ("mean-std:0", 49.5),
        ("mean-std:1.5", 49.5 + 1.5 * np.arange(100).std(ddof=1)),
        ("cvar:95", 97.0),
        ("entropic", np.log(np.exp(2e-3 * np.arange(100)).mean()) / 2e-3),
        ("cvar:50", 74.5),
    ],
)
def test_a_criterion_is_a_number_in_basis_points(text, value):
    assert parse_criterion(text)(TABLE) == pytest.approx(value)


def test_the_objective_weighs_increments_with_risk_aversion():
    table = table_of([10e-4, 10e-4], [1e-2, -1e-2], risk_aversion=10.0)
    assert parse_criterion("objective")(table) == pytest.approx(20.0)


@pytest.mark.parametrize(
    "text",
    [
        *("", "sharpe", "objective:1", "CVaR:95", "entropic:1"),
        *("mean-std", "mean-std:-1", "mean-std:nan", "mean-std:inf"),
        *("cvar", "cvar:0", "cvar:100", "cvar:x"),
    ],
)
def test_other_criteria_are_refused_with_a_remedy(text):
    with pytest.raises(ConfigError, match="use objective, entropic, mean-std:K"):
        parse_criterion(text)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("cvar:0.95", "cvar:95"),
        ("cvar:0.9", "cvar:90"),
        ("cvar:0.05", "cvar:95"),
        ("cvar:5", "cvar:95"),
        ("cvar:49", "cvar:51"),
        ("cvar:1e-9", "cvar:99.9"),
    ],
)
def test_a_share_in_place_of_percent_is_refused_with_what_was_meant(text, remedy):
    with pytest.raises(ConfigError, match=f"in percent.* use {remedy}$"):
        parse_criterion(text)


@pytest.mark.parametrize("text", ["objective", "mean-std:1.5", "cvar:90"])
def test_the_error_is_the_spread_of_the_criterion_over_samples(text):
    rng = np.random.default_rng(1)
    measure = criterion_with_error(text)
    found = [
        measure(table_of(rng.gamma(2.0, 1e-3, 400), np.zeros(400))) for _ in "x" * 400
    ]
    values, errors = np.array(found).T
    assert errors.mean() == pytest.approx(values.std(), rel=4.0 / np.sqrt(2 * 400))


def test_large_losses_do_not_overflow_a_certainty_equivalent():
    table = table_of([1000.0, 1001.0], np.zeros(2), risk_aversion=50.0)
    value, error = criterion_with_error("entropic")(table)
    assert value == pytest.approx(1e4 * (1001.0 - np.log(2.0) / 100.0))
    assert 0.0 < error < 1e4


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"name": "kolm_ritter"}, "objective"),
        ({"name": "expected"}, "objective"),
        ({"name": "entropic"}, "entropic"),
        ({"name": "cvar", "quantile": 99.5}, "cvar:99.5"),
        ({"name": "cash_flow", "deviations": 1.5}, "mean-std:1.5"),
        ({"name": "accounting"}, "mean-std:1.645"),
        ({"name": "mean_std", "deviations": 0}, "mean-std:0"),
    ],
)
def test_a_reward_is_judged_by_what_it_is_paid_for(settings, text):
    assert criterion_of(RewardConfig(**settings)) == text
    parse_criterion(text)
