import errno
import json
import os
import signal
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from hedge_env.agent import balance, reward_params
from hedge_env.base.errors import ConfigError, HedgeError
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.evaluation.metrics import summarise
from hedge_env.feeds.tape import record_tape
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.experiment.experiment import ExperimentConfig
from hedge_env.training.train import train as train_module
from hedge_env.training.train.run_folder import RunFolderError
from hedge_env.training.train.train import TrainingError, train

PPO = {
    "algorithm": "ppo",
    "total_timesteps": 320,  # 5 rollouts of 8 environments and 8 steps
    "n_envs": 8,
    "n_steps": 8,
    "batch_size": 32,
    "n_epochs": 2,
    "envs_per_path": 4,
    "net_arch": (8,),
    "evaluation_frequency": 128,
    "evaluation_paths": 16,
    "checkpoint_frequency": 128,
}
MODES = {
    "ahpg": "band_edges",
    "deep_hedging": "band_edges",
    "dqn": "discrete",
}  # else the default
LEARNED_NOISE = {"log_std_start": None, "log_std_end": None}
OFF_POLICY = {
    "total_timesteps": 240,
    "n_envs": 8,
    "net_arch": (8,),
    "buffer_size": 160,  # 20 steps: it wraps around
    "learning_starts": 40,
    "batch_size": 16,
    "evaluation_frequency": 80,
    "evaluation_paths": 16,
    "checkpoint_frequency": 80,
}
ALGORITHMS = {
    "ppo": PPO,
    "ppo-sde": {**PPO, "use_sde": True},
    "ppo-learned-sde": {**PPO, "use_sde": True, **LEARNED_NOISE},
    "a2c": {**PPO, "algorithm": "a2c"},
    "sac": {**OFF_POLICY, "algorithm": "sac"},
    "td3": {**OFF_POLICY, "algorithm": "td3"},
    "dqn": {**OFF_POLICY, "algorithm": "dqn", "target_update_interval": 24},
    "ahpg": {
        "algorithm": "ahpg",
        "total_timesteps": 320,  # 4 rollouts of 8 environments and 12 decisions: 384
        "n_envs": 8,
        "net_arch": (8,),
        "n_holdings": 41,
        "evaluation_frequency": 128,
        "evaluation_paths": 16,
        "checkpoint_frequency": 128,
    },
    "deep_hedging": {
        "algorithm": "deep_hedging",
        "total_timesteps": 320,
        "n_envs": 8,
        "batch_size": 4,
        "net_arch": (8,),
        "evaluation_frequency": 128,
        "evaluation_paths": 16,
        "checkpoint_frequency": 128,
    },
}
CONTRIB = {
    "trpo": {**PPO, "algorithm": "trpo", "n_critic_updates": 2},
    "trpo-learned": {**PPO, "algorithm": "trpo", **LEARNED_NOISE},
    "tqc": {**OFF_POLICY, "algorithm": "tqc", "n_quantiles": 5},
    "crossq": {**OFF_POLICY, "algorithm": "crossq", "renorm_warmup_steps": 10},
}
ALGORITHMS |= CONTRIB
for name in ("a2c", "trpo", "trpo-learned"):
    del ALGORITHMS[name]["n_epochs"]
NAMED = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name in CONTRIB and find_spec("sb3_contrib") is None,
            reason="sb3-contrib is not installed",
        ),
    )
    for name in ALGORITHMS
]


def experiment(name="ppo", seed=0, reward="objective", env=None, **changes):
    return ExperimentConfig.model_validate(
        {
            "seed": seed,
            "env": {
                "episode": {"decisions": 12},  # no multiple of n_steps
                "reward": {"name": reward},
                **({"action": {"mode": MODES[name]}} if name in MODES else {}),
                **({} if env is None else env),
            },
            "train": {**ALGORITHMS[name], **changes},
        }
    )


def weights(folder):
    return {
        name: array
        for path in (folder.policy, folder.last_policy)
        for name, array in zip(
            (f"{path.name}.{i}" for i in range(100)),
            (a for layer in load_policy(path)._layers for a in layer),
            strict=False,
        )
    }


def assert_same_weights(one, two):
    a, b = weights(one), weights(two)
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.fixture
def stop_at(monkeypatch):
    """Makes the next run stop while it takes that timestep."""
    original = train_module.ProgressCallback

    def arm(timesteps):
        def both(advance, validation):
            class Both(original):
                def _on_step(self):
                    if self.model.num_timesteps == timesteps:
                        os.kill(os.getpid(), signal.SIGINT)
                    return super()._on_step()

            return Both(advance, validation)

        monkeypatch.setattr(train_module, "ProgressCallback", both)

    yield arm
    monkeypatch.undo()


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


FRONTIER = {
    "risk_aversion": [2, 50],
    "reward": {"name": "expected", "balanced": True},
}


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
