"""A small run of every algorithm, and what is compared of two of them."""

from importlib.util import find_spec

import numpy as np
import pytest

from hedge_env.policies.policy_file import load_policy
from hedge_env.training.experiment.experiment import ExperimentConfig

PPO = {
    "algorithm": "ppo",
    "total_timesteps": 320,  # 5 rollouts of 8 environments and 8 steps
    "n_envs": 8,
    "n_steps": 8,
    "batch_size": 32,
    "n_epochs": 2,
    "envs_per_path": 4,
    "net_arch": (8,),
    "evaluation_frequency": 128,
    "evaluation_paths": 16,
    "checkpoint_frequency": 128,
}
MODES = {
    "ahpg": "band_edges",
    "deep_hedging": "band_edges",
    "dqn": "discrete",
}  # else the default
LEARNED_NOISE = {"log_std_start": None, "log_std_end": None}
OFF_POLICY = {
    "total_timesteps": 240,
    "n_envs": 8,
    "net_arch": (8,),
    "buffer_size": 160,  # 20 steps: it wraps around
    "learning_starts": 40,
    "batch_size": 16,
    "evaluation_frequency": 80,
    "evaluation_paths": 16,
    "checkpoint_frequency": 80,
}
ALGORITHMS = {
    "ppo": PPO,
    "ppo-sde": {**PPO, "use_sde": True},
    "ppo-learned-sde": {**PPO, "use_sde": True, **LEARNED_NOISE},
    "a2c": {**PPO, "algorithm": "a2c"},
    "sac": {**OFF_POLICY, "algorithm": "sac"},
    "td3": {**OFF_POLICY, "algorithm": "td3"},
    "dqn": {**OFF_POLICY, "algorithm": "dqn", "target_update_interval": 24},
    "ahpg": {
        "algorithm": "ahpg",
        "total_timesteps": 320,  # 4 rollouts of 8 environments and 12 decisions: 384
        "n_envs": 8,
        "net_arch": (8,),
        "n_holdings": 41,
        "evaluation_frequency": 128,
        "evaluation_paths": 16,
        "checkpoint_frequency": 128,
    },
    "deep_hedging": {
        "algorithm": "deep_hedging",
        "total_timesteps": 320,
        "n_envs": 8,
        "batch_size": 4,
        "net_arch": (8,),
        "evaluation_frequency": 128,
        "evaluation_paths": 16,
        "checkpoint_frequency": 128,
    },
}
CONTRIB = {
    "trpo": {**PPO, "algorithm": "trpo", "n_critic_updates": 2},
    "trpo-learned": {**PPO, "algorithm": "trpo", **LEARNED_NOISE},
    "tqc": {**OFF_POLICY, "algorithm": "tqc", "n_quantiles": 5},
    "crossq": {**OFF_POLICY, "algorithm": "crossq", "renorm_warmup_steps": 10},
    "recurrent_ppo": {**PPO, "algorithm": "recurrent_ppo", "lstm_hidden_size": 4},
    "recurrent_ppo-shared": {
        **PPO,
        "algorithm": "recurrent_ppo",
        "lstm_hidden_size": 4,
        "n_lstm_layers": 2,
        "shared_lstm": True,
        "enable_critic_lstm": False,
        "use_sde": True,
    },
}
ALGORITHMS |= CONTRIB
for name in ("a2c", "trpo", "trpo-learned"):
    del ALGORITHMS[name]["n_epochs"]
NAMED = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name in CONTRIB and find_spec("sb3_contrib") is None,
            reason="sb3-contrib is not installed",
        ),
    )
    for name in ALGORITHMS
]


def experiment(name="ppo", seed=0, reward="objective", env=None, **changes):
    return ExperimentConfig.model_validate(
        {
            "seed": seed,
            "env": {
                "episode": {"decisions": 12},  # no multiple of n_steps
                "reward": {"name": reward},
                **({"action": {"mode": MODES[name]}} if name in MODES else {}),
                **({} if env is None else env),
            },
            "train": {**ALGORITHMS[name], **changes},
        }
    )


def weights(folder):
    found = {}
    for path in (folder.policy, folder.last_policy):
        policy = load_policy(path)
        arrays = [a for layer in (*policy.layers, *policy.lstm) for a in layer]
        found |= {f"{path.name}.{i}": array for i, array in enumerate(arrays)}
    return found


def assert_same_weights(one, two):
    a, b = weights(one), weights(two)
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


FRONTIER = {
    "risk_aversion": [2, 50],
    "reward": {"name": "expected", "balanced": True},
}
