"""A saved policy as where training starts, in its own market or in another one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hedge_env.agent.observations import ObservationEncoder
from hedge_env.base.errors import ConfigError, PolicyFileError
from hedge_env.desk.batch import HedgeBatch
from hedge_env.policies.policy_file import load_policy, save_policy
from hedge_env.policies.policy_metadata import feature_records
from hedge_env.training.experiment.experiment import parse_experiment
from hedge_env.training.train.sb3.algorithms import build_model
from hedge_env.training.train.sb3.export import to_policy
from hedge_env.training.train.sb3.first_weights import say_what_is_unlike, start_with
from hedge_env.training.train.train import make_training_env, train


def experiment(preset: str, *, seed: int = 0, algorithm: str = "ahpg", **changes):
    """An experiment of two updates of 16 paths and 6 decisions."""
    train = {
        "algorithm": algorithm,
        "total_timesteps": 2 * 16 * 6,
        "n_envs": 16,
        "net_arch": [8],
        "evaluation_frequency": 16 * 6,
        "evaluation_paths": 16,
        "checkpoint_frequency": 16 * 6,
        **({"n_holdings": 21} if algorithm == "ahpg" else {"n_steps": 6}),
        **changes,
    }
    document = {
        "name": "mine",
        "seed": seed,
        "preset": preset,
        "env": {
            "episode": {"decisions": 6},
            "risk_aversion": [2.0, 50.0],
            "action": {"mode": "band_edges"},
            "reward": {"name": "expected"},
            "observation": {"features": ["default", "implied_over_mean"]},
        },
        "train": train,
    }
    return parse_experiment(document, [("test", document)])


def learner(chosen):
    return build_model(
        chosen.train, make_training_env(chosen, chosen.env_config()), chosen.seed
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A policy file of `ethereum-l1` whose weights are far from its first ones."""
    chosen, path = experiment("ethereum-l1"), tmp_path_factory.mktemp("start")
    model = learner(chosen)
    policy = to_policy(model, chosen.env_config())
    rng = np.random.default_rng(4)
    weights = [
        (rng.normal(0.0, 0.3, w.shape).astype(np.float32), b + np.float32(0.1))
        for w, b in policy.layers
    ]
    weights[0][0][...] *= model.policy.mask.numpy()  # what is held is not seen
    file = path / "policy.safetensors"
    save_policy(file, weights, policy.metadata)
    return file


@pytest.mark.parametrize("preset", ["ethereum-l1", "ethereum-l1-wide"])
def test_the_learner_acts_like_the_policy_before_it_learns(trained, preset):
    chosen, policy = experiment(preset, seed=3), load_policy(trained)
    config, model = chosen.env_config(), learner(chosen)
    start_with(model, policy, config)
    batch = HedgeBatch(config, 64, seed=1, stream="training")
    batch.reset(np.arange(64), risk_aversion=10.0)
    batch.advance(np.zeros((64, 1)))
    seen = ObservationEncoder(config).encode(batch.rows)
    before = policy.encode(batch.rows)
    records = policy.metadata.features, feature_records(config)
    moved = [
        (one.offset, one.scale) != (other.offset, other.scale)
        for one, other in zip(*records, strict=True)
    ]
    assert any(moved) == (preset == "ethereum-l1-wide")
    high = np.array([record.high for record in records[0]])
    inside = (np.abs(seen) < high) & (np.abs(before) < high)
    used = (inside | ~np.array(moved)).all(axis=1)
    assert used.sum() > 16
    found, _ = model.predict(seen, deterministic=True)
    assert found[used] == pytest.approx(policy.act(before)[used], abs=2e-5)


