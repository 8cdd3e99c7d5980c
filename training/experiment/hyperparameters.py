"""Hyper-parameters of each algorithm, under the names Stable-Baselines3 gives them.

Every default of a training run lives here and nowhere else.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
LogStd = Annotated[float, Field(ge=-10.0, le=2.0)]


class Model(BaseModel):
    """Frozen; a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CommonOptions(Model):
    """What every algorithm needs. Timesteps count all environments together."""

    total_timesteps: Count
    n_envs: Count = 1024
    learning_rate: Rate = 3e-4
    learning_rate_schedule: Literal["constant", "linear"] = "linear"  # down to 0
    gamma: Fraction = 1.0  # the objective is not discounted
    batch_size: Count = 256
    net_arch: tuple[Count, ...] = (64, 64)
    activation: Literal["tanh", "relu"] = "tanh"
    reward_scale: Rate = 0.1  # the learner sees bp times this: best about -5 an episode
    evaluation_frequency: Count = 1_000_000  # [timesteps]
    evaluation_paths: Count = 4096  # validation paths, the same at every evaluation
    baselines: tuple[str, ...] = ()  # rules to tune on those paths and report against
    checkpoint_frequency: Count = 2_000_000  # [timesteps]
    torch_threads: Count = 1  # more change the trained weights, and seldom help


class OnPolicyOptions(CommonOptions):
    """Options that PPO and A2C share."""

    n_steps: Count
    gae_lambda: Fraction = 0.95
    ent_coef: NonNegative = 0.0
    vf_coef: NonNegative = 0.5
    max_grad_norm: Rate = 0.5
    envs_per_path: Count = 1  # see rollout_buffer.py; 1 is plain SB3
    log_std_start: LogStd | None = -1.0  # None: the learner chooses its noise
    log_std_end: LogStd | None = -3.0
    # True: noise that is a linear function of the last hidden layer, drawn once per
    # rollout and environment; log_std is then that of the function's coefficients.
    use_sde: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.n_envs % self.envs_per_path:
            raise ValueError(
                f"n_envs = {self.n_envs} must be a multiple of envs_per_path = "
                f"{self.envs_per_path}"
            )
        if (self.log_std_start is None) != (self.log_std_end is None):
            raise ValueError("give both log_std_start and log_std_end, or neither")
        return self


class PPOOptions(OnPolicyOptions):
    """Proximal policy optimisation."""

    algorithm: Literal["ppo"] = "ppo"
    n_epochs: Count = 4
    clip_range: Rate = 0.2
    target_kl: Rate | None = None

    @model_validator(mode="after")
    def _whole_minibatches(self) -> Self:
        rollout = self.n_envs * self.n_steps
        if rollout % self.batch_size:
            raise ValueError(
                f"batch_size = {self.batch_size} must divide n_envs * n_steps = "
                f"{rollout}; nearest: {nearest_divisor(rollout, self.batch_size)}"
            )
        if rollout < 2 or self.batch_size < 2:
            raise ValueError("PPO normalises advantages: a batch needs two samples")
        return self


class A2COptions(OnPolicyOptions):
    """Advantage actor-critic; `batch_size` is not used."""

    algorithm: Literal["a2c"]


class OffPolicyOptions(CommonOptions):
    """Options that SAC and TD3 share."""

    activation: Literal["tanh", "relu"] = "relu"
    buffer_size: Count = 1_000_000
    learning_starts: int = Field(default=10_000, ge=0)
    tau: Fraction = 0.005
    train_freq: Count = 1  # [vector steps]
    gradient_steps: int = Field(default=1, ge=-1)  # per train_freq; -1: one per sample


class SACOptions(OffPolicyOptions):
    """Soft actor-critic."""

    algorithm: Literal["sac"]
    ent_coef: NonNegative | Annotated[str, Field(pattern=r"^auto(_[0-9.]+)?$")] = "auto"
    target_entropy: float | Literal["auto"] = "auto"


class TD3Options(OffPolicyOptions):
    """Twin delayed deterministic policy gradient."""

    algorithm: Literal["td3"]
    action_noise_std: NonNegative = 0.1
    policy_delay: Count = 2
    target_policy_noise: NonNegative = 0.2
    target_noise_clip: NonNegative = 0.5


class AHPGOptions(CommonOptions):
    """All-holdings policy gradient; `batch_size` is not used, a rollout is a batch."""

    algorithm: Literal["ahpg"]
    n_envs: Count = 256  # paths of an update, from their start to their end
    learning_rate: Rate = 3e-3
    max_grad_norm: Rate = 1.0
    n_epochs: Count = 1  # steps on the paths of an update
    n_holdings: int = Field(default=401, ge=21, le=100_001)  # of the grid
    gamma: float = Field(default=1.0, ge=1.0, le=1.0)  # costs add up


AlgorithmOptions = Annotated[
    PPOOptions | A2COptions | SACOptions | TD3Options | AHPGOptions,
    Field(discriminator="algorithm"),
]
ALGORITHMS: dict[str, type[CommonOptions]] = {
    "ppo": PPOOptions,
    "a2c": A2COptions,
    "sac": SACOptions,
    "td3": TD3Options,
    "ahpg": AHPGOptions,
}


def nearest_divisor(number: int, wish: int) -> int:
    """The divisor of `number` closest to `wish` in ratio, and at least 2."""
    divisors = [d for d in range(2, number + 1) if number % d == 0]
    return min(divisors, key=lambda d: abs(math.log(d / wish)), default=number)
