"""A run is the same to the bit, however it came to its end."""

import json

import numpy as np
import pytest
import torch

from hedge_env.agent import balance, reward_params
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.train import train as train_module
from hedge_env.training.train.train import train
from tests.training.train.runs import (
    FRONTIER,
    NAMED,
    assert_same_weights,
    experiment,
    weights,
)


@pytest.mark.parametrize("name", NAMED)
def test_a_run_stopped_and_resumed_gives_the_same_bits(name, tmp_path, stop_at):
    straight = train(experiment(name), tmp_path / "straight")
    stop_at(136)
    stopped = train(experiment(name), tmp_path / "stopped")
    assert stopped.stopped
    assert 136 <= stopped.timesteps < 240
    assert not stopped.folder.is_finished()
    np.random.seed(1)  # noqa: NPY002  # a new process has other generators
    torch.manual_seed(1)
    resumed = train(experiment(name), tmp_path / "stopped", resume=True)
    assert resumed.timesteps == straight.timesteps
    assert not resumed.stopped
    assert_same_weights(straight.folder, resumed.folder)
    assert resumed.best == straight.best
    metrics = [
        [
            {k: v for k, v in json.loads(line).items() if not k.startswith("time/")}
            for line in run.folder.metrics.read_text().splitlines()
        ]
        for run in (straight, resumed)
    ]
    assert metrics[0] == metrics[1]


def test_a_reward_that_is_fitted_is_the_same_after_an_interruption(tmp_path, stop_at):
    straight = train(experiment(reward="expected"), tmp_path / "straight")
    plain = train(experiment(), tmp_path / "plain")
    stop_at(136)
    assert train(experiment(reward="expected"), tmp_path / "stopped").stopped
    reward_params._fitted.cache_clear()  # a new process fits again
    setup = experiment(reward="expected")
    resumed = train(setup, tmp_path / "stopped", resume=True)
    assert_same_weights(straight.folder, resumed.folder)
    with pytest.raises(AssertionError):
        assert_same_weights(straight.folder, plain.folder)
    lines = resumed.folder.metrics.read_text().splitlines()
    paid = [x for x in map(json.loads, lines) if "hedge/objective_bp" in x]
    assert paid[-1]["hedge/objective_bp"] > 0.0  # it is still judged by the objective


@pytest.mark.parametrize("name", ["ppo", "ppo-sde", "sac", "ahpg"])
def test_a_range_of_risk_aversions_is_the_same_after_an_interruption(
    name, tmp_path, stop_at
):
    setup = experiment(name, env=FRONTIER)
    straight = train(setup, tmp_path / "straight")
    stop_at(136)
    assert train(setup, tmp_path / "stopped").stopped
    balance._measured.cache_clear()  # a new process measures again
    resumed = train(setup, tmp_path / "stopped", resume=True)
    assert_same_weights(straight.folder, resumed.folder)
    assert resumed.best == straight.best
    metadata = load_policy(resumed.folder.policy).metadata
    assert metadata.risk_aversions == (2.0, 50.0)
    assert "risk_aversion" in [feature.name for feature in metadata.features]
    uneven = {**FRONTIER, "reward": {"name": "expected"}}
    plain = train(experiment(name, env=uneven), tmp_path / "plain")
    with pytest.raises(AssertionError):
        assert_same_weights(straight.folder, plain.folder)


def test_a_killed_run_resumes_from_its_last_checkpoint(tmp_path, monkeypatch):
    straight = train(experiment(), tmp_path / "straight")

    def die(self):
        if self.model.num_timesteps >= 200:
            raise MemoryError  # anything that nobody handles

    with monkeypatch.context() as patch:
        patch.setattr(train_module.ProgressCallback, "_move", die)
        patch.setattr(train_module.ProgressCallback, "SECONDS_BETWEEN_MOVES", 0.0)
        with pytest.raises(MemoryError):
            train(experiment(), tmp_path / "killed")
    resumed = train(experiment(), tmp_path / "killed", resume=True)
    assert_same_weights(straight.folder, resumed.folder)


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not(tmp_path):
    one = train(experiment(), tmp_path / "one").folder
    two = train(experiment(), tmp_path / "two").folder
    other = train(experiment(seed=1), tmp_path / "other").folder
    assert_same_weights(one, two)
    name = "policy_last.safetensors.0"
    assert not np.array_equal(weights(one)[name], weights(other)[name])


def test_validation_does_not_change_the_training(tmp_path):
    often = train(experiment(evaluation_frequency=64), tmp_path / "often").folder
    seldom = train(experiment(evaluation_frequency=10**6), tmp_path / "seldom").folder
    for name in ("policy_last.safetensors.0", "policy_last.safetensors.2"):
        np.testing.assert_array_equal(weights(often)[name], weights(seldom)[name])
