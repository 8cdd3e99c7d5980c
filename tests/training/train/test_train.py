import errno
import json
import os

import numpy as np
import pytest

from hedge_env.agent import reward_params
from hedge_env.base.errors import ConfigError, HedgeError
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.evaluation.metrics import summarise
from hedge_env.feeds.tape import record_tape
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.train import train as train_module
from hedge_env.training.train.run_folder import RunFolderError
from hedge_env.training.train.train import TrainingError, train
from tests.training.train.runs import (
    FRONTIER,
    LEARNED_NOISE,
    assert_same_weights,
    experiment,
)


def test_a_run_leaves_everything_its_folder_promises(tmp_path):
    result = train(experiment(baselines=("no-hedge", "delta")), tmp_path / "run")
    folder = result.folder
    assert sorted(path.name for path in folder.path.iterdir()) == [
        "baselines.json",
        "checkpoint",
        "command.txt",
        "config.yaml",
        "metrics.jsonl",
        "policy.safetensors",
        "policy_last.safetensors",
        "result.json",
        "tensorboard",
        "versions.json",
    ]
    assert any(folder.tensorboard.iterdir())
    document = json.loads(folder.result.read_text())
    assert document["timesteps"] == result.timesteps == 320
    assert document["best"]["scalars"]["objective_bp"] == result.best.objective_bp
    assert [rule["name"] for rule in document["baselines"]] == ["no-hedge", "delta"]
    assert not result.stopped


def test_metrics_hold_the_scalars_of_tensorboard(tmp_path):
    folder = train(experiment(baselines=("delta",)), tmp_path / "run").folder
    lines = [json.loads(line) for line in folder.metrics.read_text().splitlines()]
    names = set().union(*lines)
    assert {
        "timesteps",
        "hedge/objective_bp",
        "hedge/best_objective_bp",
        "hedge/cost_bp",
        "hedge/cost_fee_bp",
        "hedge/tracking_error_bp",
        "hedge/trades",
        "hedge/gap_to_best_baseline",
        "rollout/ep_rew_mean",
        "train/learning_rate",
        "train/std",
    } <= names
    validations = [line for line in lines if "hedge/objective_bp" in line]
    assert [line["timesteps"] for line in validations] == [0, 128, 256, 320]


def test_the_best_policy_is_the_one_with_the_lowest_objective(tmp_path):
    setup = experiment(learning_rate=0.1)  # so high that it gets worse
    result = train(setup, tmp_path / "run")
    config = setup.env_config()
    tape = record_tape(config, np.arange(16), seed=0, stream="validation")

    def objective(path):
        return summarise(evaluate_on_tape(load_policy(path), tape, config)).objective_bp

    assert objective(result.folder.policy) == pytest.approx(result.best.objective_bp)
    lines = map(json.loads, result.folder.metrics.read_text().splitlines())
    seen = [x["hedge/objective_bp"] for x in lines if "hedge/objective_bp" in x]
    assert result.best.objective_bp == min(seen)
    assert objective(result.folder.last_policy) == pytest.approx(seen[-1])


def test_the_best_policy_of_a_range_is_chosen_by_the_weights_of_its_rewards(tmp_path):
    setup = experiment(env=FRONTIER, learning_rate=0.1)  # so high that it gets worse
    result = train(setup, tmp_path / "run")
    config = setup.env_config()
    tape = record_tape(config, np.arange(16), seed=0, stream="validation")
    policy = load_policy(result.folder.policy)
    values = [
        summarise(evaluate_on_tape(policy, tape, config, level)).objective_bp
        for level in (2.0, 10.0, 50.0)
    ]
    weights = reward_params.balance_of(config).weight(np.array([2.0, 10.0, 50.0]))
    lines = map(json.loads, result.folder.metrics.read_text().splitlines())
    key = "hedge/balanced_objective_bp"
    seen = [line[key] for line in lines if key in line]
    assert result.best.score == min(seen) < max(seen)
    assert result.best.score == pytest.approx(np.mean(weights * values), rel=1e-6)


def test_the_best_policy_is_chosen_by_what_the_reward_is_paid_for(tmp_path):
    """And rules are tuned for it."""
    env = {"reward": {"name": "cvar", "quantile": 75}}
    setup = experiment(env=env, learning_rate=0.1, baselines=("delta-band",))
    result = train(setup, tmp_path / "run")
    config = setup.env_config()
    tape = record_tape(config, np.arange(16), seed=0, stream="validation")
    table = evaluate_on_tape(load_policy(result.folder.policy), tape, config)
    lines = [json.loads(x) for x in result.folder.metrics.read_text().splitlines()]
    seen = [x["hedge/criterion_bp"] for x in lines if "hedge/criterion_bp" in x]
    worst = np.sort(table.net_loss)[-4:].mean() * 1e4
    assert result.best.score == min(seen) < max(seen)
    assert result.best.score == pytest.approx(worst)
    (rule,) = json.loads(result.folder.baselines.read_text())
    gap = lines[-1]["hedge/criterion_bp"] / rule["objective_bp"] - 1.0
    assert lines[-1]["hedge/gap_to_best_baseline"] == pytest.approx(gap)


