"""Stable-Baselines3's `VecEnv` over a native Gymnasium vector environment.

SB3 has no such bridge of its own. This one costs next to nothing per step because
it only touches the rows whose episode has just ended; every other row shares one
read-only, empty info.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv

from hedge_env.base.types import Float32Array
from hedge_env.gym.owned_arrays import restore

VecEnvIndices = None | int | Iterable[int]


class SharedInfo(dict[str, Any]):
    """The empty info of every running row: one object, which nobody may change."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("this info is shared by all running rows; copy it first")

    __setitem__ = _refuse
    __ior__ = _refuse
    setdefault = _refuse
    update = _refuse


RUNNING = SharedInfo()


class VecEnvAdapter(VecEnv):
    """A Gymnasium `VectorEnv` in SAME_STEP mode as an SB3 `VecEnv`.

    Infos of finished rows carry `terminal_observation`, `TimeLimit.truncated`,
    `episode` with the return `r` (in the environment's own unit, whatever
    `reward_scale` is), length `l` and seconds since the start `t`, and `hedge`, the
    episode's metrics where the environment reports them. That is what a `Monitor`
    promises, so `evaluate_policy` and `EvalCallback` report the environment's unit too.

    Args:
        venv: The environment. It must reset within the step that ends an episode.
        reward_scale: What the learner sees is the reward times this number [-].

    Raises:
        ValueError: If `venv` resets in another way, or `reward_scale` is not positive.
    """

    def __init__(
        self, venv: VectorEnv[Any, Any, Any], *, reward_scale: float = 1.0
    ) -> None:
        mode = venv.metadata.get("autoreset_mode")
        if mode != AutoresetMode.SAME_STEP:
            raise ValueError(
                f"Stable-Baselines3 needs autoreset_mode=SAME_STEP, not {mode}: create "
                "the vector environment with AutoresetMode.SAME_STEP"
            )
        if not (np.isfinite(reward_scale) and reward_scale > 0.0):
            raise ValueError(f"reward_scale must be positive, not {reward_scale}")
        self.venv = venv
        self.reward_scale = reward_scale
        self._actions: NDArray[Any] | None = None
        self._returns = np.zeros(venv.num_envs)
        self._lengths = np.zeros(venv.num_envs, dtype=np.int64)
        self._start = time.perf_counter()
        super().__init__(
            venv.num_envs, venv.single_observation_space, venv.single_action_space
        )
        self.reset_infos = [RUNNING] * self.num_envs

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seed the whole batch at the next `reset`.

        The rows differ by path id, not by seed, so one seed serves all of them.
        """
        if seed is not None:
            seed = int(seed)
        self._seeds = [seed] * self.num_envs
        return self._seeds

    def reset(self) -> NDArray[Any]:
        """Start a new episode in every row and return the observations."""
        if any(options != self._options[0] for options in self._options):
            raise ValueError("all rows take the same reset options: pass one dict")
        observations, _ = self.venv.reset(
            seed=self._seeds[0], options=self._options[0] or None
        )
        self._reset_seeds()
        self._reset_options()
        self._returns[:] = 0.0
        self._lengths[:] = 0
        return np.asarray(observations)

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the actions for `step_wait`."""
        expected = (self.num_envs, *(self.action_space.shape or ()))
        if np.shape(actions) != expected:
            raise ValueError(
                f"actions have shape {np.shape(actions)}, expected {expected}"
            )
        self._actions = actions

    def step_wait(
        self,
    ) -> tuple[NDArray[Any], Float32Array, NDArray[np.bool_], list[dict[str, Any]]]:
        """Take the step.

        Returns:
            Observations (the next episode's where one has just ended), rewards times
            `reward_scale`, flags of ended episodes and infos, one per row.
        """
        if self._actions is None:
            raise RuntimeError("step_wait was called before step_async")
        observations, rewards, terminated, truncated, batch_info = self.venv.step(
            self._actions
        )
        self._actions = None
        self._returns += rewards
        self._lengths += 1
        done = terminated | truncated
        infos: list[dict[str, Any]] = [RUNNING] * self.num_envs
        if done.any():
            self._describe_ended_rows(infos, done, terminated, batch_info)
        scaled = (self.reward_scale * rewards).astype(np.float32)
        return observations, scaled, done, infos

    def _describe_ended_rows(
        self,
        infos: list[dict[str, Any]],
        done: NDArray[np.bool_],
        terminated: NDArray[np.bool_],
        batch_info: Mapping[str, Any],
    ) -> None:
        """Replace the infos of the rows in `done` and restart their counters."""
        final_observations = batch_info["final_obs"]
        metrics: Mapping[str, Any] = batch_info.get("final_info", {}).get("hedge", {})
        columns = {name: v for name, v in metrics.items() if not name.startswith("_")}
        elapsed = round(time.perf_counter() - self._start, 6)
        for row in np.flatnonzero(done):
            infos[row] = {
                "terminal_observation": final_observations[row],
                "TimeLimit.truncated": not terminated[row],
                "episode": {
                    "r": float(self._returns[row]),
                    "l": int(self._lengths[row]),
                    "t": elapsed,
                },
                "hedge": {name: float(v[row]) for name, v in columns.items()},
            }
        self._returns[done] = 0.0
        self._lengths[done] = 0

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Everything a later process needs to continue this very step, as arrays."""
        state: Mapping[str, NDArray[Any]] = self.venv.state_dict()  # type: ignore[attr-defined]  # HedgeVectorEnv has it, Gymnasium's base class not
        return {
            **{f"env.{name}": value for name, value in state.items()},
            "adapter.returns": self._returns.copy(),
            "adapter.lengths": self._lengths.copy(),
        }

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Continue where `state_dict` was taken."""
        self.venv.load_state_dict(  # type: ignore[attr-defined]  # see state_dict
            {k[4:]: value for k, value in state.items() if k.startswith("env.")}
        )
        self._returns[:] = state["adapter.returns"]
        self._lengths[:] = state["adapter.lengths"]

    __setstate__ = restore  # a pickle may come with read-only memory

    def close(self) -> None:
        """Close the wrapped environment."""
        self.venv.close()

    def get_images(self) -> Sequence[NDArray[Any] | None]:
        """The picture the wrapped environment draws, as a list of one."""
        frames: Any = self.venv.render()
        return list(frames) if isinstance(frames, tuple | list) else [frames]

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """The attribute of the batch, once for every row asked for."""
        return [getattr(self.venv, attr_name)] * len(self._rows(indices))

    def set_attr(
        self, attr_name: str, value: Any, indices: VecEnvIndices = None
    ) -> None:
        """Set an attribute of the batch; single rows have none of their own."""
        if len(self._rows(indices)) != self.num_envs:
            raise ValueError(f"{attr_name} belongs to the whole batch: omit indices")
        setattr(self.venv, attr_name, value)

    def env_method(
        self,
        method_name: str,
        *method_args: Any,
        indices: VecEnvIndices = None,
        **method_kwargs: Any,
    ) -> list[Any]:
        """Call a method of the batch once; every row asked for gets its result."""
        result = getattr(self.venv, method_name)(*method_args, **method_kwargs)
        return [result] * len(self._rows(indices))

    def env_is_wrapped(
        self,
        wrapper_class: type[gymnasium.Wrapper[Any, Any, Any, Any]],
        indices: VecEnvIndices = None,
    ) -> list[bool]:
        """Whether each row counts as wrapped, which is so for a `Monitor` alone.

        There are no single environments in here, but infos carry `episode` as a
        `Monitor` fills it, in the environment's own unit. SB3 asks here before it
        reports that return instead of the sum of the scaled rewards.
        """
        return [wrapper_class is Monitor] * len(self._rows(indices))

    def _rows(self, indices: VecEnvIndices) -> list[int]:
        return list(self._get_indices(indices))
