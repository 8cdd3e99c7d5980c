"""A policy with an LSTM of random weights, without a learning library."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from hedge_env.base.types import Float32Array
from hedge_env.config import EnvConfig
from hedge_env.policies.policy_file import LearnedPolicy, describe_policy, save_policy

Layers = list[tuple[Float32Array, Float32Array]]


def recurrent_policy(config: EnvConfig, lstm: Sequence[int] = (5, 3)) -> LearnedPolicy:
    """Its actions depend much on what it saw before."""
    described = describe_policy(
        config,
        algorithm="recurrent_ppo",
        hidden_layers=(4,),
        activation="tanh",
        squash="clip",
        lstm=lstm,
    )
    random = np.random.default_rng(2)

    def layer(n_outputs: int, n_inputs: int) -> tuple[Float32Array, Float32Array]:
        weight = random.normal(size=(n_outputs, n_inputs)).astype(np.float32)
        return weight, 0.1 * random.normal(size=n_outputs).astype(np.float32)

    widths = pairwise((len(described.features), *lstm))
    memory = [layer(4 * h, n + h) for n, h in widths]
    layers = [layer(n_out, n_in) for n_in, n_out in pairwise(described.layers)]
    return LearnedPolicy(described, layers, lstm=memory)


def save_recurrent_policy(path: Path, config: EnvConfig) -> Path:
    """The same as a file."""
    policy = recurrent_policy(config)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_policy(path, policy.layers, policy.metadata, policy.lstm)
    return path
