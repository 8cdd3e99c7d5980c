import numpy as np
import pytest

from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.deltas.minimum_variance import (
    MinimumVariance,
    minimum_variance_delta,
)
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from tests.baselines.markets import target_of
from tests.baselines.test_contracts import many_decisions


def test_without_a_slope_it_is_the_threshold_rule():
    values = many_decisions()
    np.testing.assert_array_equal(
        MinimumVariance(0.1).target(values), DeltaThreshold(0.1).target(values)
    )


def test_a_volatility_that_falls_as_spot_rises_lowers_the_hedge_of_a_short_call():
    """30 days at .42: vega over spot .114 and -.59 a unit of log spot give -.067."""
    held = minimum_variance_delta(
        np.array([0.5]), np.array([-0.114]), np.array([1.0]), -0.59
    )
    assert held[0] == pytest.approx(0.5 - 0.067, abs=5e-4)


def test_it_minimises_the_variance_of_the_increment():
    rng = np.random.default_rng(0)
    move = rng.normal(0.0, 0.02, 100_000)
    slope, vega, delta = -0.4, -0.12, 0.55
    volatility_move = slope * move + rng.normal(0.0, 0.01, move.size)
    book = -delta * move + vega * volatility_move
    held = minimum_variance_delta(
        np.array([delta]), np.array([vega]), np.array([1.0]), slope
    )[0]
    best = -np.cov(book, move)[0, 1] / move.var(ddof=1)
    assert held == pytest.approx(best, abs=4.0 * 0.12 * 0.01 / 0.02 / move.size**0.5)


def test_the_slope_is_hull_and_whites_quadratic():
    rule = MinimumVariance(0.005, level=-0.2, linear=0.3, quadratic=0.1)
    slope = (-0.2 + 0.3 * 0.55 + 0.1 * 0.55**2) / (30.0 / 365.0) ** 0.5
    assert target_of(rule) == pytest.approx(0.55 + 0.114 * slope)


def test_a_slope_may_ignore_maturity():
    rule = MinimumVariance(0.005, level=-0.3, maturity_power=0.0)
    assert target_of(rule) == pytest.approx(0.55 - 0.114 * 0.3)


@pytest.mark.slow
def test_it_tracks_better_than_delta_where_volatility_falls_as_spot_rises():
    settings = [
        "market.volatility.leverage=-0.8",
        "market.surface.level.sd=0.1",
        "market.surface.level.return_correlation=-0.9",
        "market.surface.skew.mean=0.0",
        "market.surface.skew.sd=0.0",
    ]
    config = load_config("ethereum-l1", settings=settings)
    rules = [MinimumVariance(0.02, level=a) for a in (0.0, -0.08, 0.08)]
    tables = evaluate([(rule, 10.0) for rule in rules], config, n_episodes=1000)
    squares = np.array([table.squared_increments for table in tables])
    gains = squares[0] - squares[1:]
    lower, higher = gains.mean(axis=1) / (gains.std(axis=1) / 1000**0.5)
    assert lower > 4.0
    assert higher < -4.0
