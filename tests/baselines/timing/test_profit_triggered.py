import copy

import numpy as np
import pytest

from hedge_env.baselines.deltas.delta import Delta
from hedge_env.baselines.deltas.no_hedge import NoHedge
from hedge_env.baselines.timing.profit_triggered import ProfitTriggered
from hedge_env.evaluation.evaluate import evaluate
from tests.baselines.markets import SMALL, observables

START = {"step": 0.0, "holdings": 0.0, "delta": 0.5, "spot": 1.0, "book_value": -0.09}


def play(rule, *decisions):
    """Targets of successive decisions of one path."""
    rule.reset(1)
    return [float(rule.target(observables(**changes))[0, 0]) for changes in decisions]


def later(step, spot, book_value, delta=0.6):
    return {
        "step": step,
        "holdings": 0.5,
        "delta": delta,
        "spot": spot,
        "book_value": book_value,
    }


def test_the_first_decision_trades_to_delta():
    assert play(ProfitTriggered(), START) == [0.5]


def test_holdings_are_kept_until_the_loss_is_reached():
    rule = ProfitTriggered(profit=0.1, loss=0.01)
    # Holding .5 gains .05 as spot rises by .1; the book loses .059, then .061.
    assert play(rule, START, later(1.0, 1.1, -0.149)) == [0.5, 0.5]
    assert play(rule, START, later(1.0, 1.1, -0.151)) == [0.5, 0.6]


def test_gains_add_up_over_decisions():
    rule = ProfitTriggered(profit=0.01, loss=0.1)
    still = [later(1.0, 1.0, -0.084), later(2.0, 1.0, -0.079)]
    assert play(rule, START, *still) == [0.5, 0.5, 0.6]


def test_a_trade_starts_the_count_again():
    rule = ProfitTriggered(profit=0.01, loss=0.1)
    first = later(1.0, 1.0, -0.079)
    second = later(2.0, 1.0, -0.074, delta=0.7)
    assert play(rule, START, first, second) == [0.5, 0.6, 0.5]


def test_a_new_episode_forgets_the_last():
    rule = ProfitTriggered(profit=0.01, loss=0.1)
    again = START | {"book_value": 5.0}
    assert play(rule, START, again, later(1.0, 1.0, 5.0)) == [0.5, 0.5, 0.5]


def test_a_copy_keeps_its_own_memory():
    rule = ProfitTriggered(profit=0.01, loss=0.1)
    rule.reset(1)
    rule.target(observables(**START))
    twin = copy.copy(rule)
    twin.reset(1)
    twin.target(observables(**START, **{"gamma": 0.0}))
    assert rule.target(observables(**later(1.0, 1.0, -0.079)))[0, 0] == 0.6


def test_memory_takes_no_part_in_comparison():
    rule = ProfitTriggered()
    rule.reset(5)
    assert rule == ProfitTriggered()
    assert hash(rule) == hash(ProfitTriggered())


def test_vanishing_bands_are_delta_hedging_and_endless_ones_a_static_hedge():
    entries = [
        (ProfitTriggered(1e-300, 1e-300), 1.0),
        (Delta(), 1.0),
        (ProfitTriggered(1e9, 1e9), 1.0),
        (NoHedge(), 1.0),
    ]
    narrow, delta, static, none = evaluate(entries, SMALL, n_episodes=50)
    np.testing.assert_array_equal(narrow.net_loss, delta.net_loss)
    np.testing.assert_array_equal(static.trades, 1.0)
    assert static.squared_increments.mean() < none.squared_increments.mean()


def test_the_same_paths_give_the_same_trades_in_any_batch():
    entry = [(ProfitTriggered(), 10.0)]
    (one,) = evaluate(entry, SMALL, n_episodes=40)
    (many,) = evaluate(entry, SMALL, n_episodes=40, chunk_size=7, threads=2)
    np.testing.assert_array_equal(one.net_loss, many.net_loss)


@pytest.mark.parametrize("loss", [0.0, float("inf")])
def test_a_band_without_an_end_is_refused(loss):
    with pytest.raises(ValueError, match="loss"):
        ProfitTriggered(loss=loss)
