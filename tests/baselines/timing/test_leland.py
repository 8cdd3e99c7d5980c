from math import exp, sqrt

import numpy as np
import pytest
from scipy.stats import norm

from hedge_env.baselines.deltas.delta import Delta
from hedge_env.baselines.timing.leland import Leland, leland_variance_ratio
from hedge_env.baselines.timing.time_based import TimeBased
from hedge_env.config import (
    BookConfig,
    ConstantVolatility,
    EnvConfig,
    EpisodeConfig,
    ExecutionConfig,
    LegConfig,
    MarketConfig,
)
from hedge_env.evaluation.evaluate import evaluate
from tests.baselines.markets import observables, target_of
from tests.baselines.test_contracts import many_decisions


def modified_volatility(volatility, cost, revisions_per_year, gamma=1.0):
    arrays = [np.array([x]) for x in (gamma, cost, volatility)]
    (ratio,) = leland_variance_ratio(*arrays, revisions_per_year)
    return volatility * sqrt(ratio)


@pytest.mark.parametrize(
    ("volatility", "cost", "revisions", "published"),
    [
        (0.2, 0.01, 250.0, 0.30077),
        (0.25, 0.01, 100.0, 0.3200),
        (0.1, 0.005, 365, 0.1589),
    ],
)
def test_the_modified_volatility_is_the_published_one(
    volatility, cost, revisions, published
):
    assert modified_volatility(volatility, cost, revisions) == pytest.approx(
        published, abs=5e-5
    )


def test_without_proportional_cost_it_is_delta_hedging_at_intervals():
    values = many_decisions() | {"proportional_cost": np.zeros(400)}
    np.testing.assert_array_equal(Leland(3).target(values), TimeBased(3).target(values))


def test_a_long_book_acts_on_a_lower_volatility():
    assert modified_volatility(0.8, 1e-3, 365.0, gamma=-1.0) < 0.8
    assert modified_volatility(0.8, 1e-3, 365.0, gamma=1.0) > 0.8


def test_the_target_is_delta_at_the_modified_volatility():
    sd, money = 0.8 * sqrt(30.0 / 365.0), 0.2
    d1 = money / sd + sd / 2.0
    values = {
        "log_moneyness": money,
        "delta": norm.cdf(d1),
        "gamma": norm.pdf(d1) / sd,
        "step": 0.0,
    }
    scale = modified_volatility(0.8, 5e-4, 365.0) / 0.8
    expected = norm.cdf(money / (sd * scale) + sd * scale / 2.0)
    assert target_of(Leland(1, 365.0), **values) == pytest.approx(expected, abs=1e-12)
    assert target_of(Leland(2, 365.0), **values | {"step": 1.0}) == 0.5
    assert observables()["holdings"] == 0.5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "premium", "mean", "sd"),
    [(Delta(), 12.336, -3.159, 1.518), (Leland(1, 100.0), 14.990, 0.006, 0.986)],
    ids=["black-scholes", "leland"],
)
def test_lelands_delta_replicates_at_lelands_premium(rule, premium, mean, sd):
    """S = K = 100, rate and drift 5 %, sigma 25 %, a year, cost 1 %, 100 trades."""
    config = EnvConfig(
        episode=EpisodeConfig(decisions=100, decision_interval_hours=87.6),
        market=MarketConfig(volatility=ConstantVolatility(level=0.25)),
        execution=ExecutionConfig(
            fee_bp=100.0, charge_opening=False, charge_liquidation=False
        ),
        book=BookConfig(
            legs=(LegConfig(kind="call", moneyness=exp(-0.05), maturity_days=365.0),)
        ),
    )
    (table,) = evaluate([(rule, 1.0)], config, n_episodes=40_000)
    # Everything is discounted; at maturity it is worth exp(5 %) more.
    error = exp(0.05) * (premium - 12.336 - 100.0 * table.net_loss)
    noise = error.std() / sqrt(error.size)
    assert error.mean() == pytest.approx(mean, abs=4.0 * noise + 1e-3)
    assert error.std() == pytest.approx(sd, rel=0.02)
