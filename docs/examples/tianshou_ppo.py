"""Tianshou 2: PPO. It has vector environments of its own, over single environments."""

import sys

import gymnasium
import torch
from tianshou.algorithm import PPO
from tianshou.algorithm.modelfree.reinforce import ProbabilisticActorPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OnPolicyTrainerParams
from tianshou.utils.net.common import Net
from tianshou.utils.net.continuous import ContinuousActorProbabilistic, ContinuousCritic
from torch.distributions import Independent, Normal

import hedge_env  # noqa: F401  # registers the ids

TIMESTEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
N_ENVS, EPISODE = 16, 180


def make_env(stream: str, reward_scale: float) -> gymnasium.Env:
    """One environment on the paths of a stream."""
    env = gymnasium.make("HedgeReference-v0", stream=stream)
    return gymnasium.wrappers.TransformReward(env, lambda r: reward_scale * r)


def make_envs(stream: str, reward_scale: float = 1.0) -> DummyVectorEnv:
    """Environment k has seed k: other paths than its neighbour, of the same stream."""
    envs = DummyVectorEnv([lambda: make_env(stream, reward_scale)] * N_ENVS)
    envs.seed(0)
    return envs


torch.manual_seed(0)
single = make_env("training", 1.0)
shape = single.observation_space.shape
actor = ContinuousActorProbabilistic(
    preprocess_net=Net(
        state_shape=shape, hidden_sizes=[64, 64], activation=torch.nn.Tanh
    ),
    action_shape=single.action_space.shape,
    unbounded=True,
)
critic = ContinuousCritic(preprocess_net=Net(state_shape=shape, hidden_sizes=[64, 64]))
policy = ProbabilisticActorPolicy(
    actor=actor,
    dist_fn=lambda parameters: Independent(Normal(*parameters), 1),
    action_space=single.action_space,
    action_bound_method="clip",
    deterministic_eval=True,
)
algorithm = PPO(
    policy=policy, critic=critic, optim=AdamOptimizerFactory(lr=3e-4), gamma=1.0
)
rollout = N_ENVS * EPISODE
algorithm.run_training(
    OnPolicyTrainerParams(
        training_collector=Collector(
            algorithm, make_envs("training", 0.01), VectorReplayBuffer(rollout, N_ENVS)
        ),
        max_epochs=1,
        epoch_num_steps=max(TIMESTEPS, rollout),
        collection_step_num_env_steps=rollout,
        update_step_num_repetitions=4,
        batch_size=720,
    )
)
with torch.no_grad():
    test = Collector(algorithm, make_envs("validation"))
    result = test.collect(n_episode=N_ENVS, reset_before_collect=True)
print("objective", -result.returns.mean())
