"""`hedge matrix`: every policy in every market, and why it cannot act in some."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import summarise
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.cli.main import main
from hedge_env.training.matrix.markets import find_markets
from hedge_env.training.results.tuned_rules import tune_rules
from tests.hedge_env.feeds.history.examples import DAY, two_weeks
from tests.training.distill.test_distill import policy_file

SHORT = ("episode.decisions=12", "episode.decision_interval_hours=48")
PATHS = ("--episodes", "300", "--validation-episodes", "200")
QUIET = ("--json", "--no-progress")
MARKETS = ("--presets", "ethereum-l1,ethereum-l2")


def hedge(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return SimpleNamespace(code=code, out=printed.out, error=printed.err)


def cells_of(document):
    return {
        (cell["policy"], cell["home"], cell["market"]): cell
        for cell in document["cells"]
    }


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    folder = tmp_path_factory.mktemp("matrix") / "agent"
    return policy_file(folder, *SHORT, preset="ethereum-l1")


@pytest.fixture(scope="module")
def document(agent, tmp_path_factory):
    out = tmp_path_factory.mktemp("matrix-out")
    names = f"{agent},delta-threshold,gas-band:snap=0"
    command = ["matrix", "--policies", names, *MARKETS, *PATHS, "--set", *SHORT]
    assert main([str(x) for x in [*command, "--no-progress", "--out", out]]) == 0
    found = json.loads((out / "matrix.json").read_text())
    assert (out / "matrix.png").read_bytes().startswith(b"\x89PNG")
    return found


def test_rules_are_tuned_in_each_market_and_measured_in_all(document):
    cells = cells_of(document)
    assert {(policy, home) for policy, home, _ in cells} == {
        ("agent", "ethereum-l1"),
        ("delta-threshold", "ethereum-l1"),
        ("delta-threshold", "ethereum-l2"),
        ("gas-band:snap=0", None),
    }
    assert len(cells) == 8
    assert {cell["risk_aversion"] for cell in document["cells"]} == {10.0}
    home = {key for key, cell in cells.items() if cell["is_home"]}
    assert all(own == market for _, own, market in home)
    assert len(home) == 3


def test_a_cell_is_what_the_policy_does_on_the_paths_of_the_market(agent, document):
    config = load_config("ethereum-l2", settings=[*SHORT])
    (table,) = evaluate(
        [(load_policy(agent), 10.0)], config, n_episodes=300, controlled=True
    )
    cell = cells_of(document)["agent", "ethereum-l1", "ethereum-l2"]
    found = summarise(table)
    # What was luck is judged by all policies of a column together, hardly else.
    assert cell["avoidable_bp"] == pytest.approx(found.avoidable_bp, rel=1e-6)
    assert cell["avoidable_se"] == pytest.approx(found.avoidable_se, rel=1e-6)
    assert cell["objective_bp"] == pytest.approx(
        found.controlled_objective_bp, rel=1e-6
    )


def test_policies_are_compared_with_the_best_of_the_markets_own(document):
    cells = cells_of(document)
    for market in ("ethereum-l1", "ethereum-l2"):
        column = [cell for key, cell in cells.items() if key[2] == market]
        (native,) = [cell for cell in column if cell["is_native"]]
        assert native["is_home"]
        assert native["excess_bp"] == 0.0
        for cell in column:
            assert cell["excess_bp"] == pytest.approx(
                cell["objective_bp"] - native["objective_bp"], abs=1e-6
            )
            assert cell["excess_percent"] == pytest.approx(
                100 * cell["excess_bp"] / native["avoidable_bp"]
            )
    tuned_here = cells["delta-threshold", "ethereum-l2", "ethereum-l2"]
    foreign = cells["delta-threshold", "ethereum-l1", "ethereum-l2"]
    assert tuned_here["is_native"]
    assert foreign["excess_bp"] > foreign["excess_se"] > 0.0


def test_the_rule_tuned_elsewhere_is_the_one_that_tuning_finds(document):
    from hedge_env.training.results.contenders import find_contenders

    rules, _ = find_contenders(["delta-threshold"])
    config = load_config("ethereum-l1", settings=[*SHORT])
    ((_, best),) = tune_rules(
        rules,
        (10.0,),
        config,
        n_episodes=200,
        seed=0,
        criterion="objective",
        threads=1,
        progress=False,
    )
    there = load_config("ethereum-l2", settings=[*SHORT])
    (table,) = evaluate([(best.policy, 10.0)], there, n_episodes=300, controlled=True)
    cell = cells_of(document)["delta-threshold", "ethereum-l1", "ethereum-l2"]
    assert cell["avoidable_bp"] == pytest.approx(
        summarise(table).avoidable_bp, rel=1e-6
    )


def test_the_same_command_gives_the_same_document(agent, document, capsys):
    names = f"{agent},delta-threshold,gas-band:snap=0"
    command = ("matrix", "--policies", names, *MARKETS, *PATHS, *QUIET)
    again = hedge(capsys, *command, "--threads", "2", "--set", *SHORT)
    assert json.loads(again.out) == document


def test_recorded_days_are_a_column_without_a_floor(tmp_path, capsys):
    spot = two_weeks(tmp_path)
    agent = policy_file(tmp_path / "agent", *SHORT)
    words = ("--replay", spot, "--presets", "reference", *PATHS, *QUIET)
    names = f"{agent},delta-threshold"
    found = hedge(capsys, "matrix", "--policies", names, *words, "--set", *DAY)
    assert found.code == 0, found.error
    document = json.loads(found.out)
    (simulated, recorded) = document["markets"]
    assert simulated["replay"] is None
    assert recorded["replay"]["files"] == {"spot": spot}
    assert recorded["replay"]["test"]["windows"] == recorded["episodes"]
    assert recorded["episodes"] < 300
    days = [c for c in document["cells"] if c["market"] == recorded["name"]]
    assert len(days) == 2
    assert all(c["avoidable_bp"] is None and c["objective_bp"] > 0 for c in days)
    assert [c["is_native"] for c in days].count(True) == 1
    table = hedge(
        capsys,
        *("matrix", "--policies", names, *words[:-2], "--no-progress", "--set", *DAY),
    )
    assert "J " in table.out
    words_of_it = " ".join(table.out.split())
    assert "no floor is known" in words_of_it
    assert "Replay of recorded days from prices.csv" in words_of_it
    assert "picked" in words_of_it


def test_who_cannot_act_somewhere_says_why_in_one_sentence(tmp_path, capsys):
    gas = policy_file(tmp_path / "gas", *SHORT, preset="ethereum-l1")
    large = policy_file(tmp_path / "large", *SHORT, "risk_aversion=50")
    options = policy_file(
        tmp_path / "options",
        *SHORT,
        "risk_aversion=10",
        preset="gamma-vega",
        mode="ratio",
    )
    names = f"{gas},{large},{options},delta-gamma,zakamouline"
    words = ("--presets", "reference,squeeth", "--risk-aversion", "10", *PATHS)
    found = hedge(
        capsys, "matrix", "--policies", names, *words, *QUIET, "--set", *SHORT
    )
    assert found.code == 0, found.error
    document = json.loads(found.out)
    why = {
        (cell["policy"], cell["market"]): cell["why_not"] for cell in document["cells"]
    }
    assert "does not have: " in why["options", "reference"]
    assert why["large", "reference"] == (
        "large was trained for risk aversion 50, not for 10"
    )
    assert "is not made for the book of squeeth" in why["zakamouline", "squeeth"]
    assert why["zakamouline", "reference"] is None
    call = policy_file(tmp_path / "call", *SHORT)
    alone = ("--presets", "ethereum-l2", "--policies", call, *PATHS, *QUIET)
    out = tmp_path / "out"
    found = hedge(capsys, "matrix", *alone, "--out", out, "--set", *SHORT)
    (empty,) = json.loads(found.out)["cells"]
    assert (out / "matrix.png").exists()
    assert empty["why_not"] == (
        "call can hold 0 to 1, and the book of ethereum-l2 needs -1 to 1"
    )
    for cell in [*document["cells"], empty]:
        assert (cell["why_not"] is None) == (cell["objective_bp"] is not None)
    plain = hedge(
        capsys, "matrix", "--policies", names, *words, "--no-progress", "--set", *SHORT
    )
    assert "cannot act" in plain.out
    assert "large was trained for risk aversion 50" in " ".join(plain.out.split())


def test_without_risk_aversions_each_agent_is_measured_at_its_own(tmp_path, capsys):
    files = [
        policy_file(tmp_path / f"at-{level}", *SHORT, f"risk_aversion={level}")
        for level in (2, 50)
    ]
    names = ",".join(map(str, files))
    command = ("matrix", "--policies", names, "--presets", "reference", *PATHS)
    out = tmp_path / "out"
    found = hedge(capsys, *command, *QUIET, "--out", out, "--set", *SHORT)
    cells = json.loads(found.out)["cells"]
    assert [(c["policy"], c["risk_aversion"]) for c in cells] == [
        ("at-2", 2.0),
        ("at-50", 50.0),
    ]
    assert {path.name for path in out.iterdir()} == {
        "matrix.json",
        "matrix-lambda-2.png",
        "matrix-lambda-50.png",
    }


MOVED = ("--presets", "lp-recentred", "--set", "book.legs.0.recentre.by=policy")
REFUSED = [
    (MOVED, "book.legs.0.recentre.by = policy in lp-recentred: "),
    (MOVED, "set it to rule, or use hedge compare"),
    (("--policies", "optimal"), "optimal is solved anew in each market"),
    (("--policies", "nonsense"), "'nonsense' is neither a rule nor a policy file"),
    (("--presets", "nowhere"), "nowhere"),
    (("--set", "replay.stride_hours=4"), "give --replay FILE as well"),
    (("--policies", "delta-gamma", "--presets", "reference"), "none of them can act"),
    (("--episodes", "1"), "--episodes 1: an error needs at least 2 paths"),
]


@pytest.mark.parametrize(("words", "sentence"), REFUSED)
def test_what_cannot_be_measured_is_said_in_one_sentence(words, sentence, capsys):
    found = hedge(capsys, "matrix", *words, "--no-progress")
    assert found.code == 2
    assert sentence in found.error.splitlines()[-1]
    assert found.out == ""


def test_days_without_windows_are_refused_before_rules_are_tuned(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("hedge_env.training.matrix.rows.tune_rules", pytest.fail)
    words = ("--policies", "delta-threshold", "--presets", "reference", "--replay")
    days = ("replay.begin=1999-01-01", "replay.test_from=1999-02-01")
    end = "replay.end=1999-03-01"
    found = hedge(capsys, "matrix", *words, two_weeks(tmp_path), "--set", *days, end)
    assert found.code == 2
    assert "the test days hold 0 windows" in found.error.splitlines()[-1]


def test_markets_are_named_once_and_settings_go_to_all_of_them(tmp_path):
    found = find_markets(("reference", "deribit", "reference"), None, SHORT)
    assert [market.name for market in found] == ["reference", "deribit"]
    assert {market.config.episode.decisions for market in found} == {12}
    assert all(market.is_home for market in found)
    spot = two_weeks(tmp_path)
    days = find_markets(("reference",), Path(spot), [*DAY])[-1]
    assert days.config.replay is not None
    assert not days.is_home
    assert np.isfinite(days.config.holdings_bounds).all()
