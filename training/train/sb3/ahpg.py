r"""AHPG: the policy gradient of all holdings at once, for markets that do not answer.

What a desk holds does not move the market it hedges in: states are driven by an input
that no action changes (Mao et al. 2019; Sinclair et al. 2022). On a path that has been
seen, the cost of *every* holding is then known, and with it which way the edges and
targets of a no-trade band should have been at each decision
(`baselines/value/band_slopes`). A network gives the band from what is observed; its
weights go down those slopes. Nothing is explored, no value function is learned, and
each decision of a path teaches both edges and both targets, wherever the holdings are.

An update plays `n_envs` whole episodes and goes through them `n_epochs` times, a few
paths a step: each step of Adam goes down the mean slope of all decisions of
`batch_size` paths, weighted by how often edges are met (`band_gradient`). The slopes
have so little noise that many steps on few paths each learn more than few on many.
Every step follows all holdings of its paths anew, under the band as it is by then:
there is no ratio of old and new policies to keep near one.

Sources: Mao et al. (2019), "Variance reduction for reinforcement learning in
input-driven environments", ICLR; Sinclair et al. (2023), "Hindsight learning for MDPs
with exogenous inputs", ICML.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from stable_baselines3.common.type_aliases import GymEnv, Schedule

from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.training.train.sb3.band_gradient import (
    features_of_holdings,
    slopes_of_actions,
)
from hedge_env.training.train.sb3.band_policy import BandPolicy
from hedge_env.training.train.sb3.market_walk import Walk, require_known_costs
from hedge_env.training.train.sb3.path_learner import DivergedError, PathLearner

__all__ = ["AHPG", "DivergedError"]


class AHPG(PathLearner):
    """All-holdings policy gradient; see the module.

    Args:
        policy: "MlpPolicy", which is `BandPolicy`, or a subclass of it.
        env: A `VecEnvAdapter` over a `HedgeVectorEnv` in action mode `band_edges`,
            whose `num_envs` paths are an update.
        learning_rate: Of Adam; a schedule of the progress that remains.
        batch_size: Paths of a step of Adam; `num_envs` or more is one step an update.
        n_epochs: Times that the paths of an update are gone through.
        n_holdings: Points of the grid of holdings.
        (all others): As in `PathLearner`.

    Raises:
        ConfigError: If the cost of every holding is not known in the problem.
    """

    NAME: ClassVar[str] = "ahpg"

    def __init__(
        self,
        policy: str | type[BandPolicy],
        env: GymEnv | str,
        learning_rate: float | Schedule = 1e-2,
        batch_size: int = 32,
        n_epochs: int = 1,
        n_holdings: int = 401,
        **others: Any,
    ) -> None:
        self.n_holdings = n_holdings
        super().__init__(policy, env, learning_rate, batch_size, n_epochs, **others)

    def _require(self, config: EnvConfig) -> None:
        if config.action.mode != "band_edges":
            raise ConfigError(
                "train.algorithm ahpg learns the edges of a band: set action.mode = "
                f"band_edges, not {config.action.mode}"
            )
        require_known_costs(config)

    def _blind(self, market: HedgeVectorEnv) -> tuple[int, ...]:
        return features_of_holdings(market.encoder.names)

    def _step(self, walk: Walk) -> tuple[FloatArray, float]:
        """One step; cost of each path before it, and length of the gradient."""
        market = self._market()
        seen = torch.from_numpy(market.encoder.encode(walk.rows))
        actions = self.policy(seen.to(self.device))
        numbers = actions.detach().cpu().numpy().T.astype(np.float64, order="C")
        slopes, costs = slopes_of_actions(
            walk, numbers, market.config, market.decoder, self.n_holdings
        )
        gradient = torch.from_numpy((slopes.T / len(actions)).astype(np.float32))
        return costs * walk.weight, self._descend(actions, gradient.to(self.device))
