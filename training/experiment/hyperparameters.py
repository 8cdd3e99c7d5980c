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
Entropy = NonNegative | Annotated[str, Field(pattern=r"^auto(_[0-9.]+)?$")]
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
    """Options that PPO, A2C, TRPO and RecurrentPPO share."""

    n_steps: Count
    gae_lambda: Fraction = 0.95
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


class GradientOptions(OnPolicyOptions):
    """Options that PPO, A2C, RecurrentPPO share: one gradient of actor and critic."""

    ent_coef: NonNegative = 0.0
    vf_coef: NonNegative = 0.5
    max_grad_norm: Rate = 0.5


class ClippedOptions(GradientOptions):
    """Options of proximal policy optimisation, with memory or without."""

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


class PPOOptions(ClippedOptions):
    """Proximal policy optimisation."""

    algorithm: Literal["ppo"] = "ppo"


class RecurrentPPOOptions(ClippedOptions):
    """PPO that remembers: LSTM layers between the features and `net_arch`.

    Gradients go back over the `n_steps` of a rollout, what is remembered over all of an
    episode.
    """

    algorithm: Literal["recurrent_ppo"]
    lstm_hidden_size: Annotated[int, Field(ge=1, le=4096)] = 32  # outputs of a layer
    n_lstm_layers: Annotated[int, Field(ge=1, le=8)] = 1
    # What the critic has: an LSTM of its own, the actor's, or (both false) none.
    shared_lstm: bool = False
    enable_critic_lstm: bool = True

    @model_validator(mode="after")
    def _one_lstm_of_the_critic(self) -> Self:
        if self.shared_lstm and self.enable_critic_lstm:
            raise ValueError(
                "shared_lstm = true gives the critic the actor's LSTM, and "
                "enable_critic_lstm = true one of its own: set one of them to false"
            )
        return self


class A2COptions(GradientOptions):
    """Advantage actor-critic; `batch_size` is not used."""

    algorithm: Literal["a2c"]


class TRPOOptions(OnPolicyOptions):
    """Trust region policy optimisation; a batch is of the critic alone."""

    algorithm: Literal["trpo"]
    target_kl: Rate = 0.01  # of an update
    n_critic_updates: Count = 10  # passes of the critic over a rollout
    cg_max_steps: Count = 15  # of conjugate gradients
    cg_damping: NonNegative = 0.1

    @model_validator(mode="after")
    def _whole_batches(self) -> Self:
        rollout = self.n_envs * self.n_steps
        if rollout % self.batch_size:
            raise ValueError(
                f"batch_size = {self.batch_size} must divide n_envs * n_steps = "
                f"{rollout}; nearest: {nearest_divisor(rollout, self.batch_size)}"
            )
        return self


class OffPolicyOptions(CommonOptions):
    """Options that SAC, TD3, TQC, CrossQ and DQN share."""

    activation: Literal["tanh", "relu"] = "relu"
    buffer_size: Count = 1_000_000
    learning_starts: int = Field(default=10_000, ge=0)
    train_freq: Count = 1  # [vector steps]
    gradient_steps: int = Field(default=1, ge=-1)  # per train_freq; -1: one per sample


class TargetOptions(OffPolicyOptions):
    """Options of those that follow their critics with slower ones."""

    tau: Fraction = 0.005


class SACOptions(TargetOptions):
    """Soft actor-critic."""

    algorithm: Literal["sac"]
    ent_coef: Entropy = "auto"
    target_entropy: float | Literal["auto"] = "auto"


class TQCOptions(TargetOptions):
    """Truncated quantile critics: SAC whose critics are many quantiles."""

    algorithm: Literal["tqc"]
    ent_coef: Entropy = "auto"
    target_entropy: float | Literal["auto"] = "auto"
    n_quantiles: Count = 25  # of a critic
    n_critics: Count = 2
    top_quantiles_to_drop_per_net: int = Field(default=2, ge=0)

    @model_validator(mode="after")
    def _leaves_quantiles(self) -> Self:
        if self.top_quantiles_to_drop_per_net >= self.n_quantiles:
            raise ValueError(
                f"top_quantiles_to_drop_per_net = {self.top_quantiles_to_drop_per_net} "
                f"must be below n_quantiles = {self.n_quantiles}"
            )
        return self


