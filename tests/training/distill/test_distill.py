"""`hedge distill`: from a policy file to a formula that is used like any policy."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from hedge_env.baselines.distilled.distilled_file import DISTILLED_FILE, read_distilled
from hedge_env.config.loading import load_config
from hedge_env.policies.policy_file import describe_policy, save_policy
from hedge_env.training.cli.main import main
from tests.hedge_env.feeds.history.examples import DAY, two_weeks

SETTINGS = ("episode.decisions=90", "episode.decision_interval_hours=8")
FEW = ("--episodes", "2000", "--validation-episodes", "2000", "--no-progress")


def policy_file(folder, *settings, preset="reference", mode="band", actions=None):
    """A saved policy that always does the same: by default, the analytic band."""
    changes = [*SETTINGS, f"action.mode={mode}", *settings]
    config = load_config(preset, settings=changes)
    metadata = describe_policy(
        config,
        algorithm="ppo",
        hidden_layers=(),
        activation="tanh",
        squash="none" if mode == "discrete" else "clip",
    )
    n_inputs, n_outputs = metadata.layers
    bias = np.zeros(n_outputs, np.float32)
    if actions is not None:
        bias[:] = actions
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "policy.safetensors"
    save_policy(path, [(np.zeros((n_outputs, n_inputs), np.float32), bias)], metadata)
    return path


def hedge(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return SimpleNamespace(code=code, out=printed.out, error=printed.err)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("distill")
    path = policy_file(folder / "zero")
    command = ["distill", path, "--policies", "delta-threshold", *FEW]
    out = folder / "short"
    assert main([str(word) for word in [*command, "--out", out]]) == 0
    return SimpleNamespace(policy=path, out=out, file=out / DISTILLED_FILE)


def test_a_formula_keeps_most_of_what_the_policy_is_ahead_of_a_poor_rule(made):
    document = json.loads(made.file.read_text())
    (kept,) = document["kept"]
    assert kept["best_rule"] == "delta-threshold"
    assert kept["advantage_bp"] > 5 * kept["advantage_se"] > 0.0
    assert kept["share"] > 0.85
    assert kept["share_low"] < kept["share"] < kept["share_high"]
    assert kept["rule_bp"] - kept["formula_bp"] == pytest.approx(kept["kept_bp"])
    assert document["base"] == "delta-threshold"
    assert 1 <= len(document["width"]) <= 9
    assert (made.out / "distilled.png").read_bytes().startswith(b"\x89PNG")


def test_the_file_is_a_policy_of_compare_evaluate_and_advise(made, capsys, tmp_path):
    names = f"delta-threshold,{made.out},{made.policy}"
    words = ("--risk-aversion", "10", "--seed", "0", "--json", "--no-progress")
    market = ("--preset", "reference", "--set", *SETTINGS)
    found = hedge(capsys, "compare", "--policies", names, *words, *FEW[:4], *market)
    assert found.code == 0, found.error
    rows = {row["name"]: row for row in json.loads(found.out)["policies"]}
    (kept,) = json.loads(made.file.read_text())["kept"]
    assert set(rows) == {"delta-threshold", "short", "zero"}
    assert rows["short"]["kind"] == "baseline"
    assert rows["short"]["notes"] == []
    assert rows["short"]["controlled_objective_bp"] == pytest.approx(
        kept["formula_bp"], abs=1.0
    )
    alone = hedge(capsys, "evaluate", made.file, "--episodes", "500", *words)
    (row,) = json.loads(alone.out)["policies"]
    assert row["name"] == "short"
    assert json.loads(alone.out)["config"]["episode"]["decisions"] == 90
    state = tmp_path / "state.yaml"
    state.write_text(
        "time: 2026-11-26T08:00Z\nspot: 2000\nholdings: 0\n"
        "implied_volatility: 0.8\nrealised_volatility: 0.7\nskew: 0\nlegs:\n"
        "  - {kind: call, strike: 2000, expiry: 2026-12-16T08:00Z, quantity: -10}\n"
    )
    advice = hedge(capsys, "advise", "--policy", made.file, "--state", state, "--json")
    assert advice.code == 0, advice.error
    assert json.loads(advice.out)["policy"] == "distilled"


def test_a_base_of_which_something_is_fixed_stays_so(capsys, tmp_path):
    names = "delta-threshold:centre=delta,rest=tuned"
    out = tmp_path / "around"
    few = ("--episodes", "300", "--validation-episodes", "300", "--no-progress")
    asked = (
        "distill",
        policy_file(tmp_path / "run"),
        "--policies",
        names,
        "--terms",
        "1",
        *few,
    )
    found = hedge(capsys, *asked, "--out", out)
    assert found.code == 0, found.error
    assert "of the best rule (delta-threshold around delta)" in found.out
    document = json.loads((out / DISTILLED_FILE).read_text())
    (kept,) = document["kept"]
    assert kept["best_rule"] == "delta-threshold around delta"
    for key in ("centre_vega", "centre_smile", "centre_funding"):
        assert document["base_params"][key] == 0.0
    assert document["base_params"]["threshold"] > 0.0
    tune = ("tune", "--preset", "reference", "--risk-aversion", "10", *few)
    tuned = tmp_path / "tuned"
    words = ("--policies", names, "--out", tuned, "--set", *SETTINGS)
    assert hedge(capsys, *tune, *words).code == 0
    again = hedge(capsys, *asked, "--tuned", tuned / "tuned.json", "--json")
    assert again.code == 0, again.error
    assert json.loads(again.out)["kept"] == document["kept"]


def test_elsewhere_it_is_marked_as_a_stranger(made, capsys):
    words = ("--episodes", "100", "--json", "--no-progress", "--preset", "cao-gbm-1m")
    found = hedge(capsys, "evaluate", made.file, "--risk-aversion", "50", *words)
    (row,) = json.loads(found.out)["policies"]
    assert any("distilled for another market" in note for note in row["notes"])
    assert "distilled for risk aversion 10, measured at 50" in row["notes"]


def test_the_same_command_gives_the_same_formula(made, capsys, tmp_path):
    command = ("distill", made.policy, "--policies", "delta-threshold", *FEW)
    again = hedge(capsys, *command, "--json")
    assert again.code == 0
    one, other = json.loads(again.out), json.loads(made.file.read_text())
    for key in ("base_params", "centre", "width", "kept", "formula"):
        assert one[key] == other[key], key


REFUSED = [
    (("delta",), {}, "delta is a formula already"),
    (("POLICY", "--policies", "delta"), {}, "none of the rules has a band"),
    (
        ("POLICY", "--policies", "gas-band:snap=0"),
        {},
        "gas-band:snap=0 has its parameters already",
    ),
    (("POLICY", "--policies", "POLICY"), {}, "is a saved policy; name rules"),
    (
        ("POLICY", "--policies", "gas-band,optimal"),
        {},
        "--policies: optimal has no parameters to tune",
    ),
    (("POLICY", "--risk-aversion", "50"), {}, "was trained for 10; distill it there"),
    (("POLICY",), {"mode": "target"}, "in a band of holdings in 0 % of its states"),
    (
        ("POLICY", "--policies", "gas-band"),
        {"actions": [1.0, 1.0, 1.0]},
        "is not ahead of the tuned rules (gas-band) on the validation paths",
    ),
    (("POLICY", "--episodes", "1"), {}, "--episodes 1: an error needs at least 2"),
    (("POLICY", "--preset", "squeeth"), {}, "squeeth"),
]


@pytest.mark.parametrize(("words", "made_of", "sentence"), REFUSED)
def test_what_cannot_be_distilled_is_said_in_one_sentence(
    words, made_of, sentence, tmp_path, capsys
):
    path = policy_file(tmp_path / "run", **made_of)
    few = ("--validation-episodes", "200") if "--episodes" in words else FEW[:4]
    command = [str(path) if word == "POLICY" else word for word in words]
    found = hedge(capsys, "distill", *command, *few, "--no-progress")
    assert found.code in (1, 2), found.out
    assert sentence in found.error.splitlines()[-1]
    assert found.out == ""


def test_a_policy_without_a_band_is_refused_before_rules_are_tuned(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("hedge_env.training.distill.distill.tune_rules", pytest.fail)
    path = policy_file(tmp_path / "run", mode="target")
    found = hedge(capsys, "distill", path, *FEW)
    assert "in a band of holdings in 0 % of its states" in found.error


def test_a_policy_that_trades_options_is_refused(tmp_path, capsys):
    path = policy_file(tmp_path / "run", preset="gamma-vega", mode="ratio")
    found = hedge(capsys, "distill", path, *FEW)
    assert found.code == 2
    assert "trades a listed option or on two chains" in found.error


def test_an_agent_of_a_range_is_distilled_at_its_ends_and_middle(tmp_path, capsys):
    path = policy_file(tmp_path / "run", "risk_aversion={low: 2, high: 50}")
    words = ("--policies", "delta-threshold", "--terms", "2", *FEW)
    found = hedge(capsys, "distill", path, *words, "--json")
    assert found.code == 0, found.error
    document = json.loads(found.out)
    assert [kept["risk_aversion"] for kept in document["kept"]] == [2.0, 10.0, 50.0]
    assert all(len(document[part]) <= 3 for part in ("centre", "width"))
    assert sum((k["share"] or 0.0) > 0.5 for k in document["kept"]) >= 2
    used = {name for entry in document["width"] for name in entry["factors"]}
    assert used


def test_a_damaged_or_made_up_file_is_refused(made, tmp_path, capsys):
    document = json.loads(made.file.read_text())
    other = tmp_path / "other.json"
    for change, sentence in (
        ({"base": "delta"}, "damaged or was edited"),
        (None, "damaged: it is not JSON"),
        ({"sha256": None}, "is not a formula of hedge distill"),
    ):
        text = "{" if change is None else json.dumps({**document, **change})
        other.write_text(text)
        found = hedge(capsys, "evaluate", other, "--no-progress")
        assert found.code == 2
        assert sentence in found.error
    assert read_distilled(made.file)[1].base.name == "delta-threshold"


def test_on_recorded_days_the_windows_are_those_of_each_stream(tmp_path, capsys):
    own = (*DAY[:2], "episode.decision_interval_hours=4")
    path = policy_file(tmp_path / "run", *own)
    overlapping = ("replay.stride_hours=4", "episode.start_hour=null")
    command = ("distill", path, "--replay", two_weeks(tmp_path), *FEW, "--json")
    rules = ("--policies", "delta-threshold")
    found = hedge(capsys, *command, *rules, "--set", *DAY, *overlapping)
    assert found.code == 0, found.error
    for words in ("training: 19", "validation: 7", "test: 43"):
        assert f"{words} windows of recorded days" in found.error
    document = json.loads(found.out)
    assert document["recorded"] == ["spot"]
    assert document["config"]["replay"]["spot"] is None
    (kept,) = document["kept"]
    assert kept["share"] is None
    assert kept["advantage_bp"] < 2 * kept["advantage_se"]
