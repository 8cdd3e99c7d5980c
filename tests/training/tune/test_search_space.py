import json

import numpy as np
import optuna
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.training.experiment.experiment import load_experiment
from hedge_env.training.experiment.hyperparameters import ALGORITHMS
from hedge_env.training.tune.problem import Problem
from hedge_env.training.tune.search_space import (
    Choices,
    Range,
    default_space,
    read_space,
)
from tests.support.checkout import ROOT


def written(tmp_path, text):
    path = tmp_path / "space.yaml"
    path.write_text(text)
    return path


def test_a_file_holds_ranges_and_choices(tmp_path):
    text = (
        "train.learning_rate: {low: 1e-3, high: 0.1, log: true}\n"
        "train.n_epochs: {low: 1, high: 4}\n"
        "train.net_arch: [[64, 64], [32]]\n"
    )
    assert read_space(written(tmp_path, text)) == {
        "train.learning_rate": Range(1e-3, 0.1, log=True),
        "train.n_epochs": Range(1, 4),
        "train.net_arch": Choices(("[64, 64]", "[32]")),
    }


def test_values_are_in_the_range_whole_where_both_ends_are_and_short(tmp_path):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))
    for _ in range(50):
        trial = study.ask()
        whole = Range(1, 4).suggest(trial, "whole")
        assert isinstance(whole, int)
        assert 1 <= whole <= 4
        rate = Range(1e-4, 1e-1, log=True).suggest(trial, "rate")
        assert 1e-4 <= rate <= 1e-1
        assert len(f"{rate:.10g}".replace("0", "").replace(".", "")) <= 7
        assert Choices(("[1, 2]", '"relu"')).suggest(trial, "c") in ([1, 2], "relu")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing to search"),
        ("a: 3", "a must be a list of two or more choices, or a range"),
        ("a: [3]", "a must be a list"),
        ("a: [3, 3]", "a has a choice twice"),
        ("a: {low: 1}", "a must be a list"),
        ("a: {low: 1, high: 2, step: 1}", "a.step is unknown"),
        ("a: {low: 2, high: 1}", "low < high"),
        ("a: {low: 1, high: .inf}", "low < high"),
        ("a: {low: x, high: 2}", "low < high"),
        ("a: {low: 1, high: 2, log: 7}", "log true or false"),
        ("a: {low: 0, high: 2, log: true}", "a.low must be above 0"),
    ],
)
def test_what_is_neither_is_refused_with_its_key(tmp_path, text, said):
    with pytest.raises(ConfigError, match=said):
        read_space(written(tmp_path, text))


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_algorithm_has_a_space_of_settings_that_it_knows(algorithm):
    known = ALGORITHMS[algorithm].model_fields
    space = default_space(algorithm)
    assert len(space) >= 5
    for key in space:
        if key.startswith("train."):
            assert key.removeprefix("train.") in known


def test_the_present_settings_are_the_first_trial():
    path = ROOT / "configs" / "ahpg.yaml"
    base = load_experiment(path, ["train.batch_size=32"])
    problem = Problem(path, (), base, default_space("ahpg"))
    present = problem.present()
    assert present["train.batch_size"] == "32"
    assert present["train.net_arch"] == json.dumps([64, 64])
    assert present["action.log_width_range"] == pytest.approx(1.5)
    assert present.keys() == problem.space.keys()


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({"train.learning_rate": Range(1e-6, 2e-6)}, "is 0.01 in .*to search; add it"),
        ({"risk_aversion.low": Range(1, 2)}, "of different problems"),
        ({"execution.fee_bp": Range(1, 9)}, "of different problems"),
        ({"train.total_timesteps": Range(100, 900)}, "of different problems"),
        ({"seed": Range(0, 9)}, "of different problems"),
        (
            {
                "action.log_width_range": Range(1.0, 2.0),
                "env.action.log_width_range": Range(1.0, 2.0),
            },
            "is there twice",
        ),
    ],
)
def test_what_makes_another_problem_of_it_is_not_searched(space, said):
    path = ROOT / "configs" / "ahpg.yaml"
    problem = Problem(path, (), load_experiment(path), space)
    with pytest.raises(ConfigError, match=said):
        problem.present()


def test_the_example_of_an_agent_that_remembers_can_be_searched():
    path = ROOT / "configs" / "recurrent-ppo.yaml"
    space = default_space("recurrent_ppo")
    present = Problem(path, (), load_experiment(path), space).present()
    assert present.keys() == space.keys()
    assert present["train.lstm_hidden_size"] == "32"


def test_a_setting_that_does_not_exist_is_named():
    path = ROOT / "configs" / "ahpg.yaml"
    problem = Problem(path, (), load_experiment(path), {"train.nonsense": Range(1, 2)})
    with pytest.raises(ConfigError, match=r"train\.nonsense is no setting of"):
        problem.present()


def test_another_space_is_another_problem():
    path = ROOT / "configs" / "ahpg.yaml"
    base = load_experiment(path)
    one, other = ({"train.n_epochs": Range(1, high)} for high in (2, 3))
    assert (
        Problem(path, (), base, one).digest() != Problem(path, (), base, other).digest()
    )


def test_numbers_of_numpy_are_not_taken_for_choices():
    assert Choices(("1", "2")).encoded(np.int64(1).item()) == "1"
    assert Range(0, 1).encoded(True) is None
