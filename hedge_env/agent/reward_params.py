"""What rewards are computed from beside a decision, compiled from a config.

`expected` and `controlled` need the holdings of least risk, fitted on simulated paths
that no run sees: those of a seed of their own. The fit is a function of the hedging
problem alone, so that every environment of it, in any process, before or after an
interruption, pays the same to the last bit. It takes seconds, once a process.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.balance import Balance, measure_balance
from hedge_env.agent.terminal_rewards import TERMINAL, Utility, utility_of
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config import ActionConfig, EnvConfig, RewardConfig
from hedge_env.desk.batch import HedgeBatch
from hedge_env.desk.orders import order_params
from hedge_env.risk.minimum_variance import MinimumVariance, fit_minimum_variance

FITTED_REWARDS: Final = ("expected", "controlled")
WEIGHING_RISK: Final = ("objective", *FITTED_REWARDS)  # by risk aversion
FIT_SEED: Final = int.from_bytes(b"rewards' own paths")  # longer than any user's
_INTERVALS = 3_000_000  # that the holdings of least risk are fitted on
_MOST_PATHS = 131_072  # of them, where an episode has few
_NO_POLICY: Final = {"risk_aversion": 10.0, "action": ActionConfig()}
_KEPT = 16  # problems whose fit a process remembers
_REFERENCE_PATHS = 8192  # on which the reference of a utility is measured


class RewardParams(NamedTuple):
    """Constants of the rewards."""

    kappa: float  # of kolm_ritter [1/notional]
    price_row: int  # of the hedge instrument
    best: MinimumVariance | None  # where the reward needs it
    balance: Balance | None = None  # of risk aversions, where it is asked for
    utility: Utility | None = None  # of the net loss, where the reward is one


def require_reward(config: EnvConfig) -> None:
    """Refuse rewards whose expectation is not known in the problem.

    What was trained on one may be evaluated in any problem, where nothing is paid: a
    config is refused where somebody is to learn from it, and not before.

    Raises:
        ConfigError: In one line that names the keys and what to use.
    """
    execution, name = config.execution, config.reward.name
    if config.reward.balanced and name not in WEIGHING_RISK:
        raise ConfigError(
            f"reward.balanced = true needs a reward that weighs risk by risk_aversion, "
            f"{', '.join(WEIGHING_RISK)}: {name} does not know it; use "
            "reward.balanced = false"
        )
    if name == "cash_flow" and config.n_instruments > 1:
        raise ConfigError(
            "reward.name = cash_flow counts cash of the underlying alone, at one "
            "place: set execution.option and execution.rollup to null, or use "
            "reward.name = accounting, whose returns are the same"
        )
    if name not in FITTED_REWARDS:
        return
    fills_late = execution.fills_late or execution.rollup_fills_late
    late = fills_late and name == "expected"
    for is_on, remedy, why in (
        (config.replay is not None, "replay = null", "recorded days happened once"),
        (
            config.answering_key is not None,
            f"{config.answering_key} at its default",
            "what answers to decisions has no law apart from a policy",
        ),
        (
            execution.option is not None,
            "execution.option = null",
            "the holdings of least risk are known of the underlying alone",
        ),
        (
            late,
            "execution.latency_steps = 0",
            "what is held until a late fill is not what was decided",
        ),
    ):
        if is_on:
            raise ConfigError(
                f"reward.name = {name} needs {remedy}: {why}; "
                "or use reward.name = objective"
            )


def reward_params(config: EnvConfig) -> RewardParams:
    """Compile the rewards; seconds where one is fitted for the first time.

    Raises:
        ConfigError: If the reward is not known in the problem.
    """
    require_reward(config)
    best = balance = None
    if config.reward.name in FITTED_REWARDS:
        bare = _what_is_paid_for(config).model_copy(update=_NO_POLICY)
        best = _fitted(bare.model_dump_json())
    if config.reward.balanced:
        balance = balance_of(config)
    utility, price_row = None, order_params(config).price_row
    if config.reward.name in TERMINAL:
        plain = _what_is_paid_for(config).model_copy(update={"action": ActionConfig()})
        losses = _reference_losses(plain.model_dump_json())
        utility = utility_of(config.reward, losses, price_row)
    return RewardParams(
        kappa=config.reward.kappa,
        price_row=price_row,
        best=best,
        balance=balance,
        utility=utility,
    )


def balance_of(config: EnvConfig) -> Balance | None:
    """Weights that bring the risk aversions of a range to one size; None of one."""
    return measure_balance(_what_is_paid_for(config), seed=FIT_SEED)


def _what_is_paid_for(config: EnvConfig) -> EnvConfig:
    """The problem without what no price, cost or risk depends on.

    Where a policy splits orders, what it is measured by is split at least cost.
    """
    plain = {"name": "custom", "description": "", "reward": RewardConfig()}
    config = config.model_copy(update=plain)
    if config.execution.n_shares == 0:
        return config
    execution = config.execution.model_copy(update={"split": "optimal"})
    return config.model_copy(update={"execution": execution})


@lru_cache(maxsize=_KEPT)
def _fitted(document: str) -> MinimumVariance:
    """Holdings of least risk of a problem, given all that is known of the market."""
    config = EnvConfig.model_validate_json(document)
    n_paths = min(_INTERVALS // config.episode.decisions + 1, _MOST_PATHS)
    return fit_minimum_variance(config, seed=FIT_SEED, n_paths=n_paths)


@lru_cache(maxsize=_KEPT)
def _reference_losses(document: str) -> FloatArray:
    """Net losses of the analytic band, the zero action of mode band [notional]."""
    config = EnvConfig.model_validate_json(document)
    batch = HedgeBatch(config, _REFERENCE_PATHS, seed=FIT_SEED, stream="training")
    decoder = ActionDecoder(config, "band")
    action = np.zeros((_REFERENCE_PATHS, *decoder.shape))
    batch.reset(np.arange(_REFERENCE_PATHS))
    for _ in range(batch.n_decisions):
        batch.advance(decoder.decode(action, batch.seen))
    return batch.totals.net_loss
