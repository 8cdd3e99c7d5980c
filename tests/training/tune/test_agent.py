import json
import os
import signal
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from filelock import FileLock

from hedge_env.base.errors import ConfigError
from hedge_env.training.cli.main import main
from hedge_env.training.experiment.experiment import load_experiment
from hedge_env.training.train import train as train_module
from hedge_env.training.train.validation import Validation
from hedge_env.training.tune import trials as trials_module
from hedge_env.training.tune.agent import search
from hedge_env.training.tune.finalists import Finalist
from hedge_env.training.tune.problem import Problem
from hedge_env.training.tune.search_space import Choices, Range

SMALL = """
preset: reference
env:
  risk_aversion: 10
  episode: {decisions: 6}
  action: {mode: band_edges}
  reward: {name: expected}
train:
  algorithm: ahpg
  total_timesteps: 480
  n_envs: 16
  batch_size: 8
  net_arch: [8]
  n_holdings: 41
  evaluation_paths: 16
  evaluation_frequency: 1_000_000
"""
SPACE = {
    "train.learning_rate": Range(1e-3, 1e-1, log=True),
    "train.batch_size": Choices(("4", "8")),
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


def problem_of(file, space=None, settings=()):
    base = load_experiment(file, settings)
    return Problem(file, tuple(settings), base, SPACE if space is None else space)


def test_trials_and_finalists_are_trained_and_the_best_can_be_trained_again(
    file, tmp_path
):
    out = tmp_path / "found"
    out.mkdir()
    found = search(problem_of(file), out, n_trials=3, n_finalists=1, n_seeds=2)
    assert [trial.number for trial in found.trials] == [0, 1, 2]
    assert found.trials[0].settings == (
        "train.learning_rate=0.01",
        "train.batch_size=8",
    )
    assert all(len(each.scores_bp) == 2 for each in found.finalists)
    best = load_experiment(out / "best.yaml")
    again = problem_of(file).experiment(found.best.settings)
    assert best.train == again.train
    assert best.env_config() == again.env_config()
    document = json.loads((out / "search.json").read_text())
    assert document["best"] == found.best.trial
    assert found.headline() in (out / "best.yaml").read_text()
    # The number that was chosen by is that of the run in the folder.
    run = out / "trials" / f"{found.best.trial:04d}" / "result.json"
    assert (
        json.loads(run.read_text())["best"]["scalars"]["objective_bp"]
        == (found.best.scores_bp[0])
    )


def test_a_search_that_was_interrupted_ends_as_one_that_was_not(
    file, tmp_path, monkeypatch
):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    counts = {"n_trials": 3, "n_finalists": 1, "n_seeds": 2}
    expected = search(problem_of(file), whole, **counts)

    class Sends(train_module.ProgressCallback):
        runs = 0

        def _on_training_start(self):
            Sends.runs += 1
            super()._on_training_start()

        def _on_step(self):
            if Sends.runs in (2, 5) and self.model.num_timesteps == 112:
                os.kill(os.getpid(), signal.SIGINT)
            return super()._on_step()

    monkeypatch.setattr(train_module, "ProgressCallback", Sends)
    assert search(problem_of(file), parts, **counts) is None
    assert not (parts / "best.yaml").exists()
    while (found := search(problem_of(file), parts, **counts)) is None:
        pass
    assert found == expected
    assert Sends.runs > 4


def test_more_trials_go_on_from_those_there_are(file, tmp_path):
    first = search(problem_of(file), tmp_path, n_trials=2, n_finalists=0)
    more = search(problem_of(file), tmp_path, n_trials=3, n_finalists=0)
    assert more.trials[:2] == first.trials
    assert len(more.trials) == 3


def test_another_search_is_not_mixed_in(file, tmp_path):
    search(problem_of(file), tmp_path, n_trials=1, n_finalists=0)
    other = problem_of(file, {"train.batch_size": Choices(("4", "8"))})
    with pytest.raises(ConfigError, match="another experiment or space"):
        search(other, tmp_path, n_trials=1)


@pytest.mark.parametrize("text", ["garbage\n", '{"op_code": 0', "\0" * 50])
def test_a_damaged_journal_is_named(file, tmp_path, text):
    (tmp_path / "study.journal").write_text(text)
    with pytest.raises(ConfigError, match=r"study\.journal: is damaged"):
        search(problem_of(file), tmp_path, n_trials=1)


def test_two_processes_do_not_search_in_one_folder(file, tmp_path):
    with FileLock(tmp_path / ".lock"), pytest.raises(ConfigError, match="another proc"):
        search(problem_of(file), tmp_path, n_trials=1)


def test_settings_that_do_not_go_together_are_refused_and_the_search_goes_on(
    file, tmp_path
):
    space = {"train.net_arch": Choices(("[8]", "[0]"))}
    found = search(problem_of(file, space), tmp_path, n_trials=6, n_finalists=0)
    refused = [trial for trial in found.trials if trial.state == "refused"]
    assert refused
    assert "net_arch" in refused[0].reason
    assert found.best.settings == ("train.net_arch=[8]",)


def test_a_space_in_which_nothing_can_be_trained_is_an_error(
    file, tmp_path, monkeypatch
):
    monkeypatch.setattr(trials_module, "_REFUSED", 3)
    monkeypatch.setattr(Problem, "present", lambda self: {"train.n_holdings": -2})
    space = {"train.n_holdings": Range(-5, -1)}
    with pytest.raises(ConfigError, match="could not be trained, the last because"):
        search(problem_of(file, space), tmp_path, n_trials=9)


@dataclass(frozen=True)
class Fake:
    """A training of which J is known: the farther from .02, the worse."""

    trained: list[float]

    def __call__(self, experiment, _path, *, watch=None, **_options):
        rate = experiment.train.learning_rate
        self.trained.append(rate)
        score = 50.0 + abs(rate - 0.02) * 1000.0
        total = experiment.train.total_timesteps
        for rung in range(1, 6):
            validation = Validation(total * rung // 5, {"objective_bp": score})
            if watch is not None:
                watch(validation)
        return SimpleNamespace(stopped=False, best=validation)


def test_it_finds_a_minimum_and_gives_bad_trials_up(file, tmp_path, monkeypatch):
    fake = Fake([])
    monkeypatch.setattr(trials_module, "train", fake)
    space = {"train.learning_rate": Range(1e-3, 1e-1, log=True)}
    found = search(problem_of(file, space), tmp_path, n_trials=40, n_finalists=2)
    rate = float(found.best.settings[0].partition("=")[2])
    assert abs(rate - 0.02) < 0.002
    states = {trial.state for trial in found.trials}
    assert states == {"complete", "given up"}
    done = [trial for trial in found.trials if trial.state == "complete"]
    given_up = [trial for trial in found.trials if trial.state == "given up"]
    assert len(given_up) > 5
    assert all(trial.score_bp is None for trial in given_up)
    assert min(trial.score_bp for trial in done) == min(found.best.scores_bp)


def test_a_trial_with_the_settings_of_another_is_not_trained_again(
    file, tmp_path, monkeypatch
):
    fake = Fake([])
    monkeypatch.setattr(trials_module, "train", fake)
    space = {"train.learning_rate": Choices(("0.01", "0.02", "0.08"))}
    found = search(problem_of(file, space), tmp_path, n_trials=12, n_finalists=3)
    assert len(found.trials) == 12
    first = {}
    for trial in found.trials:
        twin = first.setdefault(trial.settings, trial)
        assert trial.same_as == (None if twin is trial else twin.number)
        assert (trial.score_bp, trial.state) == (twin.score_bp, twin.state)
    # Each once, and every finalist with two further seeds.
    assert len(fake.trained) == len(first) + 2 * len(found.finalists)
    assert len({each.settings for each in found.finalists}) == len(found.finalists)
    document = json.loads((tmp_path / "search.json").read_text())
    assert [t["same_as"] for t in document["trials"]] == [
        t.same_as for t in found.trials
    ]


def test_settings_that_were_refused_are_refused_again_for_the_same_reason(
    file, tmp_path
):
    space = {"train.net_arch": Choices(("[8]", "[0]"))}
    found = search(problem_of(file, space), tmp_path, n_trials=8, n_finalists=0)
    refused = [trial for trial in found.trials if trial.state == "refused"]
    again = [trial for trial in refused if trial.same_as is not None]
    assert again
    assert all(trial.reason == refused[0].reason for trial in again)
    assert {trial.same_as for trial in again} == {refused[0].number}


def test_a_search_in_parts_takes_the_same_results_again(file, tmp_path, monkeypatch):
    monkeypatch.setattr(trials_module, "train", Fake([]))
    space = {"train.learning_rate": Choices(("0.01", "0.02", "0.08"))}
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    counts = {"n_finalists": 2, "n_seeds": 1}
    expected = search(problem_of(file, space), whole, n_trials=9, **counts)
    for n_trials in range(1, 10):
        found = search(problem_of(file, space), parts, n_trials=n_trials, **counts)
    assert found == expected
    assert any(trial.same_as is not None for trial in found.trials)


def test_gains_are_paired_by_seed():
    one = Finalist(0, (), (10.0, 20.0, 30.0))
    other = Finalist(4, (), (9.0, 18.0, 30.0))
    gain, error = other.gain_over(one)
    assert gain == pytest.approx(1.0)
    assert error == pytest.approx(1.0 / 3**0.5)
    assert Finalist(0, (), (1.0,)).gain_over(Finalist(1, (), (3.0,))) == (2.0, None)


def test_the_help_says_which_paths_judge_a_trial(capsys):
    with pytest.raises(SystemExit):
        main(["tune", "--help"])
    assert "train.evaluation_paths" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "needs --out DIR"),
        (("--out", "x", "--preset", "deribit"), "--preset is of rules"),
        (("--out", "x", "--risk-aversion", "3"), "--risk-aversion is of rules"),
        (("--out", "x", "--validation-episodes", "9"), "or train.evaluation_paths=2"),
        (("--out", "x", "--space", "missing.yaml"), "missing.yaml"),
    ],
)
def test_the_command_says_what_is_wrong(file, arguments, said, capsys, monkeypatch):
    monkeypatch.chdir(file.parent)
    assert main(["tune", "--agent", str(file), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (file.parent / "x").exists()


def test_what_cannot_be_trained_is_refused_before_any_trial(file, capsys, tmp_path):
    file.write_text(SMALL.replace("name: expected", "name: kolm_ritter"))
    out = tmp_path / "x"
    assert main(["tune", "--agent", str(file), "--out", str(out)]) == 2
    assert "train.algorithm ahpg learns from" in capsys.readouterr().err
    assert not out.exists()


def test_the_command_prints_what_it_found(file, tmp_path, capsys):
    space = tmp_path / "space.yaml"
    space.write_text("train.learning_rate: [0.01, 0.02]")
    out = tmp_path / "found"
    command = ["tune", "--agent", str(file), "--space", str(space), "--out", str(out)]
    counts = ["--trials", "2", "--finalists", "1", "--training-seeds", "2"]
    assert main([*command, *counts, "--no-progress"]) == 0
    text = capsys.readouterr().out
    assert "train.learning_rate=0.01" in text
    assert "2 trials of small, 2 seed(s) of the best" in text
    assert main([*command, *counts, "--no-progress", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["trials"]) == 2
