from dataclasses import dataclass

import numpy as np
import pytest

from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.evaluation.evaluate import evaluate
from tests.baselines.markets import SMALL, holds, target_of


@dataclass(frozen=True)
class ToEdge(DeltaThreshold):
    """The same rule, trading to the edge of the band."""

    trade_back: float = 0.0


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


@pytest.mark.parametrize(
    ("share", "goals"),
    [(0.0, [0.4, 0.6]), (0.25, [0.425, 0.575]), (1.0, [0.5, 0.5])],
)
def test_a_trade_ends_a_share_of_the_half_width_inside(share, goals):
    rule = DeltaThreshold(0.1, trade_back=share)
    found = [target_of(rule, delta=0.5, holdings=held) for held in (0.1, 0.8)]
    assert found == pytest.approx(goals)


@pytest.mark.parametrize(("delta", "held"), [(1 / 3, 0.9), (0.1, -0.4)])
def test_a_trade_to_delta_is_exact(delta, held):
    assert target_of(DeltaThreshold(0.1), delta=delta, holdings=held) == delta


def test_a_band_traded_to_its_edge_is_held_at_the_edge():
    rule = DeltaThreshold(0.1, trade_back=0.0)
    edge = target_of(rule, delta=0.7, holdings=0.3)
    assert edge == pytest.approx(0.6)
    assert holds(rule, delta=0.7, holdings=edge)
