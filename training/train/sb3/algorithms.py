"""From an experiment's options to an untrained Stable-Baselines3 model."""

from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3 import A2C, DQN, PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.noise import NormalActionNoise
from stable_baselines3.common.type_aliases import Schedule
from stable_baselines3.common.utils import ConstantSchedule, LinearSchedule
from stable_baselines3.common.vec_env import VecEnv
from torch import nn

from hedge_env.base.errors import ConfigError
from hedge_env.training.experiment.hyperparameters import (
    A2COptions,
    AHPGOptions,
    ClippedOptions,
    CommonOptions,
    CrossQOptions,
    DeepHedgingOptions,
    DQNOptions,
    GradientOptions,
    OffPolicyOptions,
    OnPolicyOptions,
    PPOOptions,
    RecurrentPPOOptions,
    SACOptions,
    TargetOptions,
    TD3Options,
    TQCOptions,
    TRPOOptions,
)
from hedge_env.training.train.sb3.ahpg import AHPG
from hedge_env.training.train.sb3.contrib.package import sb3_contrib
from hedge_env.training.train.sb3.deep.deep_hedging import DeepHedging
from hedge_env.training.train.sb3.shared_path_buffer import SharedPathRolloutBuffer

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU}


def build_model(options: CommonOptions, env: VecEnv, seed: int) -> BaseAlgorithm:
    """Create the model `options` describe, on the CPU.

    Small networks are faster there, and their weights do not depend on the device.

    Raises:
        ConfigError: If the algorithm cannot learn in the environment.
    """
    common = _common_arguments(options, env, seed)
    match options:
        case PPOOptions():
            return PPO(**common, **_clipped_arguments(options), **_buffer(options))
        case A2COptions():
            return A2C(**common, **_on_policy_arguments(options), **_buffer(options))
        case SACOptions():
            return SAC(
                **common,
                **_off_policy_arguments(options, env),
                **_entropy_arguments(options),
            )
        case TD3Options():
            return TD3(
                **common,
                **_off_policy_arguments(options, env),
                action_noise=_action_noise(options, env),
                policy_delay=options.policy_delay,
                target_policy_noise=options.target_policy_noise,
                target_noise_clip=options.target_noise_clip,
            )
        case DQNOptions():
            return _build_dqn(options, common, env)
        case RecurrentPPOOptions():
            return _build_recurrent_ppo(options, common)
        case AHPGOptions() | DeepHedgingOptions():
            return _build_path_model(options, common)
    return _build_contrib_model(options, common, env)


def _build_dqn(options: DQNOptions, common: dict[str, Any], env: VecEnv) -> DQN:
    """A deep Q-network, of a choice among whole numbers."""
    if not isinstance(env.action_space, spaces.Discrete):
        raise ConfigError(
            "DQN chooses among whole numbers; use action.mode discrete, or another "
            "train.algorithm"
        )
    return DQN(
        **common,
        **_replay_arguments(options),
        target_update_interval=options.target_update_interval,
        exploration_fraction=options.exploration_fraction,
        exploration_initial_eps=options.exploration_initial_eps,
        exploration_final_eps=options.exploration_final_eps,
        max_grad_norm=options.max_grad_norm,
    )


def _build_path_model(
    options: AHPGOptions | DeepHedgingOptions, common: dict[str, Any]
) -> BaseAlgorithm:
    """A model that learns from whole paths."""
    common |= {
        "batch_size": options.batch_size,
        "n_epochs": options.n_epochs,
        "max_grad_norm": options.max_grad_norm,
    }
    if isinstance(options, AHPGOptions):
        return AHPG(**common, n_holdings=options.n_holdings)
    return DeepHedging(**common, fixed_cost_width=options.fixed_cost_width)


def _build_contrib_model(
    options: CommonOptions, common: dict[str, Any], env: VecEnv
) -> BaseAlgorithm:
    """A model of sb3-contrib."""
    model: BaseAlgorithm
    match options:
        case TRPOOptions():
            model = sb3_contrib("trpo").TRPO(
                **common,
                **_on_policy_arguments(options),
                **_buffer(options),
                batch_size=options.batch_size,
                target_kl=options.target_kl,
                n_critic_updates=options.n_critic_updates,
                cg_max_steps=options.cg_max_steps,
                cg_damping=options.cg_damping,
            )
        case TQCOptions():
            common["policy_kwargs"] |= {
                "n_quantiles": options.n_quantiles,
                "n_critics": options.n_critics,
            }
            drop = options.top_quantiles_to_drop_per_net
            model = sb3_contrib("tqc").TQC(
                **common,
                **_off_policy_arguments(options, env),
                **_entropy_arguments(options),
                top_quantiles_to_drop_per_net=drop,
            )
        case CrossQOptions():
            common["policy_kwargs"] |= {
                "batch_norm_momentum": options.batch_norm_momentum,
                "renorm_warmup_steps": options.renorm_warmup_steps,
            }
            model = sb3_contrib("crossq").CrossQ(
                **common,
                **_off_policy_arguments(options, env),
                **_entropy_arguments(options),
                policy_delay=options.policy_delay,
            )
        case _:
            raise ConfigError(f"no algorithm for {type(options).__name__}")
    return model


