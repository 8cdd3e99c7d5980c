"""RLlib: PPO over the native vector environment, which must be NextStep.

RLlib does not look at the autoreset mode: with SameStep it trains without an error on
wrong data. NextStep is the environment's default.
"""

import sys

import gymnasium
from ray.rllib.algorithms.ppo import PPOConfig

ITERATIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 50


def config(stream: str) -> dict[str, str]:
    """What the environment is made with."""
    return {"preset": "reference", "stream": stream}


algorithm = (
    PPOConfig()
    # With the module's name, since each worker must register the ids.
    .environment("hedge_env:Hedge-v0", env_config=config("training"))
    .env_runners(
        num_env_runners=0,
        num_envs_per_env_runner=64,
        gym_env_vectorize_mode=gymnasium.VectorizeMode.VECTOR_ENTRY_POINT,
    )
    .training(gamma=1.0, lr=3e-4, train_batch_size_per_learner=11_520)
    .evaluation(
        evaluation_interval=ITERATIONS,
        evaluation_duration=64,
        evaluation_config={"env_config": config("validation"), "explore": False},
    )
    .build_algo()
)
for _ in range(ITERATIONS):
    result = algorithm.train()
print("objective", -result["evaluation"]["env_runners"]["episode_return_mean"])
algorithm.stop()
