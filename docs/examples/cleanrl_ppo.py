"""PPO in one file, in the style of CleanRL's `ppo_continuous_action.py`.

Episodes end at maturity by termination, so nothing is bootstrapped at their end, and in
SameStep every row is a transition. (In NextStep the row after an end only resets: its
action is ignored and its reward 0, and it must be left out of the loss.)
"""

import sys

import gymnasium
import numpy as np
import torch
from torch import nn
from torch.distributions import Normal

import hedge_env  # noqa: F401  # registers the ids

TIMESTEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
N_ENVS, N_STEPS, N_EPOCHS, BATCH = 64, 180, 4, 2880
GAMMA, LAMBDA, CLIP, RATE, REWARD_SCALE = 1.0, 0.95, 0.2, 3e-4, 0.01


def layer(n_in: int, n_out: int, gain: float = 2**0.5) -> nn.Linear:
    """A linear layer with orthogonal weights."""
    linear = nn.Linear(n_in, n_out)
    nn.init.orthogonal_(linear.weight, gain)
    nn.init.zeros_(linear.bias)
    return linear


def network(n_in: int, n_out: int, gain: float) -> nn.Sequential:
    """Two hidden layers."""
    hidden = (layer(n_in, 64), nn.Tanh(), layer(64, 64), nn.Tanh())
    return nn.Sequential(*hidden, layer(64, n_out, gain))


def make_env(stream: str) -> gymnasium.vector.VectorEnv:
    """Training, validation and test paths are never the same."""
    return gymnasium.make_vec(
        "HedgeReference-v0", num_envs=N_ENVS, autoreset_mode="SameStep", stream=stream
    )


torch.manual_seed(0)
env = make_env("training")
n_observed, n_actions = env.observation_space.shape[1], env.action_space.shape[1]
actor, critic = network(n_observed, n_actions, 0.01), network(n_observed, 1, 1.0)
log_std = nn.Parameter(torch.full((n_actions,), -1.0))
parameters = [*actor.parameters(), *critic.parameters(), log_std]
optimiser = torch.optim.Adam(parameters, lr=RATE, eps=1e-5)

observation = torch.as_tensor(env.reset(seed=0)[0])
for _ in range(max(TIMESTEPS // (N_ENVS * N_STEPS), 1)):
    rows = []
    for _ in range(N_STEPS):
        with torch.no_grad():
            policy = Normal(actor(observation), log_std.exp())
            action = policy.sample()
            value = critic(observation)[:, 0]
        step = env.step(action.clamp(-1.0, 1.0).numpy())
        reward = torch.as_tensor(REWARD_SCALE * step[1], dtype=torch.float32)
        going = torch.as_tensor(~step[2], dtype=torch.float32)
        density = policy.log_prob(action).sum(1)
        rows.append((observation, action, density, value, reward, going))
        observation = torch.as_tensor(step[0])
    o, a, old, v, r, going = (torch.stack(column) for column in zip(*rows, strict=True))
    with torch.no_grad():
        following = torch.cat([v[1:], critic(observation).T])
    advantage, running = torch.zeros_like(r), torch.zeros(N_ENVS)
    for t in reversed(range(N_STEPS)):
        error = r[t] + GAMMA * going[t] * following[t] - v[t]
        running = error + GAMMA * LAMBDA * going[t] * running
        advantage[t] = running
    returns = (advantage + v).flatten()
    o, a, old, advantage = (x.flatten(0, 1) for x in (o, a, old, advantage))
    for _ in range(N_EPOCHS):
        for b in torch.randperm(len(o)).split(BATCH):
            gain = (advantage[b] - advantage[b].mean()) / (advantage[b].std() + 1e-8)
            policy = Normal(actor(o[b]), log_std.exp())
            ratio = (policy.log_prob(a[b]).sum(1) - old[b]).exp()
            clipped = ratio.clamp(1.0 - CLIP, 1.0 + CLIP)
            loss = -torch.min(gain * ratio, gain * clipped).mean()
            loss = loss + 0.5 * (critic(o[b])[:, 0] - returns[b]).square().mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 0.5)
            optimiser.step()
env.close()

env = make_env("validation")
observed, _ = env.reset(seed=0)
ended = np.zeros(N_ENVS, dtype=bool)
while not ended.all():
    with torch.no_grad():
        mean = actor(torch.as_tensor(observed)).clamp(-1.0, 1.0).numpy()
    observed, _, ended, _, infos = env.step(mean)
print("objective", infos["final_info"]["hedge"]["objective_bp"].mean())
env.close()
