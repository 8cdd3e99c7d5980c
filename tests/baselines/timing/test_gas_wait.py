import numpy as np
import pytest

from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.timing.gas_wait import GasWait, share_below
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from tests.baselines.markets import SMALL, observables


def play(rule, prices, **changes):
    """Whether each of successive decisions trades, at its price of gas."""
    rule.reset(1)
    decisions = [
        observables(**changes, gas_price=price, step=float(step))
        for step, price in enumerate(prices)
    ]
    return [bool(rule.target(seen)[0, 0] != 0.5) for seen in decisions]


def test_the_share_below_counts_what_is_remembered():
    past = np.full((4, 2), np.nan)
    prices = [(1.0, 9.0), (2.0, 1.0), (4.0, 5.0), (3.0, 7.0)]
    shares = [
        share_below(past, np.array(now), np.full(2, float(step)))
        for step, now in enumerate(prices)
    ]
    np.testing.assert_allclose(shares[-1], [2 / 3, 2 / 3])
    np.testing.assert_array_equal(shares[0], 0.0)
    again = share_below(past, np.array([5.0, 5.0]), np.array([4.0, 0.0]))
    np.testing.assert_array_equal(again, [1.0, 0.0])


def test_a_small_error_waits_for_cheap_gas():
    rule = GasWait(0.1, patience=2.0, quantile=0.5)
    prices = [20.0, 30.0, 25.0, 28.0, 10.0]
    trades = play(rule, prices, delta=0.65)
    assert trades == [True, False, True, False, True]


def test_a_large_error_does_not_wait():
    assert all(play(GasWait(0.1, 2.0, 0.5), [10.0, 20.0, 30.0], delta=0.75))


def test_an_error_inside_the_band_is_left_alone():
    assert not any(play(GasWait(0.1, 2.0, 0.5), [30.0, 20.0, 10.0], delta=0.59))


def test_prices_older_than_the_window_are_forgotten():
    rule = GasWait(0.1, patience=2.0, quantile=0.5, window=2)
    assert play(rule, [1.0, 9.0, 9.0, 5.0], delta=0.65) == [True, False, True, True]


def test_a_new_episode_forgets_the_last():
    rule = GasWait(0.1, patience=2.0, quantile=0.5)
    play(rule, [1.0, 1.0], delta=0.65)
    seen = observables(delta=0.65, gas_price=9.0, step=0.0)
    assert rule.target(seen)[0, 0] == 0.65


def test_without_gas_it_is_the_threshold():
    entries = [(GasWait(0.1, 2.0, 0.3), 10.0), (DeltaThreshold(0.1), 10.0)]
    waiting, threshold = evaluate(entries, SMALL, n_episodes=50)
    np.testing.assert_array_equal(waiting.net_loss, threshold.net_loss)


def test_waiting_pays_less_gas_for_a_trade():
    config = load_config("ethereum-l1")
    entries = [(GasWait(0.1, 2.0, 0.3), 10.0), (DeltaThreshold(0.1), 10.0)]
    waiting, threshold = evaluate(entries, config, n_episodes=300)
    gas = COST_COMPONENTS.index("gas")
    price = [
        t.cost_components[gas].sum() / t.trades.sum() for t in (waiting, threshold)
    ]
    assert price[0] < 0.95 * price[1]


def test_the_same_paths_give_the_same_trades_in_any_batch():
    config = load_config("ethereum-l1")
    entry = [(GasWait(), 10.0)]
    (one,) = evaluate(entry, config, n_episodes=20)
    (many,) = evaluate(entry, config, n_episodes=20, chunk_size=7, threads=2)
    np.testing.assert_array_equal(one.net_loss, many.net_loss)


def test_a_window_without_a_price_is_refused():
    with pytest.raises(ValueError, match="window"):
        GasWait(window=0)
