"""A small vector environment whose every number can be worked out by hand."""

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space


class CountingVectorEnv(VectorEnv):
    """Row i ends after `lengths[i]` steps; the reward is 10 i plus the step number.

    The observation is (episode number, step within it). Rows `truncated_rows` end by
    truncation, the others by termination.
    """

    def __init__(
        self,
        lengths: tuple[int, ...],
        truncated_rows: tuple[int, ...] = (),
        autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
    ) -> None:
        self.num_envs = len(lengths)
        self.metadata = {"autoreset_mode": autoreset_mode}
        self.render_mode = None
        self.single_observation_space = spaces.Box(0.0, 1000.0, (2,), np.float32)
        self.single_action_space = spaces.Box(-1.0, 1.0, (3,), np.float32)
        self.observation_space = batch_space(
            self.single_observation_space, self.num_envs
        )
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.lengths = np.array(lengths)
        self.truncated = np.isin(np.arange(self.num_envs), truncated_rows)
        self.resets: list[tuple[Any, Any]] = []

    def reset(self, *, seed=None, options=None):
        self.resets.append((seed, options))
        self.episode = np.zeros(self.num_envs, dtype=np.int64)
        self.step_in_episode = np.zeros(self.num_envs, dtype=np.int64)
        return self._observe(), {}

    def _observe(self):
        return np.stack([self.episode, self.step_in_episode], axis=1).astype(np.float32)

    def step(self, actions):
        self.step_in_episode += 1
        rewards = 10.0 * np.arange(self.num_envs) + self.step_in_episode
        ended = self.step_in_episode == self.lengths
        infos: dict[str, Any] = {}
        if ended.any():
            final = np.full(self.num_envs, None, dtype=object)
            for row in np.flatnonzero(ended):
                final[row] = self._observe()[row]
            cost = np.where(ended, 7.0 + np.arange(self.num_envs), 0.0)
            infos = {
                "final_obs": final,
                "_final_obs": ended,
                "final_info": {"hedge": {"cost_bp": cost, "_cost_bp": ended}},
                "_final_info": ended,
            }
            self.episode[ended] += 1
            self.step_in_episode[ended] = 0
        terminated, truncated = ended & ~self.truncated, ended & self.truncated
        return self._observe(), rewards, terminated, truncated, infos

    def state_dict(self):
        return {"episode": self.episode.copy(), "step": self.step_in_episode.copy()}

    def load_state_dict(self, state):
        self.episode = state["episode"].copy()
        self.step_in_episode = state["step"].copy()
