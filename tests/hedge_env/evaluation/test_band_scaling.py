"""Exponents of the width of a band are those that its formula has."""

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.baselines import RULES
from hedge_env.baselines.bands.gamma_band import GammaBand
from hedge_env.config.loading import load_config
from hedge_env.evaluation.attribution import attribute
from hedge_env.evaluation.band_scaling import band_scaling
from hedge_env.evaluation.policy_band import visited_states
from hedge_env.feeds.tape import record_tape

REFERENCE = load_config("reference", settings=["episode.decisions=24"])
ETHEREUM = load_config("ethereum-l1", settings=["episode.decisions=24"])


def states(config, rule):
    tape = record_tape(config, np.arange(128), seed=1, stream="test")
    return visited_states(rule, tape, config, 10.0, per_decision=40, seed=0)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 2.0 / 3.0])
def test_a_power_of_gamma_is_found(exponent):
    rule = GammaBand(width=0.02, exponent=exponent, floor=0.0)
    found = band_scaling(rule, states(REFERENCE, rule), REFERENCE)
    assert set(found.exponents) == {"gamma"}  # costs stand still
    assert found.exponents["gamma"] == pytest.approx(exponent, abs=2e-3)
    assert found.errors["gamma"] < 1e-3
    if exponent > 0.0:
        assert found.r_squared > 0.999


def test_whalley_and_wilmott_have_two_thirds_of_gamma_and_a_third_of_the_cost():
    rule = RULES["whalley-wilmott"]()
    rows = states(REFERENCE, rule)
    # Where the cost moves, and spot does not, its formula is a power of both alone.
    rows[field.SPOT] = 1.0
    random = np.random.default_rng(0)
    rows[field.PROPORTIONAL_COST] *= random.uniform(0.5, 2.0, rows.shape[1])
    found = band_scaling(rule, rows, REFERENCE)
    assert found.exponents["gamma"] == pytest.approx(2.0 / 3.0, abs=2e-3)
    assert found.exponents["proportional_cost"] == pytest.approx(1.0 / 3.0, abs=2e-3)


def test_a_band_that_waits_for_gas_to_fall_grows_with_it():
    waits, does_not = RULES["gas-band"](snap=0.0), GammaBand(floor=0.0)
    found = band_scaling(waits, states(ETHEREUM, waits), ETHEREUM)
    assert found.exponents["fixed_cost"] > 10 * found.errors["fixed_cost"]
    other = band_scaling(does_not, states(ETHEREUM, does_not), ETHEREUM)
    assert abs(other.exponents["fixed_cost"]) < 4 * other.errors["fixed_cost"] + 1e-3


def test_what_has_no_band_has_no_exponents():
    for name in ("delta", "no-hedge"):
        rule = RULES[name]()
        assert band_scaling(rule, states(REFERENCE, rule), REFERENCE) is None
    rule = GammaBand(floor=0.0)
    rows = states(REFERENCE, rule)
    rows[field.GAMMA], rows[field.SPOT] = 0.5, 1.0
    assert band_scaling(rule, rows, REFERENCE) is None
    rows[field.GAMMA] = 0.0
    assert band_scaling(rule, rows, REFERENCE) is None


def test_causes_that_move_as_one_are_not_told_apart():
    rule = GammaBand(floor=0.0)
    rows = states(REFERENCE, rule)
    rows[field.PROPORTIONAL_COST] = np.abs(rows[field.GAMMA] * rows[field.SPOT]) + 1e-9
    assert band_scaling(rule, rows, REFERENCE) is None


def test_it_stands_beside_where_profit_is_from():
    rule = GammaBand(width=0.02, exponent=0.5, floor=0.0)
    entries = [(rule, 10.0), (RULES["delta"](), 10.0)]
    band, none = attribute(entries, REFERENCE, n_episodes=150, seed=0)
    assert band.band.exponents["gamma"] == pytest.approx(0.5, abs=2e-3)
    assert none.band is None
