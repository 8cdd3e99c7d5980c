"""Policy files with random weights: what they do does not matter here."""

from itertools import pairwise

import numpy as np

from hedge_env.config.loading import load_config
from hedge_env.policies.policy_file import describe_policy, save_policy


def save_random_policy(
    path, *, name="ppo", risk_aversion=10.0, settings=(), preset="reference"
):
    config = load_config(preset, {"risk_aversion": risk_aversion}, settings=settings)
    described = describe_policy(
        config,
        algorithm="ppo",
        hidden_layers=(4,),
        activation="tanh",
        squash="clip",
        name=name,
    )
    random = np.random.default_rng(0)
    weights = [
        (
            0.1 * random.normal(size=(n_out, n_in)).astype(np.float32),
            np.zeros(n_out, dtype=np.float32),
        )
        for n_in, n_out in pairwise(described.layers)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    save_policy(path, weights, described)
    return path
