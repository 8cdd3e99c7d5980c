import numpy as np
import pytest
import torch

from hedge_env.policies.policy_file import load_policy
from hedge_env.training.experiment.experiment import ExperimentConfig
from hedge_env.training.experiment.hyperparameters import (
    A2COptions,
    PPOOptions,
    SACOptions,
    TD3Options,
)
from hedge_env.training.train.sb3.algorithms import build_model
from hedge_env.training.train.sb3.export import export_policy, extract_actor, to_policy
from hedge_env.training.train.train import make_training_env

COMMON = {"total_timesteps": 100, "n_envs": 4}
OPTIONS = {
    "ppo": PPOOptions(**COMMON, n_steps=4, batch_size=8),
    "ppo-relu": PPOOptions(
        **COMMON, n_steps=4, batch_size=8, activation="relu", net_arch=(16, 8)
    ),
    "ppo-sde": PPOOptions(**COMMON, n_steps=4, batch_size=8, use_sde=True),
    "a2c": A2COptions(**COMMON, n_steps=4, algorithm="a2c", net_arch=()),
    "sac": SACOptions(**COMMON, algorithm="sac", buffer_size=100),
    "td3": TD3Options(**COMMON, algorithm="td3", buffer_size=100, activation="tanh"),
}
CASES = [
    (name, mode)
    for name in OPTIONS
    for mode in ("band", "target", "discrete")
    if mode != "discrete" or name in ("ppo", "a2c")
]


def untrained(name, mode):
    experiment = ExperimentConfig(
        train=OPTIONS[name], env={"action": {"mode": mode, "choices": 5}}
    )
    config = experiment.env_config()
    model = build_model(experiment.train, make_training_env(experiment, config), 0)
    with torch.no_grad():  # large weights, so that clipping and squashing matter
        for parameter in model.policy.parameters():
            parameter.mul_(3.0)
        if hasattr(model.policy, "action_net"):  # SB3 starts it at a hundredth
            model.policy.action_net.weight.mul_(100.0)
    return model, config


@pytest.mark.parametrize(("name", "mode"), CASES)
def test_the_policy_file_acts_as_sb3_does(name, mode, tmp_path):
    model, config = untrained(name, mode)
    path = tmp_path / "policy.safetensors"
    export_policy(model, config, path)
    policy = load_policy(path)
    space = model.observation_space
    rng = np.random.default_rng(0)
    observations = rng.uniform(space.low, space.high, (500, *space.shape)).astype(
        np.float32
    )
    expected, _ = model.predict(observations, deterministic=True)
    actions = policy.act(observations)
    if mode == "discrete":
        np.testing.assert_array_equal(actions, expected)
    else:
        np.testing.assert_allclose(actions, expected, atol=1e-5)
        assert np.ptp(actions, axis=0).min() > 0.5
    np.testing.assert_array_equal(actions, to_policy(model, config).act(observations))
    assert policy.metadata.algorithm == name.partition("-")[0]


def test_a_network_that_a_policy_file_cannot_hold_is_refused():
    model, _ = untrained("ppo", "band")
    model.policy.mlp_extractor.policy_net[1] = torch.nn.GELU()
    with pytest.raises(ValueError, match="GELU"):
        extract_actor(model)


def test_an_export_is_a_copy():
    model, config = untrained("ppo", "band")
    policy = to_policy(model, config)
    observations = np.zeros((1, *model.observation_space.shape), dtype=np.float32)
    before = policy.act(observations)
    with torch.no_grad():
        model.policy.action_net.bias.add_(0.3)
    np.testing.assert_array_equal(policy.act(observations), before)


def test_weights_are_single_precision():
    model, _ = untrained("sac", "band")
    assert all(w.dtype == b.dtype == np.float32 for w, b in extract_actor(model).layers)
