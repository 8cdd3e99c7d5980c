"""Gymnasium: episodes of the native vector environment, without a learning library."""

import gymnasium
import numpy as np

import hedge_env  # noqa: F401  # registers the ids

env = gymnasium.make_vec(
    "HedgeReference-v0", num_envs=256, autoreset_mode="SameStep", stream="validation"
)
env = gymnasium.wrappers.vector.RecordEpisodeStatistics(env)
observations, infos = env.reset(seed=0)  # one seed: the environments differ by path
ended = np.zeros(env.num_envs, dtype=bool)
while not ended.all():
    actions = np.zeros(env.action_space.shape, np.float32)  # the analytic no-trade band
    observations, rewards, terminated, truncated, infos = env.step(actions)
    ended = terminated | truncated

# In SameStep the observation is the next episode's; the last one's is in final_obs.
last = infos["final_info"]
print("objective", last["hedge"]["objective_bp"].mean())
print("return", infos["episode"]["r"].mean())  # minus the objective
env.close()