def test_a_reward_that_is_not_known_is_refused_before_a_run_is_written(tmp_path):
    setup = experiment(reward="expected")
    late = {**setup.env, "execution": {"latency_steps": 1}}
    setup = setup.model_copy(update={"env": late})
    with pytest.raises(ConfigError, match=r"execution\.latency_steps"):
        train(setup, tmp_path / "run")
    assert not (tmp_path / "run" / "config.yaml").exists()


def test_a_finished_run_can_be_made_longer_but_not_overwritten(tmp_path):
    out = tmp_path / "run"
    train(experiment(), out)
    with pytest.raises(RunFolderError, match="finished run"):
        train(experiment(), out)
    longer = train(experiment(total_timesteps=384), out, resume=True)
    assert longer.timesteps == 384
    again = train(experiment(total_timesteps=384), out, resume=True)
    assert again.timesteps == 384
    assert again.best == longer.best


def test_another_experiment_does_not_continue_a_run(tmp_path):
    train(experiment(), tmp_path / "run")
    with pytest.raises(ConfigError, match=r"train\.learning_rate"):
        train(experiment(learning_rate=0.01), tmp_path / "run", resume=True)


def test_a_run_without_a_checkpoint_starts_again(tmp_path, capsys):
    straight = train(experiment(), tmp_path / "straight").folder
    folder = train(experiment(), tmp_path / "run").folder
    for path in folder.checkpoint.iterdir():
        path.unlink()
    folder.checkpoint.rmdir()
    train(experiment(), tmp_path / "run", resume=True)
    assert "no checkpoint yet" in capsys.readouterr().err
    assert_same_weights(straight, folder)


def test_exploration_noise_follows_its_schedule(tmp_path):
    setup = experiment(log_std_start=-0.5, log_std_end=-2.5)
    folder = train(setup, tmp_path / "run").folder
    lines = map(json.loads, folder.metrics.read_text().splitlines())
    noise = [line["train/std"] for line in lines if "train/std" in line]
    # Five rollouts start at 0, 1/5, ... of the run.
    expected = np.exp(-0.5 - 2.0 * np.arange(5) / 5)
    np.testing.assert_allclose(noise, expected, rtol=1e-6)


def test_learned_noise_is_left_to_the_learner(tmp_path):
    setup = experiment(**LEARNED_NOISE)
    folder = train(setup, tmp_path / "run").folder
    lines = map(json.loads, folder.metrics.read_text().splitlines())
    noise = [line["train/std"] for line in lines if "train/std" in line]
    assert len(set(noise)) > 1
    assert noise[-1] > 0.9


def test_training_that_diverges_says_what_to_change(tmp_path):
    with pytest.raises(TrainingError, match="lower train"):
        train(experiment(learning_rate=1e30), tmp_path / "run")


def test_an_unknown_baseline_is_an_error_before_training(tmp_path):
    with pytest.raises(ConfigError, match="did you mean delta"):
        train(experiment(baselines=("detla",)), tmp_path / "run")


def test_off_policy_algorithms_refuse_discrete_actions(tmp_path):
    setup = experiment("sac").model_copy(
        update={"env": {"action": {"mode": "discrete"}}}
    )
    with pytest.raises(HedgeError, match="continuous actions"):
        train(setup, tmp_path / "run")


def test_a_q_network_refuses_actions_that_are_no_choice(tmp_path):
    setup = experiment("dqn", env={"action": {"mode": "band"}})
    with pytest.raises(HedgeError, match=r"action\.mode discrete"):
        train(setup, tmp_path / "run")


@pytest.mark.parametrize("mode", ["band_free", "band_edges", "target", "discrete"])
def test_every_action_mode_trains(mode, tmp_path):
    setup = experiment()
    setup = setup.model_copy(update={"env": {**setup.env, "action": {"mode": mode}}})
    assert train(setup, tmp_path / "run").best is not None


def test_a_split_of_its_own_trains(tmp_path):
    env = {"execution": {"split": "policy"}, "reward": {"name": "objective"}}
    setup = experiment(env=env).model_copy(update={"preset": "split-venues"})
    folder = tmp_path / "run"
    assert train(setup, folder).best is not None
    policy = load_policy(folder / "policy.safetensors")
    assert policy.metadata.layers[-1] == 3 + 4


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_names_the_run_folder(tmp_path, monkeypatch, code):
    def full(*_args, **_kwargs):
        raise OSError(code, os.strerror(code))  # as zipfile does: without a name

    monkeypatch.setattr(train_module, "build_model", full)
    with pytest.raises(HedgeError, match=os.strerror(code)) as caught:
        train(experiment(), tmp_path / "run")
    assert str(caught.value).startswith(f"{tmp_path / 'run'}: cannot write the run")


def test_a_run_that_takes_more_timesteps_than_asked_for_says_so(tmp_path, capsys):
    assert train(experiment(total_timesteps=300), tmp_path / "a").timesteps == 320
    said = capsys.readouterr().err
    assert "train.total_timesteps = 300" in said
    assert "8 environments x 8 steps: trains for 320" in said
    train(experiment(total_timesteps=320), tmp_path / "b")
    assert "total_timesteps" not in capsys.readouterr().err