class CrossQOptions(OffPolicyOptions):
    """SAC with batch normalisation in place of slower critics."""

    algorithm: Literal["crossq"]
    ent_coef: Entropy = "auto"
    target_entropy: float | Literal["auto"] = "auto"
    policy_delay: Count = 3
    batch_norm_momentum: Annotated[float, Field(gt=0.0, le=1.0)] = 0.01
    renorm_warmup_steps: int = Field(default=100_000, ge=0)  # updates


class TD3Options(TargetOptions):
    """Twin delayed deterministic policy gradient."""

    algorithm: Literal["td3"]
    action_noise_std: NonNegative = 0.1
    policy_delay: Count = 2
    target_policy_noise: NonNegative = 0.2
    target_noise_clip: NonNegative = 0.5


class DQNOptions(TargetOptions):
    """Deep Q-network, for action mode discrete."""

    algorithm: Literal["dqn"]
    tau: Fraction = 1.0  # of an update of the target network
    target_update_interval: Count = 10_000  # [timesteps]
    exploration_fraction: Fraction = 0.5  # of the run over which exploration falls
    exploration_initial_eps: Fraction = 1.0  # share of random actions at the start
    exploration_final_eps: Fraction = 0.02
    max_grad_norm: Rate = 10.0


class AHPGOptions(CommonOptions):
    """All-holdings policy gradient."""

    algorithm: Literal["ahpg"]
    n_envs: Count = 256  # paths of an update, from their start to their end
    batch_size: Count = 32  # paths of a step
    learning_rate: Rate = 1e-2
    max_grad_norm: Rate = 1.0
    n_epochs: Count = 1  # times that the paths of an update are gone through
    n_holdings: int = Field(default=201, ge=21, le=100_001)  # of the grid
    gamma: float = Field(default=1.0, ge=1.0, le=1.0)  # costs add up


class DeepHedgingOptions(CommonOptions):
    """Pathwise gradient through the simulated account."""

    algorithm: Literal["deep_hedging"]
    n_envs: Count = 1024  # paths of an update, from their start to their end
    batch_size: Count = 1024  # paths of a step, of which the criterion is taken
    learning_rate: Rate = 3e-3
    max_grad_norm: Rate = 1.0
    n_epochs: Count = 1  # times that the paths of an update are gone through
    # Of a smooth step whose slope stands in for a fixed cost's, which is 0 [-].
    fixed_cost_width: NonNegative = 0.0
    gamma: float = Field(default=1.0, ge=1.0, le=1.0)  # nothing is discounted


PathOptions = AHPGOptions | DeepHedgingOptions  # learn from whole paths

AlgorithmOptions = Annotated[
    PPOOptions
    | A2COptions
    | TRPOOptions
    | RecurrentPPOOptions
    | SACOptions
    | TD3Options
    | TQCOptions
    | CrossQOptions
    | DQNOptions
    | AHPGOptions
    | DeepHedgingOptions,
    Field(discriminator="algorithm"),
]
ALGORITHMS: dict[str, type[CommonOptions]] = {
    "ppo": PPOOptions,
    "a2c": A2COptions,
    "sac": SACOptions,
    "td3": TD3Options,
    "tqc": TQCOptions,
    "crossq": CrossQOptions,
    "trpo": TRPOOptions,
    "recurrent_ppo": RecurrentPPOOptions,
    "dqn": DQNOptions,
    "ahpg": AHPGOptions,
    "deep_hedging": DeepHedgingOptions,
}
NEEDS_CONTRIB = ("tqc", "crossq", "trpo", "recurrent_ppo")  # of sb3-contrib


def nearest_divisor(number: int, wish: int) -> int:
    """The divisor of `number` closest to `wish` in ratio, and at least 2."""
    divisors = [d for d in range(2, number + 1) if number % d == 0]
    return min(divisors, key=lambda d: abs(math.log(d / wish)), default=number)