def test_features_that_are_not_the_same_have_no_say_or_count_as_usual(
    trained, tmp_path, capsys
):
    chosen, policy = experiment("deribit", seed=3), load_policy(trained)
    config, model = chosen.env_config(), learner(chosen)
    old = [record.name for record in policy.metadata.features]
    new = [record.name for record in feature_records(config)]
    assert (set(old) - set(new), set(new) - set(old)) == ({"log_gas"}, {"funding_rate"})
    start_with(model, policy, config)
    seen = np.random.default_rng(2).uniform(-0.5, 0.5, (50, len(new)))
    # The policy's own view: the features of the same name, in the units of its market.
    own = np.zeros((50, len(old)))
    theirs = {record.name: record for record in feature_records(config)}
    for i, record in enumerate(policy.metadata.features):
        if record.name in theirs:
            there = theirs[record.name]
            raw = seen[:, new.index(record.name)] / there.scale + there.offset
            own[:, i] = (raw - record.offset) * record.scale
    found, _ = model.predict(seen.astype(np.float32), deterministic=True)
    assert found == pytest.approx(policy.act(own.astype(np.float32)), abs=2e-5)
    seen[:, new.index("funding_rate")] += 1.0
    again, _ = model.predict(seen.astype(np.float32), deterministic=True)
    assert np.array_equal(again, found)
    run = train(chosen, tmp_path / "run", start=trained).folder
    learned = load_policy(run.last_policy).layers[0][0]
    assert np.abs(learned[:, new.index("funding_rate")]).max() > 0.0
    say_what_is_unlike(policy, config)
    said = capsys.readouterr().err
    assert "never saw funding_rate" in said
    assert "deribit does not show log_gas" in said


def test_the_first_weights_matter_and_are_kept_in_the_run_folder(trained, tmp_path):
    chosen = experiment("ethereum-l1-2026")
    warm = train(chosen, tmp_path / "warm", start=trained).folder
    cold = train(chosen, tmp_path / "cold").folder
    again = train(chosen, tmp_path / "again", start=trained.parent).folder
    assert warm.start.read_bytes() == trained.read_bytes()
    assert not cold.start.exists()
    weights = [load_policy(f.last_policy).layers[0][0] for f in (warm, cold, again)]
    assert np.array_equal(weights[0], weights[2])
    assert not np.allclose(weights[0], weights[1], atol=0.05)


def test_a_run_that_was_refused_leaves_no_weights_to_the_next(trained, tmp_path):
    wrong = experiment("ethereum-l1-2026")
    wrong.env["reward"] = {"name": "mean_std"}  # no sum of the objective's rewards
    with pytest.raises(ConfigError):
        train(wrong, tmp_path / "run", start=trained)
    cold = train(experiment("ethereum-l1-2026"), tmp_path / "run").folder
    assert not cold.start.exists()


def test_a_run_that_is_continued_ends_in_the_same_bits(trained, tmp_path):
    # The schedule knows the length of the run: the first half is cut off a whole one.
    constant = {"learning_rate_schedule": "constant"}
    one = train(
        experiment("ethereum-l1-2026", **constant), tmp_path / "a", start=trained
    ).folder
    short = experiment("ethereum-l1-2026", total_timesteps=16 * 6, **constant)
    other = train(short, tmp_path / "b", start=trained).folder
    train(experiment("ethereum-l1-2026", **constant), other.path, resume=True)
    assert one.last_policy.read_bytes() == other.last_policy.read_bytes()
    with pytest.raises(ConfigError, match="--start-from: a run that is continued"):
        train(short, other.path, resume=True, start=trained)


def test_what_does_not_fit_is_refused_in_a_sentence(trained, tmp_path):
    policy = load_policy(trained)
    cases = {
        "layers": experiment("ethereum-l1", net_arch=[9]),
        "activation": experiment("ethereum-l1", activation="relu"),
    }
    for word, chosen in cases.items():
        with pytest.raises(ConfigError, match=f"--start-from: .* has other {word}"):
            start_with(learner(chosen), policy, chosen.env_config())
    wider = experiment("ethereum-l1")
    wider.env["action"]["log_width_range"] = 0.5
    with pytest.raises(ConfigError, match="other settings of action"):
        start_with(learner(wider), policy, wider.env_config())
    ppo = experiment("ethereum-l1", algorithm="ppo", batch_size=96)
    with pytest.raises(ConfigError, match="PPO learns with another one"):
        start_with(learner(ppo), policy, ppo.env_config())
    torn = tmp_path / "policy.safetensors"
    torn.write_bytes(trained.read_bytes()[:100])
    with pytest.raises(PolicyFileError):
        train(experiment("ethereum-l1"), tmp_path / "run", start=torn)
    assert torch.is_grad_enabled()
