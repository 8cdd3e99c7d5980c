"""Small models, and whether their exported files act as they do."""

import numpy as np
import torch
from stable_baselines3 import PPO

from hedge_env.gym.env import HedgeEnv
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.train.sb3.export import export_policy
from hedge_env.training.train.sb3.vec_env import VecEnvAdapter

SHORT = {"preset": "ethereum-l1", "config": {"episode": {"decisions": 8}}}
ON_POLICY = {"n_steps": 8, "n_epochs": 1, "batch_size": 32, "seed": 1, "device": "cpu"}
OFF_POLICY = {"learning_starts": 10, "buffer_size": 500, "seed": 1, "device": "cpu"}


def vector_env(n=16, **kwargs):
    return HedgeVectorEnv(n, autoreset_mode="SameStep", **SHORT, **kwargs)


def adapter(n=16, **kwargs):
    return VecEnvAdapter(vector_env(n, **kwargs), reward_scale=0.01)


def config(**kwargs):
    return HedgeEnv(**SHORT, **kwargs).config


def ppo(env, policy="MlpPolicy", **kwargs):
    model = PPO(policy, env, **{**ON_POLICY, **kwargs})
    with torch.no_grad():  # SB3 starts it at a hundredth: no action would differ
        model.policy.action_net.weight.mul_(100.0)
    return model


def played(model, problem, act, n=64):
    """Observations of the environment, under the actions of `act`."""
    env = HedgeVectorEnv(n, config=problem, stream="validation")
    observations = [env.reset(seed=7)[0]]
    for _ in range(7):
        observations.append(env.step(act(observations[-1]))[0])
    return np.concatenate(observations)


def assert_same_actions(model, normalise, tmp_path, problem=None, atol=1e-5):
    """The exported file acts as the model on what the environment really shows."""
    problem = problem or config()
    path = tmp_path / "policy.safetensors"
    export_policy(model, problem, path)
    policy = load_policy(path)
    observations = played(model, problem, policy.act)
    actions = policy.act(observations)
    expected, _ = model.predict(normalise(observations), deterministic=True)
    if actions.ndim == 1:
        assert np.mean(actions == expected) > 0.999  # the rest are ties in float32
        assert len(np.unique(actions)) > 1
        return
    np.testing.assert_allclose(actions, expected, atol=atol)
    assert np.ptp(actions, axis=0).max() > 0.05  # the comparison compares something
