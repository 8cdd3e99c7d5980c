"""A batch of hedging environments as one Gymnasium vector environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.decision import Decision
from hedge_env.agent.observations import ObservationEncoder
from hedge_env.agent.rewards import RewardOf
from hedge_env.base.errors import ResetError
from hedge_env.base.types import BoolArray, Float32Array, FloatArray, IntArray
from hedge_env.desk.accounts import StepRecord
from hedge_env.desk.batch import HedgeBatch
from hedge_env.gym.arguments import (
    ConfigLike,
    RiskAversion,
    autoreset_mode_of,
    problem_config,
    require_batch,
    require_count,
    require_known,
    require_no_limit,
)
from hedge_env.gym.infos import Infos, episode_infos, merged, start_infos, step_infos
from hedge_env.gym.inputs import (
    action_space,
    checked_actions,
    indices,
    parse_reset_options,
)
from hedge_env.gym.owned_arrays import restore
from hedge_env.gym.path_schedule import PathSchedule
from hedge_env.gym.rendering import RENDER_MODES, Camera
from hedge_env.numerics.philox import STREAMS

Step = tuple[Float32Array, FloatArray, BoolArray, BoolArray, Infos]

_BATCH = "batch."  # prefix of the batch's arrays in a state


class HedgeVectorEnv(VectorEnv[Float32Array, NDArray[Any], NDArray[Any]]):
    """`num_envs` hedging episodes advanced together; see `HedgeEnv` for the problem.

    What happens on a path depends on nothing but seed, stream and path id: not on
    `num_envs`, nor on the autoreset mode. `PathSchedule` says which environment gets
    which path; a reset without a seed goes on to the next ones.

    An action that is not finite, or of the wrong shape or type, is an `ActionError`
    that names the environments, and nothing moves. One outside the bounds is clipped.

    Args:
        num_envs: Size of the batch.
        preset: Name of a preset or a YAML file; "reference" without `config`.
        config: A mapping or YAML file merged over the preset, or a whole `EnvConfig`.
        action_mode: One of `config.ACTION_MODES`; see `HedgeEnv`.
        reward: One of `agent.rewards.REWARDS`; see `HedgeEnv`.
        risk_aversion: lambda [1/notional], or (low, high) to draw it log-uniformly.
        autoreset_mode: Gymnasium's `AutoresetMode` or its name.
        stream: "training", "validation" or "test": separate sets of paths.
        envs_per_path: Neighbouring environments that share each path.
        render_mode: "ansi", "rgb_array" or None.
        max_episode_steps: Not supported: an episode ends at maturity.

    Attributes:
        config: The hedging problem, resolved.
        encoder: Turns rows into observations.
        decoder: Turns actions into target holdings.

    Raises:
        ConfigError: In one line, if an argument is wrong.
    """

    def __init__(
        self,
        num_envs: int = 1,
        *,
        preset: str | Path | None = None,
        config: ConfigLike | None = None,
        action_mode: str | None = None,
        reward: str | None = None,
        risk_aversion: RiskAversion | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        stream: str = "training",
        envs_per_path: int = 1,
        render_mode: str | None = None,
        max_episode_steps: int | None = None,
    ) -> None:
        require_no_limit(max_episode_steps)
        self.config = problem_config(
            preset,
            config,
            action_mode=action_mode,
            reward=reward,
            risk_aversion=risk_aversion,
        )
        self.num_envs = require_batch(num_envs, self.config)
        self.stream = require_known("stream", stream, STREAMS)
        if render_mode is not None:
            require_known("render_mode", render_mode, RENDER_MODES)
        self.render_mode = render_mode
        self.autoreset_mode = autoreset_mode_of(autoreset_mode)
        # Of the instance: wrappers read the mode here, and it differs by instance.
        self.metadata = {
            "render_modes": list(RENDER_MODES),
            "render_fps": 6,
            "autoreset_mode": self.autoreset_mode,
        }
        self._make_spaces()
        self._reward = RewardOf(self.config)
        sharing = require_count("envs_per_path", envs_per_path)
        self._schedule = PathSchedule(self.num_envs, sharing)
        self._ended: BoolArray = np.zeros(self.num_envs, dtype=np.bool_)
        self._batch: HedgeBatch | None = None
        self._camera = Camera(self.config, self.num_envs, render_mode)

    def _make_spaces(self) -> None:
        self.encoder = ObservationEncoder(self.config)
        self.decoder = ActionDecoder(self.config)
        self.single_observation_space = spaces.Box(self.encoder.low, self.encoder.high)
        self.single_action_space = action_space(self.decoder)
        n, observed = self.num_envs, self.single_observation_space
        self.observation_space = batch_space(observed, n)
        self.action_space = batch_space(self.single_action_space, n)
        self._action_shape = (n, *self.decoder.shape)

    @property
    def batch(self) -> HedgeBatch:
        """The physics behind the environment, for reading."""
        if self._batch is None:
            raise ResetError("there is no episode yet: call reset first")
        return self._batch

    @property
    def path_ids(self) -> IntArray:
        """Present path of each environment, shape (num_envs,)."""
        return self.batch.path_ids.copy()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32Array, Infos]:
        """Start episodes.

        Args:
            seed: Of every path; the episodes are counted from the start again.
                Without one the environment goes on to the next paths.
            options: Any of `path_ids`, the paths to replay, shape (num_envs,);
                `reset_mask`, which environments to start, boolean, shape
                (num_envs,); and `risk_aversion` of the episodes that start now, one
                number or shape (num_envs,).

        Returns:
            Observations of all environments, and infos of those that start.

        Raises:
            ResetError: If an option is wrong; nothing has changed then.
        """
        chosen = parse_reset_options(options, self.num_envs)
        first = self._batch is None
        if (first or seed is not None) and not chosen.mask.all():
            raise ResetError("a first or seeded reset must start every environment")
        super().reset(seed=seed)
        if first or seed is not None:
            self._seed_paths()
        self._ended = self._ended & ~chosen.mask
        self._start(chosen.mask, chosen.path_ids, chosen.risk_aversion)
        observations = self.encoder.encode(self.batch.seen)
        return observations, start_infos(self.batch, chosen.mask)

    def step(self, actions: NDArray[Any]) -> Step:
        """Take one decision in every environment.

        Args:
            actions: Shape of `action_space`.

        Returns:
            Observations (num_envs, n_features), rewards (num_envs,) [bp], whether the
            episode has reached maturity, False for truncation, and infos.

        Raises:
            ActionError: If an action is not finite or of another shape or type.
            ResetError: If an episode that has ended is stepped in DISABLED mode.
        """
        batch, waiting = self.batch, self._ended
        some_wait = bool(waiting.any())
        if some_wait and self.autoreset_mode is AutoresetMode.DISABLED:
            raise ResetError(
                f"environments {indices(waiting)} have ended: reset them first, with "
                "options={'reset_mask': mask}"
            )
        running, decoder, shape = ~waiting, self.decoder, self._action_shape
        action = checked_actions(actions, shape, decoder.n_choices, running)
        before = batch.rows
        record = batch.advance(decoder.decode(action, batch.seen))
        self._camera.record(before, record, batch.rows)
        rewards = self._reward(Decision(before, batch.rows, record))
        done = record.done
        if some_wait:  # they take no decision: this step is their reset
            rewards = np.where(running, rewards, 0.0)
            done = done & running
        if self.autoreset_mode is AutoresetMode.SAME_STEP and done.any():
            infos = self._restart_at_once(record, done)
        else:
            infos = step_infos(batch, record, running)
            if done.any():
                infos |= episode_infos(batch, done)
            if some_wait:
                self._start(waiting)
                infos = merged(infos, start_infos(batch, waiting))
            self._ended = done
        observations = self.encoder.encode(batch.seen)
        return observations, rewards, done.copy(), np.zeros_like(done), infos

    def _restart_at_once(self, record: StepRecord, done: BoolArray) -> Infos:
        """Start the next episodes of `done` and report how the last ones ended."""
        batch = self.batch
        final = step_infos(batch, record, done) | episode_infos(batch, done)
        infos = step_infos(batch, record, ~done)
        last = self.encoder.encode(batch.seen)
        observations = np.full(self.num_envs, None, dtype=object)
        for i in np.flatnonzero(done):
            observations[i] = last[i]
        self._start(done)
        infos = merged(infos, start_infos(batch, done))
        infos |= {"final_obs": observations, "_final_obs": done.copy()}
        return infos | {"final_info": final, "_final_info": done.copy()}

    def render(self) -> tuple[Any, ...] | None:
        """One frame per environment: text, or an RGB array (height, width, 3).

        Raises:
            MissingDependencyError: If matplotlib is needed and not installed.
        """
        if self._batch is None:
            return None
        return self._camera.frames(self._batch, self._schedule.seed, self.stream)

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Arrays that `load_state_dict` resumes from, bit for bit."""
        batch = {_BATCH + name: a for name, a in self.batch.state_dict().items()}
        return {**self._schedule.state_dict(), "ended": self._ended.copy(), **batch}

    def load_state_dict(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Resume where `state_dict` was taken, in an environment of the same kind.

        Raises:
            ResetError: If the state is incomplete, or of another problem or batch size.
        """
        self._schedule.load_state_dict(state)
        seed = self._schedule.seed
        self._np_random, self._np_random_seed = seeding.np_random(seed)
        self._batch = self._new_batch(seed)
        arrays = {k.removeprefix(_BATCH): a for k, a in state.items() if _BATCH in k}
        try:
            self._batch.load_state_dict(arrays)
            self._ended = state["ended"].astype(np.bool_)
        except (KeyError, ValueError) as error:
            raise ResetError(f"a saved state of another problem: {error}") from None
        self._camera.begin(self._batch)

    __setstate__ = restore  # a pickle may come with read-only memory

    def _seed_paths(self) -> None:
        """Take the seed of all paths from `np_random`, and count from the start."""
        seed = self.np_random_seed
        if seed is None or seed < 0:  # a generator was put in by hand
            seed = int(self.np_random.integers(2**63))
        if self._batch is None or seed != self._schedule.seed:
            self._batch = self._new_batch(seed)
        self._schedule.restart(seed)

    def _new_batch(self, seed: int) -> HedgeBatch:
        self._reward.prepare()
        self._camera = Camera(self.config, self.num_envs, self.render_mode)
        return HedgeBatch(self.config, self.num_envs, seed=seed, stream=self.stream)

    def _start(
        self,
        chosen: BoolArray,
        path_ids: IntArray | None = None,
        risk_aversion: FloatArray | None = None,
    ) -> None:
        """Start the chosen episodes, on their next paths unless told which."""
        if path_ids is None:
            path_ids = self._schedule.next_paths(chosen)
        self.batch.reset(path_ids, mask=chosen, risk_aversion=risk_aversion)
        self._camera.begin(self.batch)
