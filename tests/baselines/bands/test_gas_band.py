import numpy as np
import pytest

from hedge_env.baselines.bands.gas_band import GasBand, worth_half_width
from hedge_env.baselines.bands.whalley_wilmott import WhalleyWilmott
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import summarise
from hedge_env.pricing.no_trade_band import fixed_and_proportional_band
from tests.baselines.markets import holds, observables, target_of
from tests.baselines.test_contracts import many_decisions

PLAIN = GasBand(risk_multiplier=1.0, snap=0.0, worth=0.0)


def band(**changes):
    values = observables(**changes)
    half_width, inner = fixed_and_proportional_band(
        values["gamma"],
        values["spot"],
        values["fixed_cost"],
        values["proportional_cost"],
        2.0 * values["risk_aversion"],
    )
    return half_width[0], inner[0]


def test_trades_go_from_outside_the_band_to_the_inner_target():
    half_width, inner = band()
    assert 0.0 < inner < half_width < 0.3
    assert holds(PLAIN, delta=0.5, holdings=0.5 - 0.99 * half_width)
    low = target_of(PLAIN, delta=0.5, holdings=0.5 - 1.01 * half_width)
    high = target_of(PLAIN, delta=0.5, holdings=0.5 + 1.01 * half_width)
    assert (low, high) == pytest.approx((0.5 - inner, 0.5 + inner))


def test_without_fixed_cost_it_is_the_whalley_wilmott_band():
    values = many_decisions() | {"fixed_cost": np.zeros(400)}
    np.testing.assert_allclose(
        PLAIN.target(values), WhalleyWilmott(1.0).target(values), atol=1e-12
    )


def test_dear_gas_widens_the_band():
    half_width, _ = band()
    held = 0.5 - 1.2 * half_width
    assert not holds(PLAIN, delta=0.5, holdings=held)
    assert holds(PLAIN, delta=0.5, holdings=held, fixed_cost=2e-3)


def test_small_new_holdings_become_none():
    rule = GasBand(risk_multiplier=1e6, snap=0.1, worth=0.0)
    goals = [target_of(rule, delta=x, holdings=0.5) for x in (0.05, -0.05, 0.2)]
    assert goals == [0.0, 0.0, pytest.approx(0.2, abs=0.01)]


def test_an_error_is_left_alone_when_its_risk_is_below_the_toll():
    edge = worth_half_width(np.array([1.0, 4.0]), np.array([0.04, 0.04]))
    np.testing.assert_allclose(edge, [0.2, 0.1])


def test_close_to_expiry_a_trade_is_not_worth_its_cost():
    outside = {"delta": 0.6, "holdings": 0.2, "gamma": 1.0}
    rule = GasBand(risk_multiplier=1.0, snap=0.0, worth=1.0)
    assert not holds(rule, **outside, time_to_maturity=30.0 / 365.0)
    assert holds(rule, **outside, time_to_maturity=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("risk_aversion", "g", "snap", "worth", "objective", "optimum"),
    [
        (2.0, 4.64, 0.127, 1.01, 28.3, 27.82),
        (10.0, 33.6, 0.081, 0.98, 50.2, 49.78),
        (50.0, 248.0, 0.039, 0.69, 101.2, 100.42),
    ],
)
def test_it_is_within_two_percent_of_the_optimum_of_the_reference_market(
    risk_aversion, g, snap, worth, objective, optimum
):
    rule = GasBand(g / (2.0 * risk_aversion), snap, worth)
    entries = [(rule, risk_aversion)]
    (table,) = evaluate(entries, load_config("reference"), n_episodes=20_000)
    metrics = summarise(table)
    noise = 4.0 * metrics.objective_se
    assert metrics.objective_bp == pytest.approx(objective, abs=noise + 0.05)
    assert optimum - noise < metrics.objective_bp < 1.02 * optimum + noise
