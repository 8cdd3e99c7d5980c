r"""Deep hedging: down the slope of the simulated net loss along its own paths.

A network gives holdings, or a band that they are pulled into; the account of a path is
a function of them that torch goes back through, and a criterion of many paths is what
is minimised (Buehler, Gonon, Teichmann and Wood 2019). With a band as output (Imaki,
Imajo, Ito, Minami and Nakagawa 2021) it is one clamp a decision,

.. math:: y_k = \min(\max(y_{k-1}, l_k), u_k),

whose slopes exist almost everywhere; under proportional costs and impact they are the
slopes of the criterion. A fixed cost has none: see `account.FixedCost` and `ahpg`.

Most of the slope of a net loss is luck. What holdings gain beyond the expected,
:math:`\sum_k y_k (dS_k - E_k[dS_k])`, has mean 0 for every policy, so that it is added
to the criterion of a net loss with the weight that losses have there on average, 1: the
slope keeps its mean, and loses what a nearly linear criterion has of the moves
themselves.

Sources: Buehler, Gonon, Teichmann, Wood (2019), "Deep hedging", Quantitative Finance
19(8); Imaki et al. (2021), "No-Transaction Band Network", arXiv 2103.01775.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from stable_baselines3.common.type_aliases import GymEnv, Schedule
from torch import Tensor

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.baselines.capabilities import BOUNDED, Known
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.training.train.sb3.band_policy import BandPolicy
from hedge_env.training.train.sb3.deep.account import (
    Account,
    account_terms,
    read_rows,
)
from hedge_env.training.train.sb3.deep.band_account import BandAccount, band_terms
from hedge_env.training.train.sb3.deep.criteria import (
    criterion,
    require_criterion,
)
from hedge_env.training.train.sb3.deep.modes import MODES, Mode, require_mode
from hedge_env.training.train.sb3.deep.seen import Sight, blind_features
from hedge_env.training.train.sb3.market_walk import (
    WEIGHED,
    Walk,
    require_no_answer,
)
from hedge_env.training.train.sb3.path_learner import PathLearner

# As AHPG, and listed options; a whole number of lots has no slope.
DIFFERENTIABLE: Known = {
    **BOUNDED,
    "execution": BOUNDED["execution"].replace(" lot", "") + " option",
    "book": BOUNDED["book"] + " arrivals",
}


class Sums(NamedTuple):
    """Of each path, shape (n,) each [notional]; see `account.Account`."""

    loss: Tensor
    objective: Tensor
    luck: Tensor


class DeepHedging(PathLearner):
    """Pathwise gradient of a criterion of net losses; see the module.

    Args:
        policy: "MlpPolicy", which is `BandPolicy`, or a subclass of it.
        env: A `VecEnvAdapter` over a `HedgeVectorEnv` in action mode `band_edges` or
            `target`, with a listed option `ratio` or `target`.
        learning_rate: Of Adam; a schedule of the progress that remains.
        batch_size: Paths of a step of Adam, of which the criterion is taken.
        n_epochs: Times that the paths of an update are gone through.
        fixed_cost_width: Width of the smooth step whose slope stands in for that of a
            fixed cost; 0: none, which is the true one [-].
        (all others): As in `PathLearner`.

    Raises:
        ConfigError: If torch cannot go back through the account of the problem.
    """

    NAME: ClassVar[str] = "deep_hedging"

    def __init__(
        self,
        policy: str | type[BandPolicy],
        env: GymEnv | str,
        learning_rate: float | Schedule = 3e-3,
        batch_size: int = 1024,
        n_epochs: int = 1,
        fixed_cost_width: float = 0.0,
        **others: Any,
    ) -> None:
        if not 0.0 <= fixed_cost_width < np.inf:
            raise ConfigError(
                f"fixed_cost_width = {fixed_cost_width} is a width: 0 or more"
            )
        self.fixed_cost_width = fixed_cost_width
        super().__init__(policy, env, learning_rate, batch_size, n_epochs, **others)

    def _require(self, config: EnvConfig) -> None:
        require_mode(config)
        require_criterion(config.reward)
        require_no_answer(config, self.NAME, DIFFERENTIABLE)
        if config.reward.name in WEIGHED and config.execution.option is not None:
            raise ConfigError(
                "train.algorithm deep_hedging adds up risk of the underlying alone: "
                "with a listed option set reward.name = mean_std, cvar or entropic"
            )

    def _blind(self, market: HedgeVectorEnv) -> tuple[int, ...]:
        return blind_features(market.config, market.encoder.names)

    def _step(self, walk: Walk) -> tuple[FloatArray, float]:
        """One step; net loss or objective of each path before it [bp]."""
        sums, reward = self.sums(walk), self._market().config.reward
        objective = sums.objective * torch.from_numpy(walk.weight)
        aversion = torch.from_numpy(
            walk.rows[field.RISK_AVERSION, : walk.weight.size].copy()
        )
        total = criterion(reward, sums.loss, objective, aversion)
        if reward.name not in WEIGHED:  # see the module
            total = total + sums.luck.mean() / BASIS_POINT
        paid = objective if reward.name in WEIGHED else sums.loss / BASIS_POINT
        return paid.detach().numpy().copy(), self._descend(total, None)

    def sums(self, walk: Walk) -> Sums:
        """What the present policy comes to on played paths.

        Args:
            walk: Of n paths.
        """
        market, n = self._market(), walk.weight.size
        config, sight = market.config, Sight(market)
        if not sight.is_alone or config.action.mode != "band_edges":
            account = self.follow(walk)
            return Sums(account.loss, account.objective, account.luck)
        terms = account_terms(config, self.fixed_cost_width)
        seen = torch.from_numpy(market.encoder.encode(walk.rows))
        edges = self._mode().prepare(self._acted(seen), walk.rows).reshape(5, -1, n)
        price = np.ascontiguousarray(walk.rows[terms.orders.price_row]).reshape(-1, n)
        found = BandAccount.apply(edges, walk, price, band_terms(terms))  # type: ignore[no-untyped-call]
        return Sums(*found)

    def follow(self, walk: Walk) -> Account:
        """The account of the present policy, decision by decision.

        Args:
            walk: Of n paths.
        """
        market, n = self._market(), walk.weight.size
        config, sight, mode = market.config, Sight(market), self._mode()
        account = Account(walk, account_terms(config, self.fixed_cost_width))
        base = torch.from_numpy(market.encoder.encode(walk.rows))
        rows = read_rows(walk)
        for step in range(config.episode.decisions):
            seen = sight.at(base[step * n : (step + 1) * n], account)
            here = mode.prepare(self._acted(seen), rows[step])
            account.trade(*mode.decide(here, account))
        return account

    def _mode(self) -> Mode:
        market = self._market()
        action = market.config.action
        return MODES[action.mode](market.decoder, action.neutral)

    def _acted(self, seen: Tensor) -> Tensor:
        actions: Tensor = self.policy(seen.to(self.device)).cpu()
        return actions
