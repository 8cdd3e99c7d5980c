import numpy as np
import pytest

from hedge_env.baselines.bands.whalley_wilmott import WhalleyWilmott
from hedge_env.baselines.timing.gamma_scalping import GammaScalping, profit_half_width
from hedge_env.config import BookConfig, LegConfig
from hedge_env.evaluation.evaluate import evaluate
from tests.baselines.markets import SMALL, holds, target_of

LONG = SMALL.model_copy(
    update={"book": BookConfig(legs=(LegConfig(kind="call", quantity=1.0),))}
)


def test_a_gain_is_compared_with_the_cost_of_locking_it_in():
    gamma, fixed = np.array([-2.0, 2.0, 0.0]), np.full(3, 2e-4)
    error = profit_half_width(gamma, fixed, np.full(3, 5e-4), 3.0)
    cost = fixed + 5e-4 * error
    np.testing.assert_allclose(error**2, 2.0 * np.abs(gamma) * 3.0 * cost)
    assert error[0] == error[1] > error[2] == 0.0


def test_delta_is_traded_to_once_the_move_has_earned_enough():
    rule = GammaScalping(profit=4.0, least_error=0.0)
    # y^2 = 2 x 1.7 x 4 (2e-4 + 5e-4 y) has its root at y = 0.0557.
    long = {"gamma": -1.7, "delta": -0.5}
    assert holds(rule, **long, holdings=-0.5 + 0.055)
    assert target_of(rule, **long, holdings=-0.5 + 0.057) == -0.5


def test_without_gamma_small_errors_are_left_alone():
    rule = GammaScalping(least_error=0.05)
    assert holds(rule, gamma=0.0, delta=0.54, holdings=0.5)
    assert target_of(rule, gamma=0.0, delta=0.56, holdings=0.5) == 0.56


def test_without_fixed_cost_it_trades_at_a_multiple_of_the_proportional_one():
    edge = 2.0 * 1.7 * 8.0 * 5e-4
    rule = GammaScalping(profit=8.0, least_error=0.0)
    free = {"fixed_cost": 0.0, "delta": 0.5}
    assert holds(rule, **free, holdings=0.5 - 0.99 * edge)
    assert not holds(rule, **free, holdings=0.5 - 1.01 * edge)
    assert holds(WhalleyWilmott(), proportional_cost=0.0, delta=0.5, holdings=0.5)


def test_a_long_book_pays_less_than_it_does_when_hedged_at_every_step():
    entries = [(GammaScalping(), 10.0), (GammaScalping(1e-9, 0.0), 10.0)]
    scalped, hedged = evaluate(entries, LONG, n_episodes=400)
    assert scalped.trades.mean() < 0.5 * hedged.trades.mean()
    assert scalped.objective.mean() < hedged.objective.mean()


@pytest.mark.parametrize("profit", [0.0, -1.0])
def test_a_profit_that_is_not_positive_is_refused(profit):
    with pytest.raises(ValueError, match="profit"):
        GammaScalping(profit)
