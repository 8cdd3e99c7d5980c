"""How much an on-policy learner tries out, and how that falls over a run."""

import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import ActorCriticPolicy

from hedge_env.training.experiment.hyperparameters import (
    CommonOptions,
    OnPolicyOptions,
    TRPOOptions,
)


class NoiseSchedule(BaseCallback):
    """Exploration noise that falls on a schedule instead of being learned.

    Learned noise stays large, and a no-trade band trained under much noise is wider
    than is best without it. The logarithm of the standard deviation goes linearly
    from `start` to `end` over the run; a policy without such noise is left alone.

    Args:
        start: Log standard deviation at the first step [-], in units of the action.
        end: Log standard deviation at the last step [-].
        total_timesteps: Length of the run.
        learned: Whether the learner needs its gradient all the same; what it makes of
            it is overwritten when a rollout starts.
    """

    def __init__(
        self, start: float, end: float, total_timesteps: int, *, learned: bool = False
    ) -> None:
        super().__init__()
        self.start, self.end, self.total_timesteps = start, end, total_timesteps
        self.learned = learned

    def log_std(self, timesteps: int) -> float:
        """Log standard deviation after that many steps of the run."""
        progress = min(timesteps / self.total_timesteps, 1.0)
        return self.start + progress * (self.end - self.start)

    def _on_rollout_start(self) -> None:
        log_std = getattr(self.model.policy, "log_std", None)
        if isinstance(log_std, torch.nn.Parameter):
            log_std.requires_grad = self.learned
            log_std.data.fill_(self.log_std(self.model.num_timesteps))

    def _on_step(self) -> bool:
        return True


class RedrawNoise(BaseCallback):
    """Draws state-dependent noise (`use_sde`) again when a rollout starts.

    SB3 has drawn it by then, but with the last rollout's standard deviation, and
    before a continued run has its generators back.
    """

    def _on_rollout_start(self) -> None:
        policy = self.model.policy
        if isinstance(policy, ActorCriticPolicy):
            policy.reset_noise(self.training_env.num_envs)

    def _on_step(self) -> bool:
        return True


def exploration(options: CommonOptions) -> list[BaseCallback]:
    """The callbacks that the options ask for; off-policy learners need none."""
    callbacks: list[BaseCallback] = []
    if not isinstance(options, OnPolicyOptions):
        return callbacks
    if options.log_std_start is not None and options.log_std_end is not None:
        schedule = options.log_std_start, options.log_std_end, options.total_timesteps
        # TRPO differentiates by everything that its policy's distribution depends on.
        learned = isinstance(options, TRPOOptions)
        callbacks.append(NoiseSchedule(*schedule, learned=learned))
    return [*callbacks, RedrawNoise()] if options.use_sde else callbacks
