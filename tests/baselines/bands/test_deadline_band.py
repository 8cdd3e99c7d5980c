import numpy as np
import pytest

from hedge_env.baselines.bands.deadline_band import (
    DeadlineBand,
    deadline_half_width,
    gas_multiplier,
)
from hedge_env.pricing.no_trade_band import fixed_cost_half_width
from tests.baselines.markets import holds, target_of


def half_width(gamma=1.7, remaining=0.05, cost=2e-4, aversion=10.0, **weights):
    arrays = [np.array([x]) for x in (gamma, remaining, cost, aversion)]
    return deadline_half_width(*arrays, **weights)[0]


def test_far_from_expiry_it_is_the_fixed_cost_band():
    wide = half_width(remaining=1e12, alpha=1.0, chi=1.0)
    formula = fixed_cost_half_width(np.array([1.7]), 2e-4, 20.0)[0]
    assert wide == pytest.approx(formula, rel=1e-9)


def test_without_gamma_the_risk_at_the_edge_is_the_fixed_cost():
    edge = half_width(gamma=0.0, alpha=1.0, chi=1.0)
    assert 10.0 * edge**2 * 0.05 == pytest.approx(2e-4)


def test_the_band_opens_as_expiry_approaches():
    near, far = (half_width(remaining=x, alpha=0.9, chi=0.8) for x in (1e-4, 1e-1))
    assert near > far


def test_the_band_follows_the_price_of_gas():
    fixed = np.array([1e-4, 2e-4, 8e-4, 0.0])
    mean, season = np.array([2e-4, 2e-4, 2e-4, 0.0]), np.zeros(4)
    np.testing.assert_allclose(
        gas_multiplier(fixed, fixed, mean, season, 0.5, 2.2), [0.5**0.5, 1.0, 2.0, 1.0]
    )


def test_the_band_follows_the_season_more_than_the_rest_of_gas():
    x, s = np.array([0.3, 0.3, -0.2]), np.array([0.0, 0.35, -0.35])
    cost, mean = 2e-4 * np.exp(x + s), np.full(3, 2e-4)
    found = gas_multiplier(cost, cost, mean, s, 0.4, 2.2)
    np.testing.assert_allclose(found, np.exp(0.4 * (x + 2.2 * s)))
    # What is no gas has no season.
    constant = gas_multiplier(mean, np.zeros(3), mean, s, 0.4, 2.2)
    np.testing.assert_array_equal(constant, 1.0)


def test_trades_go_to_delta_or_to_nothing():
    rule = DeadlineBand(alpha=0.01, chi=0.0, snap=0.1)
    assert target_of(rule, delta=0.55, holdings=0.2) == 0.55
    assert target_of(rule, delta=0.09, holdings=0.4) == 0.0


def test_a_trade_may_stop_inside_the_band():
    rule = DeadlineBand(alpha=0.86, chi=0.0, snap=0.0, trade_back=0.25)
    width = half_width(alpha=0.86, chi=0.0)
    assert target_of(rule, delta=0.55, holdings=0.0) == pytest.approx(
        0.55 - 0.75 * width
    )
    assert holds(rule, delta=0.55, holdings=0.55 - 0.9 * width)


@pytest.mark.parametrize("trade_back", [0.0, 1.1, float("nan")])
def test_a_trade_goes_at_least_somewhere_and_at_most_to_delta(trade_back):
    with pytest.raises(ValueError, match="trade_back"):
        DeadlineBand(trade_back=trade_back)
