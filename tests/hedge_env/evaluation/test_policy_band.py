import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.baselines import RULES
from hedge_env.baselines.bands.gas_band import GasBand
from hedge_env.config.loading import load_config
from hedge_env.evaluation.policy_band import (
    policy_band,
    require_band,
    visited_states,
)
from hedge_env.feeds.tape import record_tape

CONFIG = load_config("ethereum-l1", settings=["episode.decisions=20"])


def visit():
    tape = record_tape(CONFIG, np.arange(64), seed=3, stream="training")
    rule = RULES["deadline-band"]()
    return visited_states(rule, tape, CONFIG, 10.0, per_decision=16, seed=3)


@pytest.fixture(scope="module")
def states():
    return visit()


def test_states_are_of_every_decision_and_the_same_again(states):
    assert states.shape == (len(field.FIELDS), 20 * 16)
    steps, counts = np.unique(states[field.STEP], return_counts=True)
    assert steps.tolist() == list(range(20))
    assert set(counts) == {16}
    assert np.array_equal(states, visit())


@pytest.mark.parametrize("name", ["gas-band", "deadline-band", "zakamouline"])
def test_the_edges_of_a_rule_are_found_by_asking_it(states, name):
    rule = RULES[name](**({"snap": 0.0} if name != "zakamouline" else {}))
    found = policy_band(rule, states, CONFIG)
    own = rule.band(dict(zip(field.FIELDS, states, strict=True)))
    assert found.known.mean() > 0.9
    np.testing.assert_allclose(found.low[found.known], own.low[found.known], atol=1e-4)
    np.testing.assert_allclose(
        found.high[found.known], own.high[found.known], atol=1e-4
    )


def test_what_is_held_in_a_state_does_not_matter(states):
    other = states.copy()
    other[field.HOLDINGS] = 0.123
    first, second = (policy_band(GasBand(), rows, CONFIG) for rows in (states, other))
    assert np.array_equal(first.low, second.low)


def test_a_policy_that_never_holds_still_has_no_band(states):
    rule = RULES["delta"]()
    band = policy_band(rule, states, CONFIG)
    with pytest.raises(
        ConfigError, match="delta holds still in a band of holdings in 0 % of"
    ):
        require_band(rule, band)
