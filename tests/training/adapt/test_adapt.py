"""`hedge adapt`: what is trained, kept, measured and refused."""

import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.config.loading import load_config
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.adapt import runs as adapt_runs
from hedge_env.training.adapt.starts import find_starts
from hedge_env.training.cli.main import main
from hedge_env.training.compare import compare
from hedge_env.training.experiment.experiment import load_experiment
from hedge_env.training.train import train as training
from tests.training.helpers.saved_policy import save_random_policy

DAY = "episode.decisions=6"
EXPERIMENT = """
preset: reference
env:
  risk_aversion: [2, 50]
  action: {mode: band_edges}
  reward: {name: expected}
train:
  algorithm: ahpg
  total_timesteps: 288
  n_envs: 16
  batch_size: 4
  net_arch: [4]
  learning_rate: 3.0e-2
  n_holdings: 21
  evaluation_frequency: 1_000_000
  evaluation_paths: 16
  checkpoint_frequency: 1_000_000
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with an experiment and runs of two seeds of it."""
    folder = tmp_path_factory.mktemp("adapt")
    (folder / "small.yaml").write_text(EXPERIMENT)
    for seed in (0, 1):
        experiment = load_experiment(
            folder / "small.yaml", ["preset=ethereum-l1", DAY], seed=seed
        )
        training.train(experiment, folder / f"run-{seed}")
    return folder


def command(place, out, *more, runs=("run-0", "run-1")):
    given = {
        "--agent": place / "small.yaml",
        "--presets": "ethereum-l1,ethereum-l2",
        "--updates": "0,3",
        "--rules": "delta-threshold,gas-band",
        "--episodes": 60,
        "--validation-episodes": 40,
        "--out": out,
    }
    changed = dict(zip(more[::2], more[1::2], strict=True))
    options = {**given, "--set": DAY, **changed}
    words = [place / run for run in runs]
    words += [word for pair in options.items() for word in pair]
    return ["adapt", *map(str, words), "--no-progress", "--json"]


def hedge(capsys, words):
    capsys.readouterr()
    code = main(words)
    printed = capsys.readouterr()
    return SimpleNamespace(code=code, out=printed.out, error=printed.err)


@pytest.fixture(scope="module")
def finished(place) -> Path:
    """The folder of a finished command."""
    assert main(command(place, place / "out")) == 0
    return place / "out"


def points_of(document):
    return {
        (point["market"], point["start"], point["updates"]): point
        for market in document["markets"]
        for point in market["points"]
    }


def test_each_market_has_both_curves_against_its_strongest_rule(finished):
    document = json.loads((finished / "adaptation.json").read_text())
    points = points_of(document)
    markets = ("ethereum-l1", "ethereum-l2")
    both = ("adapted", "new")
    assert set(points) == {(m, s, n) for m in markets for s in both for n in (0, 3)}
    rules = {market["market"]: market["rules"][0] for market in document["markets"]}
    for point in points.values():
        rule = rules[point["market"]]
        assert rule["policy"] in ("delta-threshold", "gas-band")
        assert point["gap_bp"] == pytest.approx(
            point["objective_bp"] - rule["objective_bp"], abs=1e-6
        )
        assert point["gap_bp"] == pytest.approx(
            point["avoidable_bp"] - rule["avoidable_bp"], abs=1e-6
        )
        share = 100.0 * point["gap_bp"] / rule["avoidable_bp"]
        assert point["gap_percent"] == pytest.approx(share)
        assert np.mean(point["seeds_bp"]) == pytest.approx(point["gap_bp"])
        assert len(point["seeds_bp"]) == 2
    assert (finished / "adaptation.png").read_bytes().startswith(b"\x89PNG")
    lines = (finished / "adaptation.csv").read_text().splitlines()
    assert len(lines) == 9


def test_no_update_at_home_is_the_policy_itself(place, finished):
    points = points_of(json.loads((finished / "adaptation.json").read_text()))
    config = load_config("ethereum-l1", settings=[DAY])
    summary = compare(
        config,
        ["delta-threshold", "gas-band", str(place / "run-0"), str(place / "run-1")],
        (10.0,),
        n_episodes=60,
        validation_episodes=40,
    ).summary
    (row,) = (row for row in summary.policies if row.kind == "agent")
    point = points["ethereum-l1", "adapted", 0]
    assert point["objective_bp"] == pytest.approx(row.estimate[0], rel=1e-4)
    assert point["gap_bp"] == pytest.approx(row.gap.bp, abs=2e-3)


