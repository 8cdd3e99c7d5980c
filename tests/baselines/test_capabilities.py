"""What solver and fused episodes know is declared, and the rest is refused."""

import pytest

from hedge_env.baselines.bands.delta_band import DeltaBand
from hedge_env.baselines.capabilities import (
    DYNAMIC_PROGRAMMING,
    FUSED_EPISODES,
    NOT_TUNED_FOR,
    unknown_keys,
)
from hedge_env.baselines.optimum.solvable import why_unsolvable
from hedge_env.baselines.tuning.fused_episodes import can_roll_out
from hedge_env.config import EnvConfig, ExecutionConfig
from hedge_env.config.loading import load_config

# What switches a part of the execution on; any other key is a number, and one more.
ON = {
    "permanent_impact": 0.1,
    "failure": {"probability": 0.1},
    "sandwich": {"probability": 0.1, "loss_bp": 1.0},
    "halt": {"move": 0.1},
    "keeper": {},
    "front_runner": {"loss_bp": 10.0},
    "margin": {"collateral": 1.0},
    "slicing": {"slices": 2},
    "venues": [{"kind": "order-book", "name": "exchange"}],
    "split": "single",
    "option": {},
    # A treasury that cannot hold what the book needs: else who trades at home alone
    # is played as if there were one chain.
    "rollup": {"home": {"most": 0.5}},
}
# What else has to be set for a key to matter, or not to be in its way.
_NO_COSTS = {"fee_bp": 0.0, "fixed_cost_bp": 0.0, "gas_cost_bp": 0.0}
BESIDE = {
    "rollup": {"instrument": "spot"},
    "venues": _NO_COSTS,
    "split": {**_NO_COSTS, "venues": ON["venues"]},
    "fee_limit_bp": {"fee_bp": 5.0},
    "quoted_order": {**_NO_COSTS, "venues": ON["venues"]},
}
VALUES = {**ON, "fee_limit_bp": 2.0}
# A value other than the default of every key that fused episodes do not know.
CHANGED = {
    name: VALUES[name] if name in VALUES else info.default + 1
    for name, info in ExecutionConfig.model_fields.items()
    # `impact_on` needs a basis, and is refused for that already.
    if name not in [*FUSED_EPISODES["execution"].split(), "impact_on"]
}


def switched_on(preset, key, value):
    execution = {"instrument": "perp", **BESIDE.get(key, {}), key: value}
    known = {*_NO_COSTS, "instrument"}
    return load_config(preset, {"execution": execution}), {
        f"execution.{name}" for name in {key, *BESIDE.get(key, {})} - known
    }


@pytest.mark.parametrize("known", [DYNAMIC_PROGRAMMING, FUSED_EPISODES])
def test_no_key_is_listed_that_no_section_has(known):
    config = load_config("reference-gas")
    for section, keys in known.items():
        model: object = config
        for part in section.split(".") if section else ():
            model = getattr(model, part)
        assert set(keys.split()) <= set(type(model).model_fields)
    assert set(NOT_TUNED_FOR) <= set(EnvConfig.model_fields)


@pytest.mark.parametrize("key", ON)
def test_what_can_be_switched_on_is_not_known_to_the_optimum(key):
    changed, keys = switched_on("reference-gas", key, ON[key])
    assert set(unknown_keys(changed, DYNAMIC_PROGRAMMING)) == keys
    assert why_unsolvable(changed) is not None


@pytest.mark.parametrize("key", CHANGED)
def test_a_setting_that_is_not_known_is_left_to_the_batch(key):
    plain = load_config("reference", {"execution": {"instrument": "perp"}})
    assert can_roll_out(DeltaBand, plain)
    changed, keys = switched_on("reference", key, CHANGED[key])
    assert set(unknown_keys(changed, FUSED_EPISODES)) == keys
    assert not can_roll_out(DeltaBand, changed)
    assert (why_unsolvable(changed) is None) == (key == "fee_limit_bp")


def test_keys_in_use_are_those_that_are_set_and_not_known():
    config = load_config("ethereum-l1-adverse")
    assert config.keys_in_use("market.volatility", ()) != []
    found = config.keys_in_use("execution", ("gas_units", "fee_bp"))
    assert "sandwich" in found
    assert "gas_units" not in found
    assert config.keys_in_use("replay", ()) == []
    assert EnvConfig().keys_in_use("", ()) == []
