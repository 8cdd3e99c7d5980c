"""TorchRL: PPO over the native vector environment, in mode Disabled or SameStep."""

import sys

import gymnasium
import torch
from tensordict.nn import TensorDictModule
from torch import nn
from torchrl.collectors import Collector
from torchrl.envs import Compose, GymWrapper, RewardScaling, RewardSum, TransformedEnv
from torchrl.envs.utils import ExplorationType, set_exploration_type
from torchrl.modules import (
    NormalParamExtractor,
    ProbabilisticActor,
    TanhNormal,
    ValueOperator,
)
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

import hedge_env  # noqa: F401  # registers the ids

TIMESTEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
N_ENVS, N_STEPS = 64, 180


def make_env(stream: str, reward_scale: float = 1.0) -> TransformedEnv:
    """Training, validation and test paths are never the same."""
    env = gymnasium.make_vec(
        "HedgeReference-v0", num_envs=N_ENVS, autoreset_mode="Disabled", stream=stream
    )
    wrapped = GymWrapper(env)
    wrapped.set_seed(0)
    scaling = RewardScaling(loc=0.0, scale=reward_scale)
    return TransformedEnv(wrapped, Compose(scaling, RewardSum()))


torch.manual_seed(0)
env = make_env("training", 0.01)
n = env.observation_spec["observation"].shape[-1]
body = nn.Sequential(nn.Linear(n, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
head = nn.Sequential(nn.Linear(64, 6), NormalParamExtractor())
actor = ProbabilisticActor(
    TensorDictModule(nn.Sequential(body, head), ["observation"], ["loc", "scale"]),
    in_keys=["loc", "scale"],
    spec=env.action_spec,
    distribution_class=TanhNormal,
    distribution_kwargs={"low": -1.0, "high": 1.0},
    return_log_prob=True,
)
values = nn.Sequential(nn.Linear(n, 64), nn.Tanh(), nn.Linear(64, 1))
critic = ValueOperator(values, in_keys=["observation"])
advantage = GAE(gamma=1.0, lmbda=0.95, value_network=critic)
loss = ClipPPOLoss(actor, critic, entropy_coeff=0.0)
optimiser = torch.optim.Adam(loss.parameters(), lr=3e-4)
frames = N_ENVS * N_STEPS
collector = Collector(
    env, actor, frames_per_batch=frames, total_frames=-(-TIMESTEPS // frames) * frames
)
for data in collector:
    for _ in range(4):
        with torch.no_grad():
            advantage(data)
        rows = data.reshape(-1)
        for batch in torch.randperm(len(rows)).split(2880):
            terms = loss(rows[batch])
            optimiser.zero_grad()
            (terms["loss_objective"] + terms["loss_critic"]).backward()
            optimiser.step()
collector.shutdown()

with torch.no_grad(), set_exploration_type(ExplorationType.DETERMINISTIC):
    episode = make_env("validation").rollout(N_STEPS, actor, break_when_any_done=False)
ended = episode["next", "done"]
print("objective", -episode["next", "episode_reward"][ended].mean().item())
