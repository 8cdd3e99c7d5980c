"""RecurrentPPO of sb3-contrib over shared paths; to import this is to import that."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.buffers import RecurrentRolloutBuffer

from hedge_env.training.train.sb3.shared_path_buffer import subtract_others_mean

__all__ = ["SharedPathRecurrentBuffer", "recurrent_ppo"]


class SharedPathRecurrentBuffer(RecurrentRolloutBuffer):
    """The recurrent rollout buffer with the baseline of `SharedPathRolloutBuffer`.

    Attributes:
        envs_per_path: Environments on each path, consecutive ones; with 1 it is the
            plain buffer.
    """

    envs_per_path = 1

    def compute_returns_and_advantage(
        self, last_values: torch.Tensor, dones: NDArray[Any]
    ) -> None:
        """Generalised advantage estimates as in SB3, then the others' mean off."""
        super().compute_returns_and_advantage(last_values, dones)
        if self.envs_per_path > 1:
            self.advantages = subtract_others_mean(self.advantages, self.envs_per_path)


def recurrent_ppo(envs_per_path: int, **arguments: Any) -> RecurrentPPO:
    """A model whose advantages know the other environments of a path.

    Args:
        envs_per_path: Environments on each path; divides their number.
        **arguments: Of `RecurrentPPO`, which takes no class of a buffer.
    """
    model = RecurrentPPO(**arguments)
    plain: Any = model.rollout_buffer
    buffer = SharedPathRecurrentBuffer(
        plain.buffer_size,
        plain.observation_space,
        plain.action_space,
        plain.hidden_state_shape,
        plain.device,
        gae_lambda=plain.gae_lambda,
        gamma=plain.gamma,
        n_envs=plain.n_envs,
    )
    buffer.envs_per_path = envs_per_path
    model.rollout_buffer = buffer
    return model
