"""A network that gives a band, whatever is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.torch_layers import FlattenExtractor, create_mlp
from stable_baselines3.common.type_aliases import PyTorchObs, Schedule
from torch import nn

_FIRST_ACTIONS = 0.01  # size of the last layer's weights: it starts at the zero action


class BandPolicy(BasePolicy):
    """A feed-forward network from observation to action, deterministic.

    A best band depends on the market alone. What the observation says of holdings is
    not passed on to the network, so that one decision is learned for all of them.

    Args:
        observation_space: A box of named features.
        action_space: The box of `action.mode` band_edges.
        lr_schedule: Learning rate by the progress that remains.
        net_arch: Widths of the hidden layers.
        activation_fn: Between the layers.
        blind: Numbers of the features that are left out.
    """

    mask: torch.Tensor

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Box,
        lr_schedule: Schedule,
        net_arch: Sequence[int] = (64, 64),
        activation_fn: type[nn.Module] = nn.Tanh,
        blind: Sequence[int] = (),
    ) -> None:
        super().__init__(
            observation_space,
            action_space,
            features_extractor_class=FlattenExtractor,
            squash_output=True,
        )
        self.net_arch, self.activation_fn = tuple(net_arch), activation_fn
        self.blind = tuple(blind)
        size = int(np.prod(observation_space.shape or ()))
        mask = torch.ones(size)
        mask[list(self.blind)] = 0.0
        self.register_buffer("mask", mask)
        outputs = int(np.prod(action_space.shape))
        layers = create_mlp(size, outputs, list(net_arch), activation_fn)
        last = layers[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            last.weight.mul_(_FIRST_ACTIONS)
            last.bias.zero_()
        self.mu = nn.Sequential(*layers, nn.Tanh())
        self.optimizer = torch.optim.Adam(self.parameters(), lr=lr_schedule(1))

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Actions in (-1, 1), shape (n, n_numbers)."""
        found: torch.Tensor = self.mu(observation * self.mask)
        return found

    def _predict(
        self, observation: PyTorchObs, deterministic: bool = False
    ) -> torch.Tensor:
        if not isinstance(observation, torch.Tensor):
            raise TypeError("a band policy takes one array of features")
        return self.forward(observation.float())

    def _get_constructor_parameters(self) -> dict[str, Any]:
        data = super()._get_constructor_parameters()
        own = {
            "net_arch": self.net_arch,
            "activation_fn": self.activation_fn,
            "blind": self.blind,
            "lr_schedule": self._dummy_schedule,
        }
        data.pop("normalize_images")
        return {**data, **own}
