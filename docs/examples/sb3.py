"""Stable-Baselines3: train on training paths, choose and report on others, export."""

import sys
import tempfile
from pathlib import Path

from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.evaluation import evaluate_policy

from hedge_env import HedgeVectorEnv, load_policy
from hedge_env.training.train.sb3.export import export_policy
from hedge_env.training.train.sb3.vec_env import VecEnvAdapter

TIMESTEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
N_ENVS = 256


def make_env(stream: str) -> VecEnvAdapter:
    """Learners like rewards of order 1; everything reported stays in bp."""
    env = HedgeVectorEnv(
        N_ENVS, preset="reference", autoreset_mode="SameStep", stream=stream
    )
    return VecEnvAdapter(env, reward_scale=0.01)


train_env = make_env("training")
folder = Path(tempfile.mkdtemp())
model = PPO(
    "MlpPolicy", train_env, n_steps=60, batch_size=3840, n_epochs=4, gamma=1.0, seed=0
)
watch = EvalCallback(
    make_env("validation"),
    n_eval_episodes=N_ENVS,
    eval_freq=600,
    best_model_save_path=str(folder),
    verbose=0,
)
model.learn(TIMESTEPS, callback=watch)

mean, spread = evaluate_policy(model, make_env("test"), n_eval_episodes=N_ENVS)
print("return", mean)
export_policy(model, train_env.venv.config, folder / "policy.safetensors")
print("policy", load_policy(folder / "policy.safetensors").metadata.layers)
