"""How many timesteps a run comes to, and how often it logs."""

from hedge_env.training.experiment.hyperparameters import (
    CommonOptions,
    OnPolicyOptions,
    PathOptions,
)
from hedge_env.training.output.console import log

_LOGS_PER_RUN = 200  # SB3's own scalars about this often


def whole_rollouts(timesteps: int, options: CommonOptions, decisions: int) -> int:
    """What a learner makes of a number of timesteps: it never stops inside a rollout.

    Args:
        timesteps: Asked for.
        options: Of the learner.
        decisions: Of an episode.
    """
    rollout = options.n_envs * _steps(options, decisions)
    return -(-timesteps // rollout) * rollout


def _steps(options: CommonOptions, decisions: int) -> int:
    """Steps of one environment in a rollout."""
    if isinstance(options, PathOptions):
        return decisions
    return options.n_steps if isinstance(options, OnPolicyOptions) else 1


def say_what_is_rounded(timesteps: int, options: CommonOptions, decisions: int) -> None:
    """Say so if a run takes more timesteps than were asked for."""
    if timesteps > options.total_timesteps:
        steps = _steps(options, decisions)
        log(
            f"train.total_timesteps = {options.total_timesteps} is no whole number of "
            f"rollouts of {options.n_envs} environments x {steps} steps: "
            f"trains for {timesteps}"
        )


def log_interval(options: CommonOptions, decisions: int) -> int:
    """SB3 counts rollouts for on-policy algorithms, episodes for the others."""
    if isinstance(options, OnPolicyOptions | PathOptions):
        rollout = options.n_envs * _steps(options, decisions)
        return max(options.total_timesteps // (_LOGS_PER_RUN * rollout), 1)
    return options.n_envs  # their episodes end together
