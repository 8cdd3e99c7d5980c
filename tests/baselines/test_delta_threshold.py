import numpy as np

from baselines.delta import Delta
from baselines.delta_threshold import DeltaThreshold
from hedge_env.evaluation import evaluate
from tests.baselines.markets import SMALL, holds, target_of


def test_trades_go_to_delta_from_beyond_the_threshold():
    rule = DeltaThreshold(0.1)
    assert target_of(rule, delta=0.61, holdings=0.5) == 0.61
    assert target_of(rule, delta=0.39, holdings=0.5) == 0.39
    assert holds(rule, delta=0.59, holdings=0.5)
    assert holds(rule, delta=0.41, holdings=0.5)


def test_the_opening_trade_obeys_the_threshold_too():
    assert target_of(DeltaThreshold(0.1), step=0.0, holdings=0.0) == 0.55
    assert holds(DeltaThreshold(0.6), step=0.0, holdings=0.0)


def test_a_vanishing_threshold_is_delta_hedging():
    narrow, delta = evaluate(
        [(DeltaThreshold(1e-300), 1.0), (Delta(), 1.0)], SMALL, n_episodes=50
    )
    np.testing.assert_array_equal(narrow.net_loss, delta.net_loss)
