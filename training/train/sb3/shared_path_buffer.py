r"""A rollout buffer that compares environments living through the same market.

Most of the variance of a hedging return is the path's, not the policy's. When `g`
environments share each path, the others' mean advantage at the same step is a
baseline that knows the path:

.. math:: A_i \leftarrow A_i - \frac{1}{g - 1} \sum_{j \ne i} A_j

Environment `i`'s own action does not enter the sum, so the expected policy gradient
is unchanged; the mean over all `g` would shrink it by the factor :math:`1 - 1/g`.
"""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.buffers import RolloutBuffer


class SharedPathRolloutBuffer(RolloutBuffer):
    """SB3's rollout buffer with the other copies' mean as advantage baseline.

    Pass it to PPO or A2C as `rollout_buffer_class`, with
    `rollout_buffer_kwargs={"envs_per_path": g}`. The environments of a path are
    consecutive and walk in step: 0 to g - 1 are on one path, g to 2g - 1 on the next.
    Returns, the targets of the value function, stay as they are.

    Args:
        envs_per_path: Environments on each path; 1 is SB3's plain buffer.
        (all others): As in `RolloutBuffer`.

    Raises:
        ValueError: If the number of environments is no multiple of `envs_per_path`.
    """

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        device: torch.device | str = "auto",
        gae_lambda: float = 1.0,
        gamma: float = 0.99,
        n_envs: int = 1,
        *,
        envs_per_path: int = 1,
    ) -> None:
        if envs_per_path < 1 or n_envs % envs_per_path:
            raise ValueError(
                f"n_envs = {n_envs} must be a multiple of envs_per_path = "
                f"{envs_per_path}"
            )
        super().__init__(
            buffer_size,
            observation_space,
            action_space,
            device,
            gae_lambda=gae_lambda,
            gamma=gamma,
            n_envs=n_envs,
        )
        self.envs_per_path = envs_per_path

    def compute_returns_and_advantage(
        self, last_values: torch.Tensor, dones: NDArray[Any]
    ) -> None:
        """Generalised advantage estimates as in SB3, then the others' mean off."""
        super().compute_returns_and_advantage(last_values, dones)
        if self.envs_per_path > 1:
            self.advantages = subtract_others_mean(self.advantages, self.envs_per_path)


def subtract_others_mean(
    advantages: NDArray[np.float32], group: int
) -> NDArray[np.float32]:
    """Each column less the mean of the other columns in its group.

    Args:
        advantages: Shape (n_steps, n_envs); groups are consecutive columns.
        group: Columns per group, at least 2; divides n_envs.

    Returns:
        Shape (n_steps, n_envs).
    """
    grouped = advantages.reshape(len(advantages), -1, group)  # (steps, paths, group)
    # a - (sum - a) / (g - 1) = (a - mean) g / (g - 1)
    centred = grouped - grouped.mean(axis=2, keepdims=True)
    result: NDArray[np.float32] = centred * np.float32(group / (group - 1.0))
    return result.reshape(advantages.shape)
