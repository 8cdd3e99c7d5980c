"""From a Stable-Baselines3 model to a policy that needs neither SB3 nor torch."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.sac.policies import SACPolicy
from stable_baselines3.td3.policies import TD3Policy
from torch import nn

from hedge_env.config import EnvConfig
from hedge_env.policy_file import (
    LearnedPolicy,
    PolicyMetadata,
    describe_policy,
    save_policy,
)

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]
Activation = Literal["tanh", "relu"]
Squash = Literal["none", "clip", "tanh"]

ACTIVATION_NAMES: dict[type[nn.Module], Activation] = {
    nn.Tanh: "tanh",
    nn.ReLU: "relu",
}


class Actor(NamedTuple):
    """The part of a model that acts, as plain data."""

    layers: list[Layer]  # weight (outputs, inputs) and bias (outputs,)
    activation: Activation
    squash: Squash


def export_policy(
    model: BaseAlgorithm,
    config: EnvConfig,
    path: Path,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Write the deterministic policy of a model as a policy file.

    Args:
        model: A PPO, A2C, SAC or TD3 model with `MlpPolicy`.
        config: The hedging problem it was trained on.
        path: Where to; an existing file is replaced in one move.
        notes: Short texts that the file is to keep, for example the seed.
    """
    actor = extract_actor(model)
    save_policy(path, actor.layers, _describe(model, actor, config, notes))


def to_policy(model: BaseAlgorithm, config: EnvConfig) -> LearnedPolicy:
    """The deterministic policy of a model, as `export_policy` would write it."""
    actor = extract_actor(model)
    return LearnedPolicy(_describe(model, actor, config), actor.layers)


def extract_actor(model: BaseAlgorithm) -> Actor:
    """Copy the layers that map observations to deterministic actions.

    Raises:
        ValueError: If the network is none that a policy file can hold.
    """
    policy = model.policy
    modules: list[nn.Module]
    if isinstance(policy, ActorCriticPolicy):
        modules = [*policy.mlp_extractor.policy_net, policy.action_net]
        # SB3 clips what it samples to the bounds of the space.
        box = isinstance(model.action_space, spaces.Box)
        return _actor(modules, "clip" if box else "none")
    if isinstance(policy, SACPolicy):
        return _actor([*policy.actor.latent_pi, policy.actor.mu], "tanh")
    if isinstance(policy, TD3Policy):
        return _actor([*policy.actor.mu][:-1], "tanh")  # the last is the Tanh itself
    raise ValueError(f"cannot export a {type(policy).__name__}")


def _actor(modules: Iterable[nn.Module], squash: Squash) -> Actor:
    layers: list[Layer] = []
    activations: set[Activation] = set()
    for module in modules:
        if isinstance(module, nn.Linear):
            weight, bias = module.weight.detach(), module.bias.detach()
            layers.append((weight.cpu().numpy().copy(), bias.cpu().numpy().copy()))
        elif type(module) in ACTIVATION_NAMES:
            activations.add(ACTIVATION_NAMES[type(module)])
        else:
            raise ValueError(f"cannot export a layer {type(module).__name__}")
    if len(activations) > 1:
        raise ValueError("cannot export layers with different activations")
    return Actor(layers, next(iter(activations), "tanh"), squash)


def _describe(
    model: BaseAlgorithm,
    actor: Actor,
    config: EnvConfig,
    notes: Mapping[str, str] | None = None,
) -> PolicyMetadata:
    return describe_policy(
        config,
        algorithm=type(model).__name__.lower(),
        hidden_layers=[len(bias) for _, bias in actor.layers[:-1]],
        activation=actor.activation,
        squash=actor.squash,
        notes={**(notes or {}), "timesteps": str(model.num_timesteps)},
    )
