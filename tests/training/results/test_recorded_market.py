"""`hedge compare --replay`: rules tuned on earlier days, compared on later ones."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import summarise
from hedge_env.feeds.recorded import describe_replay
from hedge_env.training.cli import main
from hedge_env.training.compare import compare
from hedge_env.training.results.practice import savings
from hedge_env.training.results.recorded_market import (
    episodes_in,
    load_market,
    overlap,
    replay_sentence,
    with_replay,
)
from tests.hedge_env.feeds.history.examples import (
    DAY,
    day_config,
    full_replay,
    two_weeks,
)
from tests.training.helpers.fabricated import comparison

OVERLAPPING = ("replay.stride_hours=4", "episode.start_hour=null")


def test_every_error_is_widened_by_the_overlap(tmp_path: Path) -> None:
    """Of rows, savings, liquidity, keeper and pool alike; what is no error stays."""
    config = day_config(two_weeks(tmp_path), *OVERLAPPING)
    measured = comparison((10.0,), n_paths=50)
    entry = {"behind_bp": 3.0, "behind_se": 0.5, "mean": 1.0, "mean_se": 0.25}
    summary = replace(
        measured.summary,
        liquidity={"lvr_bp": 7.0, "lvr_se": 2.0},
        savings=savings(("delta",), measured.contenders, measured.tables),
        keeper=(entry,),
        pool=(entry,),
    )
    wide, factor = with_replay(summary, config), math.sqrt(overlap(config))
    assert factor > 2.0
    wider = {**entry, "behind_se": 0.5 * factor, "mean_se": 0.25 * factor}
    assert wide.keeper == wide.pool == (wider,)
    assert wide.liquidity == {"lvr_bp": 7.0, "lvr_se": 2.0 * factor}
    for one, other in zip(wide.savings, summary.savings, strict=True):
        assert one.objective_se == factor * other.objective_se
        assert one.cost_se == factor * other.cost_se
        assert one.objective_bp == other.objective_bp
    for row, other in zip(wide.policies, summary.policies, strict=True):
        assert row.objective_se == factor * other.objective_se


def test_one_command_tunes_on_earlier_and_tests_on_later_days(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spot = two_weeks(tmp_path)
    command = ["compare", "--replay", spot, "--preset", "reference", "--json"]
    command += ["--policies", "delta,delta-threshold", "--risk-aversion", "10"]
    command += ["--no-progress", "--episodes", "50", "--set", *DAY, *OVERLAPPING]
    assert main.main(command) == 0
    output = capsys.readouterr()
    summary = json.loads(output.out)
    assert "windows of recorded days" in output.err
    replay = summary["replay"]
    assert replay["files"] == {"spot": spot}
    assert set(replay["modelled"]) == {"implied_volatility"}
    assert "implied volatility is modelled; no file of it is named" in output.err
    assert "replay.implied_volatility=FILE" in replay_sentence(replay)
    assert (replay["validation"]["from"], replay["validation"]["to"]) == (
        "2024-01-05",
        "2024-01-07",
    )
    assert (replay["test"]["from"], replay["test"]["to"]) == (
        "2024-01-07",
        "2024-01-15",
    )
    assert summary["n_episodes"] == replay["test"]["windows"] == 43
    assert summary["validation_episodes"] == replay["validation"]["windows"] == 7
    assert {row["name"] for row in summary["policies"]} == {"delta", "delta-threshold"}


def test_errors_are_widened_by_the_overlap_of_the_windows(tmp_path: Path) -> None:
    config = day_config(two_weeks(tmp_path), *OVERLAPPING)
    assert overlap(config) == pytest.approx(6.0)
    result = compare(config, ["delta"], [10.0], n_episodes=50)
    entry = [(result.policies[0], 10.0)]
    independent = summarise(evaluate(entry, config, n_episodes=43)[0])
    row = result.summary.policies[0]
    assert row.cost_bp == independent.cost_bp
    assert row.cost_se == pytest.approx(math.sqrt(6.0) * independent.cost_se)
    assert overlap(day_config(two_weeks(tmp_path))) == 1.0
    assert overlap(load_market("reference", None, ())) == 1.0


def test_the_widened_error_is_that_of_a_mean_over_overlapping_windows() -> None:
    rng = np.random.default_rng(0)
    length, stride, days = 30, 1, 630
    increments = rng.standard_normal((4000, days))
    sums = np.cumsum(np.pad(increments, ((0, 0), (1, 0))), axis=1)
    windows = (sums[:, length:] - sums[:, :-length])[:, ::stride]
    true = windows.mean(axis=1).std()
    naive = math.sqrt(windows.var() / windows.shape[1])
    assert math.sqrt(length / stride) * naive == pytest.approx(true, rel=0.05)


def test_the_report_says_in_words_what_was_replayed(tmp_path: Path) -> None:
    config = day_config(two_weeks(tmp_path))
    summary = compare(config, ["delta"], [10.0], n_episodes=50).summary
    assert summary.replay is not None
    assert replay_sentence(summary.replay) == (
        "Replay of recorded days from prices.csv: validation on 2024-01-05 to "
        "2024-01-07 (2 windows); test on 2024-01-07 to 2024-01-15 (8 windows). "
        "Windows start every 24 h. MODELLED, not recorded: implied volatility (stands "
        "still at 80 % whatever the record does). Every mark of the book rests on that "
        "implied volatility: give a recorded one as replay.implied_volatility=FILE."
    )


def test_the_report_shows_recorded_and_simulated_days(tmp_path: Path) -> None:
    report = pytest.importorskip("hedge_env.training.report.report")
    config = day_config(two_weeks(tmp_path))
    result = compare(config, ["delta", "no-hedge"], [10.0], n_episodes=50)
    simulated = result.summary.simulated
    assert simulated is not None
    assert (result.summary.n_episodes, simulated.n_episodes) == (8, 50)
    assert simulated.replay is None
    assert simulated.config["replay"] is None
    assert {row.name for row in simulated.policies} == {"delta", "no-hedge"}
    report.write_report(result, tmp_path / "out", command="hedge compare")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Replay of recorded days from prices.csv" in page
    assert "The same policies in the simulated market" in page


def test_a_single_window_gives_no_error_and_is_refused(tmp_path: Path) -> None:
    config = day_config(two_weeks(tmp_path), "replay.test_from=2024-01-14")
    with pytest.raises(ConfigError, match="test days hold 1 windows of 1 days"):
        episodes_in(config, 100, "test")


def test_a_damaged_file_ends_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert main.main(["compare", "--replay", str(path), "--policies", "delta"]) != 0
    error = capsys.readouterr().err
    assert f"{path} is not text but a picture" in error
    assert "Traceback" not in error


def test_what_no_file_gives_is_said(tmp_path: Path) -> None:
    config = full_replay(tmp_path)
    assert set(describe_replay(config)["modelled"]) == {"smile"}
    without = ("implied_volatility", "gas", "funding")
    alone = full_replay(tmp_path, *(f"replay.{part}=null" for part in without))
    modelled = describe_replay(alone)["modelled"]
    assert set(modelled) == {"smile", *without}
    assert "too few to measure" in modelled["implied_volatility"]
