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
    assert (
        main(["bound", "--json", *QUICK, "--policies", f"optimal,{rule}", *SMALL]) == 0
    )
    (found,) = json.loads(capsys.readouterr().out)["bounds"]
    value = 1e4 * solve(load_config("reference", settings=SMALL[1:]), 10.0).value
    assert found["bound_bp"] == pytest.approx(value, rel=0.01)
    assert abs(found["halved_holdings_bp"]) < 0.01 * value
    assert abs(found["halved_log_spots_bp"]) < 0.01 * value
    gaps = {row["policy"]: row["gap_percent"] for row in found["policies"]}
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
        ("execution.lot=0.01", "lots"),
    ],
)
def test_what_cannot_be_bounded_is_refused_in_one_line(
    setting: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bound", *QUICK, *OPTIMAL, *SMALL, setting]) != 0
    error = capsys.readouterr().err
    assert reason in error
    assert "Traceback" not in error
