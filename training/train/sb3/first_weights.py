r"""Weights of a saved policy as the first ones of a learner, in another market.

A feature is relative to its market, :math:`x = (o - m) s` of an observable o: gas over
its median, volatility over its level. The network is to see what it saw before. With
:math:`m', s'` of the new market, :math:`x = (s / s') x' + (m' - m) s`, which the first
layer takes in: it acts as it did, wherever no feature is clipped. A feature that the
policy never saw, the funding of a perpetual for one that hedged on a chain, has no say
at first; one that the new market does not show counts as x = 0, its middle.
"""

from __future__ import annotations

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn

from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.policies.learned_policy import LearnedPolicy
from hedge_env.policies.policy_metadata import feature_records
from hedge_env.training.output.console import log
from hedge_env.training.train.sb3.path_learner import PathLearner

__all__ = ["say_what_is_unlike", "start_with"]


def start_with(
    model: BaseAlgorithm,
    policy: LearnedPolicy,
    config: EnvConfig,
    *,
    asked: str = "--start-from",
) -> None:
    """Give a learner the weights of a policy.

    Args:
        model: Freshly built, an AHPG or DeepHedging.
        policy: Trained with the same actions and layers; see the module for what
            becomes of features that are not the same.
        config: The market that the learner plays.
        asked: What the user asked for it by, for the error.

    Raises:
        ConfigError: If the two do not fit, or the learner needs more than a policy.
    """
    if not isinstance(model, PathLearner):
        raise ConfigError(
            f"{asked}: a policy file holds the network that acts, and "
            f"{type(model).__name__} learns with another one besides; use ahpg "
            "or deep_hedging"
        )
    linear = [part for part in model.policy.mu if isinstance(part, nn.Linear)]
    shapes = [tuple(part.weight.shape) for part in linear]
    reason = _why_unfit(policy, shapes, model.policy.activation_fn.__name__, config)
    if reason is not None:
        raise ConfigError(
            f"{asked}: {policy.name} has other {reason}; train with its experiment"
        )
    weights = [(w.astype(np.float64), b.astype(np.float64)) for w, b in policy.layers]
    weights[0] = _in_new_market(*weights[0], policy, config)
    with torch.no_grad():
        for part, (weight, bias) in zip(linear, weights, strict=True):
            part.weight.copy_(torch.from_numpy(weight))
            part.bias.copy_(torch.from_numpy(bias))


def say_what_is_unlike(policy: LearnedPolicy, config: EnvConfig) -> None:
    """Say so if a market shows other features than the policy saw.

    Args:
        policy: The policy.
        config: The market.
    """
    old = [record.name for record in policy.metadata.features]
    new = [record.name for record in feature_records(config)]
    unseen, gone = [x for x in new if x not in old], [x for x in old if x not in new]
    if unseen:
        names = ", ".join(unseen)
        log(f"{policy.name} never saw {names}: without a say until it is learned")
    if gone:
        names = ", ".join(gone)
        log(f"{config.name} does not show {names}: taken for what is usual")


def _in_new_market(
    weight: np.ndarray, bias: np.ndarray, policy: LearnedPolicy, config: EnvConfig
) -> tuple[np.ndarray, np.ndarray]:
    """The first layer on features of the new market."""
    old = {x.name: (i, x) for i, x in enumerate(policy.metadata.features)}
    new = feature_records(config)
    moved, shift = np.zeros((len(weight), len(new))), np.zeros_like(bias)
    for j, record in enumerate(new):
        if record.name in old:
            i, known = old[record.name]
            moved[:, j] = weight[:, i] * (known.scale / record.scale)
            shift += weight[:, i] * (record.offset - known.offset) * known.scale
    return moved, bias + shift


def _why_unfit(
    policy: LearnedPolicy,
    shapes: list[tuple[int, ...]],
    activation: str,
    config: EnvConfig,
) -> str | None:
    """What makes a policy another function than the learner's; None if nothing."""
    if policy.remembers:
        return "layers: an LSTM, which remembers"
    own = [weight.shape for weight, _ in policy.layers]
    if [own[0][0], *own[1:]] != [shapes[0][0], *shapes[1:]]:
        return f"layers {own}, not {shapes}"
    if policy.metadata.activation != activation.lower():
        return f"activation {policy.metadata.activation}, not {activation.lower()}"
    if policy.config.action != config.action:
        return "settings of action"
    if policy.metadata.scaling:
        return "normalisation of what it observes"
    return None
