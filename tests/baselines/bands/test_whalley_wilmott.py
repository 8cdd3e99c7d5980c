import pytest

from hedge_env.baselines.bands.whalley_wilmott import WhalleyWilmott
from hedge_env.evaluation.evaluate import evaluate
from tests.baselines.markets import SMALL, holds, target_of


def test_trades_go_to_the_nearest_edge_only():
    edge = 0.5 - target_of(WhalleyWilmott(), delta=0.5, holdings=0.0)
    assert 0.0 < edge < 0.1
    assert target_of(WhalleyWilmott(), delta=0.5, holdings=0.9) == 0.5 + edge
    assert holds(WhalleyWilmott(), delta=0.5, holdings=0.5 + 0.9 * edge)


def test_the_published_band_is_hit_to_six_digits():
    """Cost .0005, spot 5000, gamma .02 and g 1 give .114471 (g is 2 lambda)."""
    golden = {
        "spot": 5000.0,
        "gamma": 0.02,
        "proportional_cost": 0.0005,
        "risk_aversion": 0.5,
    }
    rule = WhalleyWilmott(1.0)
    assert target_of(rule, delta=0.5, holdings=0.0, **golden) == pytest.approx(
        0.5 - 0.114471, abs=5e-7
    )
    assert holds(rule, delta=0.5, holdings=0.5 - 0.11447, **golden)


def test_without_proportional_cost_it_is_delta_hedging():
    assert target_of(WhalleyWilmott(), proportional_cost=0.0) == 0.55


def test_more_risk_aversion_means_a_narrower_band():
    def trades(multiplier):
        entry = (WhalleyWilmott(multiplier), 10.0)
        (table,) = evaluate([entry], SMALL, n_episodes=100)
        return table.trades.mean()

    assert trades(0.01) < trades(1.0) < trades(100.0)
