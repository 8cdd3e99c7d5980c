import contextlib
import io
import json
from types import SimpleNamespace

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.base.json_file import digest_of
from hedge_env.baselines import BASELINES
from hedge_env.baselines.tuning.tune import tune
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.feeds.tape import record_tape
from hedge_env.training.cli.main import main
from hedge_env.training.compare import compare
from hedge_env.training.results import tuned_rules
from hedge_env.training.results.contenders import Rule
from hedge_env.training.results.tuned_file import (
    TUNED_FILE,
    TunedEntry,
    new_file,
    read_tuned,
    rules_of,
)
from hedge_env.training.tune.rules import tune_to_file

SHORT = "episode.decisions=6"
ARGUMENTS = ("--preset", "reference", "--set", SHORT, "--no-progress")
COUNT = ("--episodes", "60", "--validation-episodes", "60")
PATHS = {"n_episodes": 60, "validation_episodes": 60}
NAMES = ("delta-threshold", "time-based")


def run(*arguments):
    """Exit code, standard output and standard error of one command."""
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        code = main([*arguments, *ARGUMENTS])
    return SimpleNamespace(code=code, out=out.getvalue(), error=error.getvalue())


def short(**changes):
    settings = [SHORT, *(f"{key}={value}" for key, value in changes.items())]
    return load_config("reference", settings=settings)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tune") / "new"
    command = ("tune", "--policies", ",".join(NAMES), "--risk-aversion", "2,10", *COUNT)
    result = run(*command, "--json", "--out", str(folder))
    return SimpleNamespace(**vars(result), path=folder / TUNED_FILE)


def test_the_file_is_what_is_printed_and_says_where_it_is_from(made):
    assert made.code == 0
    assert made.out == made.path.read_text()
    document = json.loads(made.out)
    assert document["preset"] == "reference"
    assert document["config"]["episode"]["decisions"] == 6
    assert (document["criterion"], document["seed"]) == ("objective", 0)
    assert (document["stream"], document["n_paths"]) == ("validation", 60)
    assert document["version"]
    assert document["date"].endswith("+00:00")
    keys = [(e["policy"], e["risk_aversion"]) for e in document["entries"]]
    assert keys == [(name, level) for level in (2.0, 10.0) for name in NAMES]


def test_an_entry_is_what_tuning_finds(made):
    config = short()
    tape = record_tape(config, np.arange(60), seed=0, stream="validation")
    known = rules_of(made.path, read_tuned(made.path), config, "objective")
    for (name, level), rule in known.items():
        assert rule == tune(BASELINES[name], config, level, tape)


