import numpy as np
import pytest

from hedge_env.baselines.timing.time_based import TimeBased, is_due
from hedge_env.evaluation.evaluate import evaluate
from tests.baselines.markets import SMALL, holds, target_of


def test_trades_are_due_at_multiples_of_the_interval():
    due = is_due(np.arange(10.0), 4)
    np.testing.assert_array_equal(np.flatnonzero(due), [0, 4, 8])


def test_the_first_decision_trades_to_delta():
    assert target_of(TimeBased(7), step=0.0, holdings=0.0) == 0.55


def test_between_intervals_nothing_is_traded():
    assert holds(TimeBased(7), step=6.0)
    assert not holds(TimeBased(7), step=7.0)


@pytest.mark.parametrize(("interval", "trades"), [(1, 30), (7, 5), (30, 1), (400, 1)])
def test_an_episode_has_one_trade_per_interval(interval, trades):
    (table,) = evaluate([(TimeBased(interval), 1.0)], SMALL, n_episodes=5)
    np.testing.assert_array_equal(table.trades, trades)


@pytest.mark.parametrize("interval", [0, -1, 2.5])
def test_an_interval_is_a_positive_whole_number(interval):
    with pytest.raises(ValueError, match="interval"):
        TimeBased(interval)
