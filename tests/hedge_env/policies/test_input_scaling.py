"""A normalisation that a policy file carries: its formula, and what is refused."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from hedge_env.config.loading import load_config
from hedge_env.policies.learned_policy import LearnedPolicy
from hedge_env.policies.network import run_layers
from hedge_env.policies.policy_metadata import InputScaling, describe_policy

CONFIG = load_config("reference", {"action": {"mode": "discrete"}})
NAMES = {
    "algorithm": "ppo",
    "hidden_layers": (),
    "activation": "tanh",
    "squash": "none",
}
PLAIN = describe_policy(CONFIG, **NAMES)  # type: ignore[arg-type]
N, N_CHOICES = PLAIN.layers


def scaling(**changes: Any) -> InputScaling:
    numbers = {"offset": 0.25, "deviation": 0.5, "low": -1.0, "high": 2.0, **changes}
    return InputScaling(**numbers)


def test_each_input_is_shifted_divided_and_clipped() -> None:
    described = describe_policy(CONFIG, scaling=[scaling()] * N, **NAMES)  # type: ignore[arg-type]
    weight = np.linspace(-1.0, 1.0, N_CHOICES * N, dtype=np.float32)
    weight = weight.reshape(N_CHOICES, N)
    layers = [(weight, np.zeros(N_CHOICES, dtype=np.float32))]
    x = np.random.default_rng(0).normal(size=(50, N)).astype(np.float32)
    by_hand = np.clip((x.astype(np.float64) - 0.25) / 0.5, -1.0, 2.0)
    expected = run_layers(by_hand.astype(np.float32), layers, "tanh")
    got = LearnedPolicy(described, layers).outputs(x)
    np.testing.assert_array_equal(got, expected)
    plain = LearnedPolicy(PLAIN, layers).outputs(x)
    assert np.abs(got - plain).max() > 0.1


@pytest.mark.parametrize(
    "changes",
    [
        {"deviation": 0.0},
        {"deviation": -1.0},
        {"deviation": np.inf},
        {"offset": np.nan},
        {"low": 3.0},
        {"high": np.inf},
    ],
)
def test_a_scaling_without_meaning_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        scaling(**changes)


def test_a_scaling_of_another_number_of_features_is_refused() -> None:
    with pytest.raises(ValidationError, match="one for each, or none"):
        describe_policy(CONFIG, scaling=[scaling()] * (N - 1), **NAMES)  # type: ignore[arg-type]
