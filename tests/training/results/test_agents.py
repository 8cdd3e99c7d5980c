import json
import shutil

import pytest
import yaml

from hedge_env.policies.policy_file import load_policy, save_policy
from hedge_env.training.experiment.experiment import load_experiment
from hedge_env.training.results.agents import find_agents, identity_notes
from hedge_env.training.train.train import train
from tests.support.checkout import ROOT
from tests.training.helpers.saved_policy import save_random_policy
from tests.training.train.runs import experiment as small_experiment

TAKEN = ("delta", "optimal")


CONFIG = ROOT / "configs" / "reference.yaml"


def experiment(seed, settings=()):
    """The experiment of configs/reference.yaml at one risk aversion, one seed of it."""
    return load_experiment(CONFIG, ("risk_aversion=10", *settings), seed=seed)


def save_run(folder, run, *, notes=False, config=True, weights_seed=None):
    """A run folder as `hedge train` leaves it."""
    path = save_random_policy(folder / "policy.safetensors")
    policy = load_policy(path)
    metadata = policy.metadata.model_copy(
        update={
            "config": run.env_config(),
            "notes": identity_notes(run) if notes else {},
        }
    )
    scale = 1.0 + 0.01 * (run.seed if weights_seed is None else weights_seed)
    save_policy(path, [(scale * w, b) for w, b in policy._layers], metadata)
    if config:
        (folder / "config.yaml").write_text(yaml.safe_dump(run.resolved()))
    return path


def found(*paths):
    return find_agents(paths, TAKEN)


def started_run(folder, seed, first):
    """A run that began with the weights of a policy, if one is named."""
    saved = save_run(folder, experiment(seed))
    if first is not None:
        shutil.copy(first, folder / "start.safetensors")
    return saved


def test_where_a_run_started_makes_it_another_experiment(tmp_path):
    other = ("execution.fee_bp=9",)
    firsts = [
        save_run(tmp_path / f"first_{seed}", experiment(seed, other), notes=True)
        for seed in (0, 1)
    ]
    cold = [started_run(tmp_path / f"cold_{seed}", seed, None) for seed in (0, 1)]
    warm = [
        started_run(tmp_path / f"warm_{seed}", seed, first)
        for seed, first in enumerate(firsts)
    ]
    agents = found(*cold, *warm)
    assert agents[0].experiment == agents[1].experiment
    assert agents[2].experiment == agents[3].experiment != agents[0].experiment
    assert agents[0].entry == agents[1].entry
    assert agents[2].entry == agents[3].entry != agents[0].entry
    notes = identity_notes(experiment(1), tmp_path / "warm_1" / "start.safetensors")
    assert notes["experiment"] == agents[3].experiment
    assert identity_notes(experiment(1))["experiment"] == agents[1].experiment


def test_an_agent_is_called_like_its_run(tmp_path):
    saved = save_run(tmp_path / "runs" / "reference_3", experiment(5))
    (agent,) = found(saved)
    assert (agent.name, agent.entry, agent.seed) == ("reference_3",) * 2 + (5,)
    copy = tmp_path / "mine.safetensors"
    shutil.copy(saved, copy)
    assert found(copy)[0].name == "mine"


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path):
    paths = [
        save_random_policy(tmp_path / folder / "run" / "policy.safetensors")
        for folder in ("a", "b")
    ]
    assert [agent.name for agent in found(*paths)] == ["a/run", "b/run"]


def test_no_agent_takes_the_name_of_a_rule(tmp_path):
    (agent,) = found(save_random_policy(tmp_path / "x" / "delta", name="delta"))
    assert agent.name == "delta/delta"


@pytest.mark.parametrize("kept", ["config", "notes"])
def test_seeds_of_one_experiment_are_one_entry(tmp_path, kept):
    paths = [
        save_run(
            tmp_path / f"reference_{seed}",
            experiment(seed),
            notes=kept == "notes",
            config=kept == "config",
        )
        for seed in (0, 1, 2)
    ]
    agents = found(*paths)
    assert [agent.name for agent in agents] == [f"reference_{n}" for n in range(3)]
    assert {agent.entry for agent in agents} == {"reference"}
    assert [agent.seed for agent in agents] == [0, 1, 2]


