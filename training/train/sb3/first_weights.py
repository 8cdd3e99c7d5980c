r"""Weights of a saved policy as the first ones of a learner, in another market.

A feature is relative to its market, :math:`x = (o - m) s` of an observable o: gas over
its median, volatility over its level. The network is to see what it saw before. With
:math:`m', s'` of the new market, :math:`x = (s / s') x' + (m' - m) s`, which the first
layer takes in: it acts as it did, wherever no feature is clipped.
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
from hedge_env.training.train.sb3.path_learner import PathLearner

__all__ = ["start_with"]


def start_with(model: BaseAlgorithm, policy: LearnedPolicy, config: EnvConfig) -> None:
    """Give a learner the weights of a policy.

    Args:
        model: Freshly built, an AHPG or DeepHedging.
        policy: Trained on the same features, actions and layers.
        config: The market that the learner plays.

    Raises:
        ConfigError: If the two do not fit, or the learner needs more than a policy.
    """
    if not isinstance(model, PathLearner):
        raise ConfigError(
            "--start-from: a policy file holds the network that acts, and "
            f"{type(model).__name__} learns with another one besides; use ahpg "
            "or deep_hedging"
        )
    linear = [part for part in model.policy.mu if isinstance(part, nn.Linear)]
    _require_fit(policy, [tuple(part.weight.shape) for part in linear], config)
    weights = [(w.astype(np.float64), b.astype(np.float64)) for w, b in policy.layers]
    weights[0] = _in_new_market(*weights[0], policy, config)
    with torch.no_grad():
        for part, (weight, bias) in zip(linear, weights, strict=True):
            part.weight.copy_(torch.from_numpy(weight))
            part.bias.copy_(torch.from_numpy(bias))


def _in_new_market(
    weight: np.ndarray, bias: np.ndarray, policy: LearnedPolicy, config: EnvConfig
) -> tuple[np.ndarray, np.ndarray]:
    """The first layer on features of the new market."""
    old, new = policy.metadata.features, feature_records(config)
    m, s, new_m, new_s = np.array(
        [(a.offset, a.scale, b.offset, b.scale) for a, b in zip(old, new, strict=True)]
    ).T
    return weight * (s / new_s), bias + weight @ ((new_m - m) * s)


def _require_fit(
    policy: LearnedPolicy, shapes: list[tuple[int, ...]], config: EnvConfig
) -> None:
    """Refuse a policy that is another function than the learner's.

    Raises:
        ConfigError: In one line.
    """
    records = policy.metadata.features, feature_records(config)
    theirs, ours = ([record.name for record in names] for names in records)
    own = [weight.shape for weight, _ in policy.layers]
    if policy.remembers:
        why = "layers: an LSTM, which remembers"
    elif theirs != ours:
        other = sorted(set(theirs) ^ set(ours)) or ["the same in another order"]
        why = f"features ({', '.join(other)})"
    elif own != shapes:
        why = f"layers {own}, not {shapes}"
    elif policy.config.action != config.action:
        why = "settings of action"
    elif policy.metadata.scaling:
        why = "a normalisation of its own"
    else:
        return
    raise ConfigError(
        f"--start-from: {policy.name} has other {why}; train with its experiment"
    )