def test_a_comparison_uses_the_file_and_tunes_nothing(made, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("tuned again")

    config = short()
    options = {"n_episodes": 50, "validation_episodes": 60}
    tuned = compare(config, NAMES, (2.0, 10.0), **options)
    monkeypatch.setattr(tuned_rules, "tune", refuse)
    known = compare(config, NAMES, (2.0, 10.0), n_episodes=50, tuned_file=made.path)
    assert known.summary == tuned.summary


def test_what_the_file_lacks_is_tuned(made, capsys):
    names = ("delta-threshold", "volatility-band")
    known = compare(short(), names, (10.0,), n_episodes=50, tuned_file=made.path)
    assert {row.name for row in known.summary.policies} == set(names)
    assert "lacks volatility-band at 10: tuned now" in capsys.readouterr().err


def test_the_command_line_passes_the_file_on(made):
    result = run(
        *("compare", "--policies", "time-based", "--risk-aversion", "2", *COUNT),
        *("--tuned", str(made.path), "--json"),
    )
    assert result.code == 0
    (row,) = json.loads(result.out)["policies"]
    (entry,) = (
        e
        for e in json.loads(made.out)["entries"]
        if (e["policy"], e["risk_aversion"]) == ("time-based", 2.0)
    )
    assert row["params"] == entry["params"]


@pytest.mark.parametrize(
    ("config", "criterion", "words"),
    [
        (short(**{"execution.fee_bp": 6}), "objective", r"execution\.fee_bp"),
        (short(**{"market.volatility.level": 0.7}), "objective", "another config"),
        (short(), "cvar:95", "--criterion objective, not cvar:95"),
    ],
)
def test_parameters_of_another_problem_are_refused(made, config, criterion, words):
    file = read_tuned(made.path)
    with pytest.raises(ConfigError, match=words):
        rules_of(made.path, file, config, criterion)


def test_the_reward_and_the_own_risk_aversion_do_not_matter(made):
    config = short(**{"risk_aversion": 3, "reward.name": "kolm_ritter"})
    assert rules_of(made.path, read_tuned(made.path), config, "objective")


AROUND = "delta-threshold:centre=delta,rest=tuned"


@pytest.fixture(scope="module")
def around(tmp_path_factory):
    """A file of a rule as it is, and around delta."""
    folder = tmp_path_factory.mktemp("around") / "new"
    command = ("tune", "--policies", f"delta-threshold,{AROUND}", *COUNT)
    result = run(*command, "--risk-aversion", "10", "--json", "--out", str(folder))
    return SimpleNamespace(**vars(result), path=folder / TUNED_FILE)


def test_a_file_holds_what_was_kept_and_the_rule_by_another_name(around):
    assert around.code == 0
    rows = [(row["policy"], row["kept"]) for row in json.loads(around.out)["entries"]]
    kept = dict.fromkeys(("centre_vega", "centre_smile", "centre_funding"), 0.0)
    assert rows == [("delta-threshold", {}), ("delta-threshold", kept)]
    known = rules_of(around.path, read_tuned(around.path), short(), "objective")
    assert list(known) == [
        ("delta-threshold", 10.0),
        ("delta-threshold around delta", 10.0),
    ]


def test_what_was_kept_is_compared_without_tuning_it_again(around, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("tuned again")

    monkeypatch.setattr(tuned_rules, "tune", refuse)
    names = ("delta-threshold", AROUND)
    found = compare(short(), names, (10.0,), n_episodes=50, tuned_file=around.path)
    rows = {row.name: row for row in found.summary.policies}
    assert rows.keys() == {"delta-threshold", "delta-threshold around delta"}
    row = rows["delta-threshold around delta"]
    assert row.params_source == "tuned"
    assert row.params_given == ("centre_vega", "centre_smile", "centre_funding")


def test_what_was_kept_is_evaluated_from_a_file_alone(around):
    asked = ("evaluate", AROUND, "--episodes", "50")
    result = run(*asked, "--tuned", str(around.path), "--json")
    (row,) = json.loads(result.out)["policies"]
    assert row["name"] == "delta-threshold around delta"
    refused = run(*asked)
    assert refused.code == 2
    assert "give the file of hedge tune by --tuned FILE" in refused.error


def test_what_is_given_whole_is_answered_with_how_to_tune_the_rest():
    result = run("tune", "--policies", "gas-band:snap=0", *COUNT)
    assert result.code == 2
    assert "or gas-band:snap=0,rest=tuned to tune all but one" in result.error


def damaged(text):
    """Files that are not what `hedge tune` wrote, and what is said about them."""
    document = json.loads(text)
    one = document["entries"][0]
    return {
        "cut": (text[: len(text) // 2], "is damaged: it is not JSON"),
        "empty": ("", "is damaged: it is not JSON"),
        "binary": ("\0\1", "is damaged: it is not JSON"),
        "list": ("[1]", "not a file of tuned parameters"),
        "other": ('{"policies": []}', "not a file of tuned parameters"),
        "edited": (
            text.replace(f"{one['value_bp']}", "1.0"),
            "damaged or was edited",
        ),
        "nan": (text.replace(f"{one['value_bp']}", "NaN"), "damaged or was edited"),
    }


@pytest.mark.parametrize(
    "kind", ["cut", "empty", "binary", "list", "other", "edited", "nan"]
)
def test_a_damaged_file_is_refused_in_one_sentence(made, tmp_path, kind):
    text, words = damaged(made.out)[kind]
    path = tmp_path / "tuned.json"
    path.write_text(text)
    result = run("compare", "--policies", "time-based", "--tuned", str(path), *COUNT)
    assert result.code == 2
    assert result.error.startswith(f"hedge: error: {path}")
    assert words in result.error
    assert result.error.count("\n") == 1


def test_a_missing_file_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_tuned(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"policy": "sharpe"}, "is no rule of this version"),
        ({"params": {"width": 0.1}}, "is no rule of this version"),
        ({"params": {"threshold": -0.1}}, "must be positive"),
    ],
)
def test_a_rule_this_version_does_not_know_is_refused(tmp_path, change, words):
    config = short()
    tape = record_tape(config, np.arange(20), seed=0, stream="validation")
    best = tune(BASELINES["delta-threshold"], config, 10.0, tape)
    file = new_file(config, "objective", seed=0, n_paths=20).with_entry(10.0, best)
    entry = file.entries[0].model_copy(update=change)
    path = tmp_path / "tuned.json"
    file.model_copy(update={"entries": (entry,)}).write(path)
    with pytest.raises(ConfigError, match=words):
        rules_of(path, read_tuned(path), config, "objective")


def test_a_file_from_before_rules_had_a_centre_means_the_one_they_had(tmp_path):
    config = short()
    path = tmp_path / "tuned.json"
    few = {"n_episodes": 20, "validation_episodes": 20}
    file = tune_to_file(config, ("delta-threshold",), (10.0,), path, **few)
    document = file.entries[0].model_dump()
    document["params"] = {"threshold": 0.123}
    kept = ("test_bp", "test_se", "gain_bp", "gain_se", "test_gain_bp", "test_gain_se")
    old = {key: value for key, value in document.items() if key not in kept}
    file.model_copy(update={"entries": (TunedEntry.model_validate(old),)}).write(path)
    (rule,) = rules_of(path, read_tuned(path), config, "objective").values()
    assert rule.policy == BASELINES["delta-threshold"](0.123)
    document["params"] = {"centre_vega": 0.1, "centre_smile": 0.0}
    file.model_copy(update={"entries": (TunedEntry(**document),)}).write(path)
    with pytest.raises(ConfigError, match="is no rule of this version"):
        rules_of(path, read_tuned(path), config, "objective")


def test_an_entry_says_what_is_left_of_the_gain_on_test_paths(made):
    config = short()
    for entry in read_tuned(made.path).entries:
        rule = BASELINES[entry.policy]
        tuned, default = (
            evaluate(
                [(policy, entry.risk_aversion)], config, n_episodes=60, stream="test"
            )[0].objective
            for policy in (rule(**entry.params), rule())
        )
        assert entry.test_bp == pytest.approx(tuned.mean() * 1e4, rel=1e-9)
        gain = (default - tuned) * 1e4
        assert entry.test_gain_bp == pytest.approx(gain.mean(), rel=1e-9, abs=1e-9)
        assert entry.test_gain_se == pytest.approx(
            gain.std(ddof=1) / 60**0.5, rel=1e-9, abs=1e-9
        )
        assert entry.gain_bp >= -0.05


def test_validation_paths_tune_and_test_paths_show(made):
    few = run(
        *("tune", "--policies", "delta-threshold", "--risk-aversion", "2", "--json"),
        *("--validation-episodes", "60", "--episodes", "30"),
    )
    document = json.loads(few.out)
    assert (document["n_paths"], document["n_test_paths"]) == (60, 30)
    (entry,), known = document["entries"], json.loads(made.out)["entries"][0]
    for key in ("params", "value_bp", "value_se", "gain_bp"):
        assert entry[key] == known[key]
    assert entry["test_se"] != known["test_se"]
    policy = BASELINES["delta-threshold"](**entry["params"])
    table = evaluate([(policy, 2.0)], short(), n_episodes=30, stream="test")[0]
    assert entry["test_bp"] == pytest.approx(table.objective.mean() * 1e4, rel=1e-9)


def test_a_file_from_before_there_were_two_numbers_goes_on(tmp_path):
    path = tmp_path / TUNED_FILE
    file = tune_to_file(short(), NAMES[:1], (10.0,), path, **PATHS)
    document = file.model_dump(mode="json")
    del document["n_test_paths"]
    document["sha256"] = digest_of(document)
    path.write_text(json.dumps(document))
    assert read_tuned(path).n_test_paths is None
    again = tune_to_file(short(), NAMES[:1], (10.0,), path, **PATHS)
    assert again.entries == file.entries
    other = {**PATHS, "n_episodes": 50}
    with pytest.raises(ConfigError, match="60 test paths"):
        tune_to_file(short(), NAMES[:1], (10.0,), path, **other)


def test_an_interruption_keeps_what_is_finished_and_can_go_on(tmp_path, monkeypatch):
    path = tmp_path / TUNED_FILE
    real, calls = tuned_rules.tune, []

    def interrupted(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(tuned_rules, "tune", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tune_to_file(short(), NAMES, (10.0,), path, **PATHS)
    assert [e.policy for e in read_tuned(path).entries] == ["delta-threshold"]
    file = tune_to_file(short(), NAMES, (10.0,), path, **PATHS)
    assert [e.policy for e in file.entries] == list(NAMES)
    assert len(calls) == 3
    other = {**PATHS, "validation_episodes": 61}
    with pytest.raises(ConfigError, match=r"60 paths of seed 0.*--validation-episodes"):
        tune_to_file(short(), NAMES, (10.0,), path, **other)
    with pytest.raises(ConfigError, match=r"60 test paths.*--episodes 60 to go on"):
        tune_to_file(short(), NAMES, (10.0,), path, **{**PATHS, "n_episodes": 61})


@pytest.mark.parametrize("policy", ["optimal", "delta-treshold"])
def test_only_rules_are_tuned(policy):
    result = run("tune", "--policies", policy, *COUNT)
    assert result.code == 2
    assert "--policies" in result.error


def test_without_a_folder_a_table_is_printed():
    result = run("tune", "--policies", "time-based", "--risk-aversion", "2", *COUNT)
    assert result.code == 0
    assert "time-based" in result.out
    assert "interval" in result.out


def test_progress_counts_only_what_is_tuned(monkeypatch):
    totals = []

    @contextlib.contextmanager
    def count(description, total, *, enabled):
        totals.append(total)
        yield lambda done: None

    monkeypatch.setattr(tuned_rules, "counter", count)
    rules = [Rule(name, BASELINES[name]) for name in ("delta", "time-based")]
    options = {"n_episodes": 20, "seed": 0, "criterion": "objective", "threads": 1}
    first = tuned_rules.tune_rules(rules, (2.0,), short(), progress=True, **options)
    known = {(best.policy.name, level): best for level, best in first[:1]}
    again = tuned_rules.tune_rules(
        rules, (2.0,), short(), progress=True, known=known, **options
    )
    assert again == first
    assert totals[0] == 2 * totals[1] > 0
