"""What learners on whole paths share: play, learn a few paths a step, count and log.

A market that does not answer to what is held can be played first, with nothing held,
and learned from afterwards, whatever the policy would have done on it.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.type_aliases import GymEnv, MaybeCallback, Schedule
from stable_baselines3.common.utils import safe_mean

from hedge_env.base.errors import ConfigError, HedgeError
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.training.train.sb3.band_policy import BandPolicy
from hedge_env.training.train.sb3.market_walk import MarketWalk, Walk, paths_of
from hedge_env.training.train.sb3.vec_env import VecEnvAdapter


class DivergedError(HedgeError):
    """The weights are no numbers any more."""


class PathLearner(BaseAlgorithm):
    """Learns from whole paths of a market that does not answer; see the module.

    Args:
        policy: "MlpPolicy", which is `BandPolicy`, or a subclass of it.
        env: A `VecEnvAdapter` over a `HedgeVectorEnv` whose `num_envs` paths are an
            update.
        learning_rate: Of Adam; a schedule of the progress that remains.
        batch_size: Paths of a step of Adam; `num_envs` or more is one step an update.
        n_epochs: Times that the paths of an update are gone through.
        max_grad_norm: Longer gradients are cut.
        gamma: 1: nothing is discounted.
        (all others): As in SB3's algorithms.

    Raises:
        ConfigError: If it cannot learn in the problem.
    """

    NAME: ClassVar[str]  # in configs and messages
    policy_aliases: ClassVar[dict[str, type[BasePolicy]]] = {"MlpPolicy": BandPolicy}
    policy: BandPolicy

    def __init__(
        self,
        policy: str | type[BandPolicy],
        env: GymEnv | str,
        learning_rate: float | Schedule = 1e-2,
        batch_size: int = 32,
        n_epochs: int = 1,
        max_grad_norm: float = 1.0,
        gamma: float = 1.0,
        stats_window_size: int = 100,
        tensorboard_log: str | None = None,
        policy_kwargs: dict[str, Any] | None = None,
        verbose: int = 0,
        seed: int | None = None,
        device: torch.device | str = "auto",
        _init_setup_model: bool = True,
    ) -> None:
        super().__init__(
            policy=policy,
            env=env,
            learning_rate=learning_rate,
            policy_kwargs=policy_kwargs,
            stats_window_size=stats_window_size,
            tensorboard_log=tensorboard_log,
            verbose=verbose,
            device=device,
            support_multi_env=True,
            seed=seed,
            supported_action_spaces=(spaces.Box,),
        )
        if gamma != 1.0:
            raise ConfigError(
                f"{self.NAME} adds costs up undiscounted: gamma = {gamma} is 1"
            )
        if batch_size < 1:
            raise ConfigError(
                f"batch_size = {batch_size} paths make no step: 1 or more"
            )
        self.batch_size, self.n_epochs = batch_size, n_epochs
        self.max_grad_norm, self.gamma = max_grad_norm, gamma
        self._walk: MarketWalk | None = None
        if _init_setup_model:
            self._setup_model()

    @abstractmethod
    def _require(self, config: EnvConfig) -> None:
        """Refuse a problem that it cannot learn in.

        Raises:
            ConfigError: In one line that names the keys and what to use.
        """

    @abstractmethod
    def _blind(self, market: HedgeVectorEnv) -> tuple[int, ...]:
        """Numbers of the features that the policy does not see."""

    @abstractmethod
    def _step(self, walk: Walk) -> tuple[FloatArray, float]:
        """One step of Adam: what each path was worth before it, length of gradient."""

    def _setup_model(self) -> None:
        market = self._market()
        self._setup_lr_schedule()
        self.set_random_seed(self.seed)
        self.policy = self.policy_class(  # type: ignore[assignment]  # SB3 knows BasePolicy
            self.observation_space,
            self.action_space,
            self.lr_schedule,
            blind=self._blind(market),
            **self.policy_kwargs,
        ).to(self.device)

    def _market(self) -> HedgeVectorEnv:
        """The environment whose market is played.

        Raises:
            ConfigError: If it is none, or none that this learner can use.
        """
        adapter = self.get_env()
        market = adapter.venv if isinstance(adapter, VecEnvAdapter) else None
        if not isinstance(market, HedgeVectorEnv):
            raise ConfigError(
                f"{self.NAME} plays the market of a HedgeVectorEnv in a VecEnvAdapter, "
                "with nothing around it: make one with VecEnvAdapter(HedgeVectorEnv(n))"
            )
        self._require(market.config)
        return market

    def learn(
        self,
        total_timesteps: int,
        callback: MaybeCallback = None,
        log_interval: int = 1,
        tb_log_name: str = "run",
        reset_num_timesteps: bool = True,
        progress_bar: bool = False,
    ) -> Self:
        """Learn for at least that many timesteps, whole episodes of all paths.

        Args:
            total_timesteps: Decisions of all paths together.
            callback: As in SB3; called once a decision, and between updates.
            log_interval: Updates between two dumps of the logger.
            tb_log_name: Of the run in TensorBoard.
            reset_num_timesteps: Whether to count anew.
            progress_bar: Whether to show SB3's.
        """
        total_timesteps, callbacks = self._setup_learn(
            total_timesteps, callback, reset_num_timesteps, tb_log_name, progress_bar
        )
        callbacks.on_training_start(locals(), globals())
        update = 0
        while self.num_timesteps < total_timesteps:
            walk = self._play(callbacks)
            if walk is None:
                break
            update += 1
            self._update_current_progress_remaining(self.num_timesteps, total_timesteps)
            self._train(walk)
            if update % log_interval == 0:
                self._log()
        callbacks.on_training_end()
        return self

    def _play(self, callback: BaseCallback) -> Walk | None:
        """The next paths, counted decision by decision; None if told to stop."""
        callback.on_rollout_start()
        market = self._market()
        n, seed = self.n_envs, market.np_random_seed
        if self._walk is None or self._walk.seed != seed:
            self._walk = MarketWalk(
                market.config, n, seed=int(seed or 0), stream=market.stream
            )
        decisions = market.config.episode.decisions
        first = self.num_timesteps // decisions
        walk = self._walk.play(np.arange(first, first + n, dtype=np.int64))
        for _ in range(decisions):
            self.num_timesteps += n
            if not callback.on_step():
                return None
        callback.on_rollout_end()
        return walk

    def _train(self, walk: Walk) -> None:
        """Steps of Adam down the slopes, a few paths of a walk after the other."""
        self._update_learning_rate(self.policy.optimizer)
        n, norm = walk.weight.size, 0.0
        for epoch in range(self.n_epochs):
            costs = np.empty(n)
            for first in range(0, n, self.batch_size):
                some = slice(first, min(first + self.batch_size, n))
                costs[some], norm = self._step(paths_of(walk, some))
                self._n_updates += 1
            if epoch == 0:
                self._remember(costs)
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/gradient_norm", norm)

    def _descend(self, total: torch.Tensor, gradient: torch.Tensor | None) -> float:
        """One step of Adam down the gradient of `total`; its length before it is cut.

        Args:
            total: What the weights are in: a scalar, or with a gradient any shape.
            gradient: Of what is minimised, in `total`.

        Raises:
            DivergedError: If it is no number.
        """
        self.policy.optimizer.zero_grad()
        torch.autograd.backward(total, gradient)
        norm = torch.nn.utils.clip_grad_norm_(
            self.policy.parameters(), self.max_grad_norm
        )
        if not bool(torch.isfinite(norm)):
            raise DivergedError(
                f"the policy became NaN after {self.num_timesteps} timesteps; lower "
                "train.learning_rate"
            )
        self.policy.optimizer.step()
        return float(norm)

    def _remember(self, costs: FloatArray) -> None:
        """Keep episodes for the logger as a `Monitor` tells of them."""
        decisions = self._market().config.episode.decisions
        elapsed = round(time.time() - self.start_time / 1e9, 6)
        assert self.ep_info_buffer is not None  # _setup_learn made it
        self.ep_info_buffer.extend(
            {"r": -float(cost), "l": decisions, "t": elapsed} for cost in costs
        )

    def _log(self) -> None:
        seconds = max((time.time_ns() - self.start_time) / 1e9, 1e-9)
        rate = int((self.num_timesteps - self._num_timesteps_at_start) / seconds)
        for name, key in (("ep_rew_mean", "r"), ("ep_len_mean", "l")):
            mean = safe_mean([info[key] for info in self.ep_info_buffer or ()])
            self.logger.record(f"rollout/{name}", mean)
        self.logger.record("time/fps", rate)
        self.logger.record("time/time_elapsed", int(seconds), exclude="tensorboard")
        total = self.num_timesteps
        self.logger.record("time/total_timesteps", total, exclude="tensorboard")
        self.logger.dump(step=total)

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_walk"]

    def _get_torch_save_params(self) -> tuple[list[str], list[str]]:
        return ["policy", "policy.optimizer"], []
