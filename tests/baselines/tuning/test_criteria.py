import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.baselines.tuning.criteria import criterion_with_error, parse_criterion
from tests.hedge_env.evaluation.test_metrics import table_of

TABLE = table_of(np.arange(100) * 1e-4, np.zeros(100))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("objective", 49.5),
        ("mean-std:0", 49.5),
        ("mean-std:1.5", 49.5 + 1.5 * np.arange(100).std(ddof=1)),
        ("cvar:95", 97.0),
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
        *("", "sharpe", "objective:1", "CVaR:95"),
        *("mean-std", "mean-std:-1", "mean-std:nan", "mean-std:inf"),
        *("cvar", "cvar:0", "cvar:100", "cvar:x"),
    ],
)
def test_other_criteria_are_refused_with_a_remedy(text):
    with pytest.raises(ConfigError, match="use objective, mean-std:K"):
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