def test_another_setting_is_another_experiment(tmp_path):
    runs = [
        experiment(0),
        experiment(1),
        experiment(2, ("train.n_epochs=3",)),
        experiment(3, ("execution.fee_bp=3",)),
    ]
    paths = [save_run(tmp_path / f"r_{run.seed}", run) for run in runs]
    entries = [agent.entry for agent in found(*paths)]
    assert entries == ["reference", "reference", "r_2", "r_3"]


def test_the_same_policy_twice_is_no_second_seed(tmp_path, capsys):
    saved = save_run(tmp_path / "r_0", experiment(0))
    shutil.copytree(tmp_path / "r_0", tmp_path / "copy")
    agents = found(saved, tmp_path / "copy" / "policy.safetensors")
    assert len(agents) == 1
    assert "same policy" in capsys.readouterr().err


def test_a_seed_trained_twice_with_other_weights_stays_apart(tmp_path):
    one, two = (
        save_run(tmp_path / name, experiment(0), weights_seed=number)
        for number, name in enumerate(("a", "b"))
    )
    assert [agent.entry for agent in found(one, two)] == ["a", "b"]


def test_the_config_of_another_run_beside_a_policy_says_nothing_about_it(tmp_path):
    saved = save_run(tmp_path / "r", experiment(0))
    other = experiment(7, ("execution.fee_bp=9",))
    (tmp_path / "r" / "config.yaml").write_text(yaml.safe_dump(other.resolved()))
    (agent,) = found(saved)
    assert (agent.experiment, agent.seed) == (None, None)


@pytest.mark.parametrize("text", ["", "a: [", json.dumps({"seed": -1})])
def test_a_damaged_config_beside_a_policy_is_not_recorded(tmp_path, text):
    saved = save_random_policy(tmp_path / "r" / "policy.safetensors")
    (tmp_path / "r" / "config.yaml").write_text(text)
    (agent,) = found(saved)
    assert (agent.name, agent.experiment, agent.seed) == ("r", None, None)


@pytest.mark.slow
def test_trained_seeds_know_each_other_in_their_folders_and_out_of_them(tmp_path):
    folders = [tmp_path / f"small_{seed}" for seed in (0, 1)]
    for seed, folder in enumerate(folders):
        train(small_experiment(seed=seed), folder)
    paths = [folder / "policy.safetensors" for folder in folders]
    for number, path in enumerate(paths):
        shutil.copy(path, tmp_path / f"copy-{number}.safetensors")
    copies = [tmp_path / f"copy-{number}.safetensors" for number in range(2)]
    for entries in (paths, copies):
        agents = found(*entries)
        assert [agent.seed for agent in agents] == [0, 1]
        assert len({agent.entry for agent in agents}) == 1
        assert agents[0].entry != agents[0].name
    last = found(paths[0], folders[1] / "policy_last.safetensors")
    assert [agent.name for agent in last] == ["small_0", "small_1-last"]
    assert last[0].entry != last[1].entry  # the best of one, the last of another


def test_two_experiments_of_one_name_are_told_apart_by_digest(tmp_path):
    """As the folder of a study keeps them, which calls a folder by the digest."""
    paths = []
    for settings in ((), ("train.n_epochs=3",)):
        for seed in (0, 1):
            run = experiment(seed, settings)
            digest = identity_notes(run)["experiment"]
            paths.append(save_run(tmp_path / digest[:12] / f"same-{seed}", run))
    agents = found(*paths)
    names = [f"reference ({agent.experiment[:8]})" for agent in agents]
    assert [agent.entry for agent in agents] == names
    assert len(set(names)) == 2
    alone = found(*paths[:2])
    assert {agent.entry for agent in alone} == {"reference"}
