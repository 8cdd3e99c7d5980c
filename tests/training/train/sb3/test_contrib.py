"""TQC, CrossQ and TRPO of sb3-contrib: their files act as they do, or a sentence."""

import sys
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import nn

from hedge_env.base.errors import ConfigError
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.experiment.experiment import ExperimentConfig, load_experiment
from hedge_env.training.experiment.hyperparameters import (
    ALGORITHMS,
    NEEDS_CONTRIB,
    CrossQOptions,
    TQCOptions,
    TRPOOptions,
)
from hedge_env.training.train.sb3.algorithms import build_model
from hedge_env.training.train.sb3.contrib.normalisation import without_normalisation
from hedge_env.training.train.sb3.contrib.package import contrib_classes
from hedge_env.training.train.sb3.export import ExportError, export_policy
from hedge_env.training.train.train import make_training_env

needs_contrib = pytest.mark.skipif(
    find_spec("sb3_contrib") is None, reason="sb3-contrib is not installed"
)
COMMON = {"total_timesteps": 100, "n_envs": 4}
OPTIONS = {
    "trpo": TRPOOptions(**COMMON, n_steps=4, batch_size=8, algorithm="trpo"),
    "trpo-sde": TRPOOptions(
        **COMMON, n_steps=4, batch_size=8, algorithm="trpo", use_sde=True
    ),
    "tqc": TQCOptions(**COMMON, algorithm="tqc", buffer_size=100),
    "crossq": CrossQOptions(**COMMON, algorithm="crossq", buffer_size=100),
    "crossq-tanh": CrossQOptions(
        **COMMON, algorithm="crossq", buffer_size=100, activation="tanh", net_arch=()
    ),
}
CASES = [
    (name, mode)
    for name in OPTIONS
    for mode in ("band", "target", "discrete")
    if mode != "discrete" or name == "trpo"
]


def untrained(name, mode):
    experiment = ExperimentConfig(
        train=OPTIONS[name], env={"action": {"mode": mode, "choices": 5}}
    )
    config = experiment.env_config()
    model = build_model(experiment.train, make_training_env(experiment, config), 0)
    random = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for module in model.policy.modules():
            if isinstance(module, nn.Linear):
                module.weight.mul_(2.0)
        if hasattr(model.policy, "action_net"):  # SB3 starts it at a hundredth
            model.policy.action_net.weight.mul_(100.0)
        for module in model.policy.modules():
            if hasattr(module, "ra_mean"):  # as if it had seen a market
                shape = module.ra_mean.shape
                module.ra_mean.copy_(0.3 * torch.randn(shape, generator=random))
                module.ra_var.copy_(0.2 + torch.rand(shape, generator=random))
                module.bias.copy_(0.2 * torch.randn(shape, generator=random))
    return model, config


@needs_contrib
@pytest.mark.parametrize(("name", "mode"), CASES)
def test_the_policy_file_acts_as_the_model_does(name, mode, tmp_path):
    model, config = untrained(name, mode)
    path = tmp_path / "policy.safetensors"
    export_policy(model, config, path)
    policy = load_policy(path)
    space = model.observation_space
    random = np.random.default_rng(0)
    observations = random.uniform(space.low, space.high, (500, *space.shape))
    observations = observations.astype(np.float32)
    expected, _ = model.predict(observations, deterministic=True)
    actions = policy.act(observations)
    if mode == "discrete":
        assert np.mean(actions == expected) > 0.99
        assert len(np.unique(actions)) > 1
    else:
        np.testing.assert_allclose(actions, expected, atol=1e-4)
        assert np.ptp(actions, axis=0).min() > 0.5
    assert policy.metadata.algorithm == name.partition("-")[0]


@needs_contrib
def test_a_normalisation_is_taken_into_the_layer_behind_it():
    from sb3_contrib.common.torch_layers import BatchRenorm1d

    torch.manual_seed(0)
    norm, linear = BatchRenorm1d(5), nn.Linear(5, 3)
    with torch.no_grad():
        norm.ra_mean.normal_()
        norm.ra_var.uniform_(0.1, 2.0)
        norm.scale.normal_()
        norm.bias.normal_()
    x = torch.randn(50, 5)
    for affine in (True, False):
        norm.affine = affine
        (folded,) = without_normalisation([norm.eval(), linear])
        expected = linear(norm(x))
        torch.testing.assert_close(folded(x), expected, atol=1e-5, rtol=1e-5)
    left = without_normalisation([linear, norm, nn.ReLU()])
    assert [type(module) for module in left] == [nn.Linear, BatchRenorm1d, nn.ReLU]
    assert without_normalisation([norm]) == [norm]


@needs_contrib
def test_a_normalisation_that_cannot_be_taken_in_is_refused():
    from sb3_contrib.common.torch_layers import BatchRenorm1d

    model, config = untrained("crossq", "band")
    model.policy.actor.latent_pi.insert(2, BatchRenorm1d(64))
    with pytest.raises(ExportError, match="BatchRenorm1d"):
        export_policy(model, config, "nowhere.safetensors")


@pytest.mark.parametrize("name", ["trpo", "tqc", "crossq", "recurrent_ppo"])
def test_without_the_package_one_sentence_says_what_to_install(name, monkeypatch):
    for module in [m for m in sys.modules if m.split(".")[0] == "sb3_contrib"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "sb3_contrib", None)
    options = {**COMMON, "algorithm": "recurrent_ppo", "n_steps": 4, "batch_size": 8}
    experiment = ExperimentConfig(train=OPTIONS.get(name, options))
    env = make_training_env(experiment, experiment.env_config())
    with pytest.raises(ConfigError, match="needs sb3-contrib, which is not installed"):
        build_model(experiment.train, env, 0)
    monkeypatch.delitem(sys.modules, "sb3_contrib")
    assert contrib_classes("tqc.policies.Actor") == ()


def test_the_package_is_not_imported_for_other_algorithms():
    assert set(NEEDS_CONTRIB) < set(ALGORITHMS)
    before = set(sys.modules)
    experiment = ExperimentConfig(
        train={"algorithm": "a2c", "total_timesteps": 8, "n_envs": 2, "n_steps": 2}
    )
    env = make_training_env(experiment, experiment.env_config())
    build_model(experiment.train, env, 0)
    new = set(sys.modules) - before
    assert not any(module.startswith("sb3_contrib") for module in new)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"algorithm": "tqc", "n_quantiles": 2, "top_quantiles_to_drop_per_net": 2},
            "top_quantiles_to_drop_per_net = 2 must be below n_quantiles = 2",
        ),
        (
            {"algorithm": "trpo", "n_steps": 3, "batch_size": 7},
            "batch_size = 7 must divide n_envs",
        ),
        ({"algorithm": "trpo", "n_steps": 4, "ent_coef": 0.1}, "ent_coef"),
        ({"algorithm": "crossq", "tau": 0.1}, "tau"),
    ],
)
def test_options_that_mean_nothing_are_refused(changes, words, tmp_path):
    import yaml

    path = tmp_path / "experiment.yaml"
    train = {"total_timesteps": 100, "n_envs": 4, **changes}
    path.write_text(yaml.safe_dump({"train": train}))
    with pytest.raises(ConfigError, match=words):
        load_experiment(path)
