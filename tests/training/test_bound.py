"""`hedge bound`: what it prints and refuses."""

from __future__ import annotations

import json

import pytest

from hedge_env.baselines.optimum.dynamic_programming import solve
from hedge_env.config.loading import load_config
from hedge_env.training.cli.main import main

SMALL = ("--set", "episode.decisions=6", "book.legs.0.maturity_days=1")
QUICK = ("--risk-aversion", "10", "--episodes", "50")
OPTIMAL = ("--policies", "optimal")


def test_the_document_holds_the_bound_the_policy_and_the_halving(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rule = "delta-threshold:threshold=0.3"
    policies = f"optimal,{rule},delta-threshold:centre=delta,rest=tuned"
    few = ("--validation-episodes", "50")
    assert main(["bound", "--json", *QUICK, *few, "--policies", policies, *SMALL]) == 0
    (found,) = json.loads(capsys.readouterr().out)["bounds"]
    value = 1e4 * solve(load_config("reference", settings=SMALL[1:]), 10.0).value
    assert found["bound_bp"] == pytest.approx(value, rel=0.01)
    assert abs(found["halved_holdings_bp"]) < 0.01 * value
    assert abs(found["halved_log_spots_bp"]) < 0.01 * value
    gaps = {row["policy"]: row["gap_percent"] for row in found["policies"]}
    assert gaps.keys() == {"optimal", rule, "delta-threshold around delta"}
    assert abs(gaps["optimal"]) < 1.0
    assert max(gaps.values()) > gaps["optimal"]


def test_the_table_names_every_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bound", *QUICK, *OPTIMAL, *SMALL]) == 0
    printed = capsys.readouterr().out
    assert "| 10 | optimal |" in printed
    assert "halved holdings" in printed


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("execution.permanent_impact=0.5", "permanent_impact"),
        ("execution.lot=0.0001", "lots"),
    ],
)
def test_what_cannot_be_bounded_is_refused_in_one_line(
    setting: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bound", *QUICK, *OPTIMAL, *SMALL, setting]) != 0
    error = capsys.readouterr().err
    assert reason in error
    assert "Traceback" not in error


@pytest.mark.slow
def test_a_market_without_an_optimum_is_bounded_by_a_network(
    capsys: pytest.CaptureFixture[str],
) -> None:
    short = (*SMALL, "book.legs.1.maturity_days=1")
    policies = ("--policies", "delta-band:half_width=0.2,one-step-better")
    market = ("--preset", "ethereum-l1", *QUICK, *policies, *short)
    assert main(["bound", "--json", *market]) == 0
    (found,) = json.loads(capsys.readouterr().out)["bounds"]
    assert {"halved_holdings_bp", "doubled_draws_bp", "floor_bp"} <= set(found)
    assert found["floor_bp"] < found["bound_bp"]
    band, better = sorted(found["policies"], key=lambda row: row["policy"])
    assert better["policy"] == "one-step-better"
    for row in (band, better):
        assert row["gap_bp"] > 0.0
        assert row["gap_percent_of_avoidable"] > row["gap_percent"]
    assert better["gap_bp"] < band["gap_bp"]


def test_an_exact_value_is_not_scaled_where_there_is_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    market = ("--preset", "ethereum-l1", "--value-scale", "0.9")
    assert main(["bound", *market]) != 0
    assert "--value-scale" in capsys.readouterr().err