def _build_recurrent_ppo(
    options: RecurrentPPOOptions, common: dict[str, Any]
) -> BaseAlgorithm:
    """PPO whose networks have LSTM layers before them."""
    sb3_contrib("recurrent_ppo")
    # Imports the package, which may be missing and is slow to import.
    from hedge_env.training.train.sb3.contrib.recurrent_ppo import recurrent_ppo

    common["policy"] = "MlpLstmPolicy"
    common["policy_kwargs"] |= {
        "lstm_hidden_size": options.lstm_hidden_size,
        "n_lstm_layers": options.n_lstm_layers,
        "shared_lstm": options.shared_lstm,
        "enable_critic_lstm": options.enable_critic_lstm,
    }
    return recurrent_ppo(options.envs_per_path, **common, **_clipped_arguments(options))


def _entropy_arguments(
    options: SACOptions | TQCOptions | CrossQOptions,
) -> dict[str, Any]:
    return {"ent_coef": options.ent_coef, "target_entropy": options.target_entropy}


def _common_arguments(options: CommonOptions, env: VecEnv, seed: int) -> dict[str, Any]:
    continuous = isinstance(env.action_space, spaces.Box)
    if isinstance(options, OnPolicyOptions) and options.use_sde and not continuous:
        raise ConfigError(
            "train.use_sde draws noise for actions that are numbers; leave it out, or "
            "use action.mode band, band_free or target"
        )
    policy_kwargs: dict[str, Any] = {
        "net_arch": list(options.net_arch),
        "activation_fn": ACTIVATIONS[options.activation],
    }
    if isinstance(options, OnPolicyOptions) and options.log_std_start is not None:
        policy_kwargs["log_std_init"] = options.log_std_start
    return {
        "policy": "MlpPolicy",
        "env": env,
        "learning_rate": learning_rate_schedule(options),
        "gamma": options.gamma,
        "policy_kwargs": policy_kwargs,
        # SB3 averages the last 100 episodes; here n_envs of them end together.
        "stats_window_size": max(env.num_envs, 100),
        "seed": seed,
        "device": "cpu",
    }


def learning_rate_schedule(options: CommonOptions) -> Schedule:
    """The learning rate as a function of the progress that remains, 1 down to 0."""
    if options.learning_rate_schedule == "linear":
        return LinearSchedule(options.learning_rate, 0.0, 1.0)
    return ConstantSchedule(options.learning_rate)


def _on_policy_arguments(options: OnPolicyOptions) -> dict[str, Any]:
    gradient: dict[str, Any] = {}
    if isinstance(options, GradientOptions):
        gradient = {
            "ent_coef": options.ent_coef,
            "vf_coef": options.vf_coef,
            "max_grad_norm": options.max_grad_norm,
        }
    return {
        **gradient,
        "n_steps": options.n_steps,
        "gae_lambda": options.gae_lambda,
        "use_sde": options.use_sde,
    }


def _buffer(options: OnPolicyOptions) -> dict[str, Any]:
    return {
        "rollout_buffer_class": SharedPathRolloutBuffer,
        "rollout_buffer_kwargs": {"envs_per_path": options.envs_per_path},
    }


def _clipped_arguments(options: ClippedOptions) -> dict[str, Any]:
    return {
        **_on_policy_arguments(options),
        "batch_size": options.batch_size,
        "n_epochs": options.n_epochs,
        "clip_range": options.clip_range,
        "target_kl": options.target_kl,
    }


def _off_policy_arguments(options: OffPolicyOptions, env: VecEnv) -> dict[str, Any]:
    if not isinstance(env.action_space, spaces.Box):
        raise ConfigError(
            "SAC, TD3, TQC and CrossQ need continuous actions; use action.mode band, "
            "band_free or target, or train.algorithm dqn, ppo, a2c or trpo"
        )
    return _replay_arguments(options)


def _replay_arguments(options: OffPolicyOptions) -> dict[str, Any]:
    follows = {"tau": options.tau} if isinstance(options, TargetOptions) else {}
    return {
        **follows,
        "buffer_size": options.buffer_size,
        "learning_starts": options.learning_starts,
        "batch_size": options.batch_size,
        "train_freq": options.train_freq,
        "gradient_steps": options.gradient_steps,
    }


def _action_noise(options: TD3Options, env: VecEnv) -> NormalActionNoise | None:
    if options.action_noise_std == 0.0:
        return None
    shape = env.action_space.shape or ()
    return NormalActionNoise(np.zeros(shape), np.full(shape, options.action_noise_std))
