import json
from itertools import pairwise

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig, EpisodeConfig
from hedge_env.config.loading import load_config
from hedge_env.feeds.tape import record_tape
from hedge_env.risk.minimum_variance import MinimumVariance, fit_minimum_variance

CALM = EnvConfig(episode=EpisodeConfig(decisions=12, decision_interval_hours=60.0))


@pytest.fixture(scope="module")
def market():
    return load_config("ethereum-l1")


@pytest.fixture(scope="module")
def fitted(market):
    return fit_minimum_variance(market, n_paths=4096)


def risk(tape, holdings):
    """Sum of squared increments of every path at given holdings [bp of notional]."""
    total = 0.0
    for rows, after in pairwise(tape):
        move = after[field.SPOT] - rows[field.SPOT]
        change = after[field.BOOK_VALUE] - rows[field.BOOK_VALUE]
        total = total + (holdings(rows) * move + change) ** 2
    return 1e4 * total


def test_fitted_holdings_leave_less_risk_than_one_number_and_delta(market, fitted):
    tape = record_tape(market, np.arange(4096), seed=0, stream="test").rows
    delta = risk(tape, lambda rows: rows[field.DELTA])

    def one_number(rows):
        vega = rows[field.VEGA] * rows[field.IMPLIED_VOLATILITY] / rows[field.SPOT]
        return rows[field.DELTA] + 0.166 * vega

    shift, best = risk(tape, one_number), risk(tape, fitted.holdings)
    for more, less in ((delta, shift), (shift, best)):
        gain = more - less
        assert gain.mean() > 3.0 * gain.std() / np.sqrt(gain.size)


def test_the_fitted_variance_is_that_of_the_price(market, fitted):
    tape = record_tape(market, np.arange(4096), seed=1, stream="test").rows
    squares = np.array(
        [(after[field.SPOT] - rows[field.SPOT]) ** 2 for rows, after in pairwise(tape)]
    ).sum(axis=0)
    means = np.array([fitted.price_variance(rows) for rows in tape[:-1]])
    assert (means > 0.0).all()
    error = squares - means.sum(axis=0)
    assert abs(error.mean()) < 4.0 * error.std() / np.sqrt(error.size)


def test_without_jumps_and_smile_the_best_holdings_are_near_delta():
    fitted = fit_minimum_variance(CALM, n_paths=4096)
    rows = record_tape(CALM, np.arange(512), seed=0, stream="test").rows[3]
    assert np.abs(fitted.holdings(rows) - rows[field.DELTA]).max() < 0.06


def test_what_a_policy_cannot_see_is_not_read(market):
    blind = fit_minimum_variance(market, n_paths=256, informed=False)
    rows = record_tape(market, np.arange(64), seed=0, stream="test").rows[5].copy()
    before = blind.holdings(rows), blind.price_variance(rows)
    rows[field.TRUE_VOLATILITY] *= 3.0
    np.testing.assert_array_equal(before[0], blind.holdings(rows))
    np.testing.assert_array_equal(before[1], blind.price_variance(rows))


def test_a_document_gives_the_same_holdings(market, fitted):
    text = json.dumps(fitted.to_document())
    assert MinimumVariance.from_document(json.loads(text)) == fitted


@pytest.mark.parametrize(
    "change",
    [
        {"coefficients": [0.0]},
        {"variances": ["x"] * 8},
        {"level": float("nan")},
        {"interval": None},
    ],
)
def test_a_damaged_document_is_refused(fitted, change):
    with pytest.raises(ConfigError, match="holdings of least risk"):
        MinimumVariance.from_document(fitted.to_document() | change)


def test_fitting_twice_gives_the_same_numbers(market):
    first, second = (fit_minimum_variance(market, n_paths=128) for _ in range(2))
    assert first == second


def test_a_market_that_answers_to_the_hedger_is_refused():
    config = load_config("reference", {"execution": {"permanent_impact": 1e-8}})
    with pytest.raises(ConfigError, match="permanent_impact"):
        fit_minimum_variance(config)