def test_a_point_is_a_training_of_its_own_from_the_policys_weights(
    place, finished, tmp_path
):
    experiment = load_experiment(
        place / "small.yaml",
        ["preset=ethereum-l2", DAY],
        seed=1,
        total_timesteps=3 * 16 * 6,
    )
    for name, start in (("adapted", place / "run-1"), ("new", None)):
        run = training.train(experiment, tmp_path / name, start=start).folder
        found = load_policy(
            finished / "ethereum-l2" / f"{name}-3" / "seed-1/policy_last.safetensors"
        )
        own = load_policy(run.last_policy)
        for (weight, bias), (other, another) in zip(
            found.layers, own.layers, strict=True
        ):
            assert np.array_equal(weight, other)
            assert np.array_equal(bias, another)
    first, last = (
        load_policy(finished / f"ethereum-l2/new-{n}/seed-1/policy_last.safetensors")
        for n in (0, 3)
    )
    assert not np.allclose(first.layers[0][0], last.layers[0][0])


def test_kept_work_is_not_done_again_and_more_is_added(
    place, finished, capsys, monkeypatch
):
    before = (finished / "adaptation.json").read_text()
    with monkeypatch.context() as patched:
        patched.setattr(adapt_runs, "train", pytest.fail)
        again = hedge(capsys, command(place, finished))
        assert json.loads(again.out) == json.loads(before)
        (finished / "ethereum-l2" / "market.json").unlink()
        again = hedge(capsys, command(place, finished))
        assert json.loads(again.out) == json.loads(before)
    trained = []

    def train(experiment, *rest, **options):
        trained.append((experiment.name, experiment.seed))
        return training.train(experiment, *rest, **options)

    monkeypatch.setattr(adapt_runs, "train", train)
    options = ("--updates", "1,0,3", "--presets", "ethereum-l2")
    more = hedge(capsys, command(place, finished, *options))
    assert trained == [(f"{s}-1", n) for n in (0, 1) for s in ("adapted", "new")]
    found, old = points_of(json.loads(more.out)), points_of(json.loads(before))
    for key, point in found.items():
        if key in old:
            assert point["gap_bp"] == pytest.approx(old[key]["gap_bp"], abs=1e-6)
    assert hedge(capsys, command(place, finished)).code == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--episodes", "70"), "episodes 60"),
        (("--risk-aversion", "5,10"), "risk-aversion 10.0"),
        (("--rules", "gas-band"), "rules delta-threshold,gas-band"),
        (("--set", "episode.decisions=7"), f"set {DAY}"),
        (("--seed", "3"), "seed 0"),
    ],
)
def test_kept_work_of_other_settings_is_refused(place, finished, capsys, change, words):
    found = hedge(capsys, command(place, finished, *change))
    assert found.code == 2
    assert f"keeps work of other settings, {words}; give the same" in found.error


def test_further_seeds_are_added_to_those_there_are(
    place, finished, tmp_path, capsys, monkeypatch
):
    options = ("--presets", "ethereum-l2", "--updates", "3")
    out = tmp_path / "out"
    first = hedge(capsys, command(place, out, *options, runs=("run-0",)))
    ((point, _),) = [market["points"] for market in json.loads(first.out)["markets"]]
    trained = []

    def train(experiment, *rest, **options):
        trained.append((experiment.name, experiment.seed))
        return training.train(experiment, *rest, **options)

    monkeypatch.setattr(adapt_runs, "train", train)
    both = hedge(capsys, command(place, out, *options))
    assert trained == [("adapted-3", 1), ("new-3", 1)]
    own = points_of(json.loads((finished / "adaptation.json").read_text()))
    found = points_of(json.loads(both.out))["ethereum-l2", "adapted", 3]
    assert found["seeds_bp"] == pytest.approx(
        own["ethereum-l2", "adapted", 3]["seeds_bp"], abs=1e-6
    )
    assert point["seeds_bp"] == pytest.approx(found["seeds_bp"][:1], abs=1e-6)
    assert hedge(capsys, command(place, out, *options, runs=("run-0",))).code == 0
    assert len(trained) == 2


