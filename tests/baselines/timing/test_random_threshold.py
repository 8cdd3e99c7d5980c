import numpy as np
import pytest
from scipy.stats import kstest

from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.timing.random_threshold import RandomThreshold, uniform_of
from hedge_env.evaluation.evaluate import evaluate
from tests.baselines.markets import SMALL
from tests.baselines.test_contracts import many_decisions


def test_without_spread_it_is_the_fixed_threshold():
    values = many_decisions()
    np.testing.assert_array_equal(
        RandomThreshold(0.1, spread=0.0).target(values),
        DeltaThreshold(0.1).target(values),
    )


def test_thresholds_lie_within_the_spread():
    values = many_decisions()
    error = np.abs(values["delta"] - values["holdings"])
    trades = RandomThreshold(0.3, spread=0.5).target(values)[:, 0] == values["delta"]
    low, high = 0.3 * np.exp(-0.5), 0.3 * np.exp(0.5)
    assert not trades[error < low].any()
    assert trades[error > high].all()
    between = trades[(error > low) & (error < high)]
    assert 0.2 < between.mean() < 0.8


def test_the_numbers_are_uniform_and_differ_by_seed():
    values = np.random.default_rng(0).random(20_000)
    first, second = uniform_of(values, 0), uniform_of(values, 1)
    assert kstest(first, "uniform").pvalue > 1e-3
    assert kstest(second, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(first, second)[0, 1]) < 4.0 / values.size**0.5
    neighbours = np.nextafter(values, 1.0)
    assert abs(np.corrcoef(first, uniform_of(neighbours, 0))[0, 1]) < 0.03


def test_equal_values_have_equal_numbers():
    values = np.array([0.0, -0.0, 0.3, -0.3])
    drawn = uniform_of(values, 7)
    assert drawn[0] == drawn[1]
    assert drawn[2] == drawn[3] != drawn[0]


def test_the_same_paths_give_the_same_trades_in_any_batch():
    entry = [(RandomThreshold(), 10.0)]
    (one,) = evaluate(entry, SMALL, n_episodes=40)
    (many,) = evaluate(entry, SMALL, n_episodes=40, chunk_size=7, threads=2)
    np.testing.assert_array_equal(one.net_loss, many.net_loss)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_is_no_word_is_refused(seed):
    with pytest.raises(ValueError, match="seed"):
        RandomThreshold(seed=seed)


@pytest.mark.parametrize("spread", [-0.1, float("nan"), float("inf")])
def test_a_spread_that_is_no_spread_is_refused(spread):
    with pytest.raises(ValueError, match="spread"):
        RandomThreshold(spread=spread)