def test_other_policies_and_a_damaged_file_are_refused_too(place, finished, capsys):
    found = hedge(capsys, command(place, finished, runs=("run-1", "run-0")))
    assert "keeps work of other settings, from other policies" in found.error
    path = finished / "settings.json"
    text = path.read_text()
    path.write_text(text[:40])
    found = hedge(capsys, command(place, finished))
    path.write_text(text)
    assert found.code == 2
    assert "settings.json: is damaged" in found.error


def test_an_interrupted_command_goes_on_to_the_same(
    place, finished, tmp_path, capsys, monkeypatch
):
    class Sends(training.ProgressCallback):
        runs = 0

        def _on_training_start(self):
            Sends.runs += 1
            super()._on_training_start()

        def _on_step(self):
            if Sends.runs == 3 and self.model.num_timesteps == 112:
                os.kill(os.getpid(), signal.SIGINT)
            return super()._on_step()

    monkeypatch.setattr(training, "ProgressCallback", Sends)
    words = command(place, tmp_path / "parts", "--presets", "ethereum-l2")
    stopped = hedge(capsys, words)
    assert stopped.code == 130
    assert "stopped and saved; the same command goes on" in stopped.error
    found = hedge(capsys, words)
    assert found.code == 0
    assert Sends.runs == 5  # four, of which one in two parts
    whole = json.loads((finished / "adaptation.json").read_text())
    own, parts = points_of(whole), points_of(json.loads(found.out))
    assert parts == {key: own[key] for key in parts}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--risk-aversion", "60"), "was trained for 2 to 50; measure it there"),
        (("--updates", "-1"), "-1 is below 0"),
        (("--episodes", "1"), "--episodes 1: an error needs"),
        (("--agent", "ethereum-l1"), "ppo cannot go on from a policy file"),
        (("--rules", "delta-treshold"), "did you mean delta-threshold"),
        (("--presets", "cascade"), "cascade: "),
        (("--set", "replay.spot=x.csv"), "replay"),
        (("--presets", "ethereum-l3"), "ethereum-l3"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is_trained(
    place, tmp_path, capsys, monkeypatch, change, words
):
    monkeypatch.setattr(adapt_runs, "train", pytest.fail)
    capsys.readouterr()
    try:
        code = main(command(place, tmp_path / "out", *change))
    except SystemExit as stop:
        code = int(stop.code or 0)
    assert code == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_policies_that_cannot_go_on_are_refused(place, tmp_path, capsys):
    other = tmp_path / "other.yaml"
    other.write_text(EXPERIMENT.replace("3.0e-2", "1.0e-2"))
    experiment = load_experiment(other, ["preset=ethereum-l1", DAY])
    training.train(experiment, tmp_path / "run")
    ppo = save_random_policy(tmp_path / "ppo.safetensors")
    wide = tmp_path / "wide.yaml"
    wide.write_text(EXPERIMENT.replace("[4]", "[5]"))
    out = tmp_path / "out"
    cases = (
        ((ppo,), (), "was trained by ppo"),
        (("run-0", tmp_path / "run"), (), "is of another experiment than"),
        (("run-2",), (), "there is no policy file"),
        ((), (), "needs a policy file or run folder"),
        (("run-0",), ("--agent", wide), "in ethereum-l1: ahpg has other layers"),
        (("run-0",), ("--rules", place / "run-1"), "is a saved policy and no rule"),
    )
    for runs, change, words in cases:
        found = hedge(capsys, command(place, out, *change, runs=runs))
        assert found.code == 2
        assert words in found.error
    assert not out.exists()


def test_a_copy_or_another_way_to_a_policy_is_no_further_seed(
    place, tmp_path, monkeypatch, capsys
):
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes((place / "run-0" / "policy.safetensors").read_bytes())
    monkeypatch.chdir(place)
    entries = ["run-0", str(place / "run-0"), str(copy), "run-1"]
    found = find_starts(entries, [10.0])
    names = [start.path for start in found]
    assert names == [Path(run, "policy.safetensors") for run in ("run-0", "run-1")]
    error = capsys.readouterr().err
    assert f"{copy} is the same policy as run-0/policy.safetensors: left out" in error


@pytest.mark.parametrize(("entry", "shown"), [("nothing", "nothing"), (" ", "' '")])
def test_a_policy_that_is_not_there_is_named_plainly(entry, shown):
    with pytest.raises(ConfigError) as raised:
        find_starts([entry], [10.0])
    assert str(raised.value) == f"there is no policy file {shown}"
