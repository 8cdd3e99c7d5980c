"""Years that are left out one by one: fits, windows, floor, and all years together."""

from __future__ import annotations

import dataclasses
import json
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.baselines import BASELINES
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.feeds.recorded import count_windows, starting_times
from hedge_env.training.cli.main import main
from hedge_env.training.results.summary import build_summary
from hedge_env.training.study.years import fold as folds
from hedge_env.training.study.years import measure
from hedge_env.training.study.years.fold import find_fold
from hedge_env.training.study.years.page import pooled, years_page
from tests.hedge_env.feeds.history.files import hourly, walk, write_series
from tests.training.helpers.fabricated import comparison

SHORT = ("episode.decisions=6", "book.legs.0.maturity_days=1")
FIRST = int(datetime(2022, 12, 1, tzinfo=UTC).timestamp())
FITTED = "extends: reference\nmarket: {volatility: {level: 0.6}}\n"


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """Hourly prices of December 2022 to January 2024."""
    n = 24 * 420
    return Path(
        write_series(tmp_path / "prices.csv", hourly(n, FIRST), walk(n), "t,price")
    )


@pytest.fixture
def fits(monkeypatch):
    """What was asked to be fitted; the fit itself is a file."""
    asked = []

    def fit(options):
        asked.append(options)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(FITTED)

    monkeypatch.setattr(folds, "fit_to_file", fit)
    return asked


def find(prices, folder, *settings):
    return find_fold(
        "reference", 2023, prices, [*SHORT, *settings], folder, seed=3, progress=False
    )


def test_a_market_is_fitted_without_the_year_and_once(prices, tmp_path, fits):
    begin = "replay.begin=2022-12-05"
    fold = find(prices, tmp_path / "work", begin)
    (options,) = fits
    assert options.without_year == 2023
    assert options.spot == prices
    assert options.since == datetime(2022, 12, 5, tzinfo=UTC)
    assert "--without-year 2023" in fold.command
    assert fold.market.market.volatility.level == 0.6
    assert fold.market.replay is None
    assert fold.market.episode.decisions == 6
    assert find(prices, tmp_path / "work", begin) == fold
    assert len(fits) == 1
    prices.write_text(prices.read_text().rstrip("\n").rpartition("\n")[0] + "\n")
    find(prices, tmp_path / "work", begin)
    assert len(fits) == 2
    with pytest.raises(ConfigError, match=r"replay.gas: .*none.csv cannot be read"):
        find_fold(
            "ethereum-l1",
            2023,
            prices,
            [f"replay.gas={tmp_path / 'none.csv'}"],
            tmp_path / "work",
            seed=0,
            progress=False,
        )


def test_test_windows_are_those_of_the_year_alone(prices, tmp_path, fits):
    fold = find(prices, tmp_path / "work")
    n = count_windows(fold.days, "test")
    assert n == 364  # the 2nd of January to the 31st of December
    starts = starting_times(fold.days, np.arange(n), seed=0, stream="test")
    years = {datetime.fromtimestamp(int(start), UTC).year for start in starts}
    assert years == {2023}
    assert (starts + 86_400 <= datetime(2024, 1, 1, tzinfo=UTC).timestamp()).all()


def test_the_floor_is_what_free_holdings_would_have_left(
    prices, tmp_path, fits, monkeypatch
):
    class Delta:
        def holdings(self, rows):
            return rows[field.DELTA].copy()

    monkeypatch.setattr(measure, "fit_minimum_variance", lambda *_, **__: Delta())
    fold = find(prices, tmp_path / "work")
    floor = measure._floor(fold, 50, seed=0)
    delta = BASELINES["delta"]()
    (table,) = evaluate([(delta, 10.0)], fold.days, n_episodes=50)
    assert floor == pytest.approx(table.squared_increments, rel=1e-9, abs=1e-18)


def year_of(name: str, gap: float, error: float):
    """A summary in which the agent's difference from the rule is known."""
    invented = (
        ("delta", "baseline", 60.0, 100.0),
        ("gas-band", "baseline", 31.0, 140.0),
        ("run", "agent", 30.0, 140.0),
    )
    made = comparison((10.0,), n_paths=400, invented=invented)
    summary = build_summary(
        made.contenders,
        made.tables,
        preset=name,
        seed=0,
        premium_bp=900.0,
        config={"description": ""},
        validation_episodes=300,
        validation=[float(t.objective.mean()) for t in made.tables],
    )
    replay = {
        "files": {"spot": "/somewhere/prices.csv"},
        "modelled": {"implied_volatility": "reference"},
        "stride_hours": 24.0,
        "error_factor": 5.5,
    }
    rows = tuple(
        dataclasses.replace(
            row,
            avoidable_bp=20.0,
            avoidable_se=1.0,
            **(
                {"objective_gap_bp": gap, "objective_gap_se": error}
                if row.name == "run"
                else {}
            ),
        )
        for row in summary.policies
    )
    return dataclasses.replace(summary, policies=rows, replay=replay)


def test_all_years_together_by_hand():
    one = pooled([year_of("2023", -1.0, 0.3), year_of("2024", -3.0, 0.4)], "run", 10.0)
    assert one.gap == pytest.approx(-2.0)
    assert one.by_days == pytest.approx(1.959964 * 0.5 / 2.0)
    # Of two years t with one degree of freedom, and a standard error of 1.
    assert one.by_years == pytest.approx(12.7062, rel=1e-4)
    assert (one.ahead, one.avoidable) == (2, 20.0)
    alone = pooled([year_of("2023", 1.0, 0.3)], "run", 10.0)
    assert math.isnan(alone.by_years)
    assert alone.ahead == 0


def test_the_page_says_what_is_recorded_and_who_is_ahead():
    years = [year_of("2023", -1.0, 0.1), year_of("2024", 0.2, 0.4)]
    page = years_page("ethereum-l1", years, "hedge study --years 2023,2024")
    minus = "\N{MINUS SIGN}"
    assert "| 10 | run | 49.6 ± " in page
    assert "| 10 | gas-band | 50.8 ± 0.6 | picked in every year |  |  |" in page
    assert f"| {minus}0.40 ± 0.40 (± 7.62) | {minus}2.0 % | 1 of 2 |" in page
    assert "| 2023 | 400 | gas-band |" in page
    assert f"| {minus}1.00 ± 0.20 | {minus}5.0 % | 0.00 | < .001 |" in page
    assert "| +0.20 ± 0.78 | +1.0 % | 0.00 | .617 |" in page
    assert "prices.csv" in page
    assert "/somewhere" not in page
    assert "Modelled, for want of a file: implied volatility." in page


def test_the_command_writes_page_and_document_and_goes_on(
    prices, tmp_path, fits, capsys, monkeypatch
):
    monkeypatch.setattr(folds, "read_history", lambda *files: None)  # it is too short
    out, work = tmp_path / "out", tmp_path / "work"
    command = [
        *("study", "--years", "2023,2022", "--presets", "reference"),
        *("--replay", str(prices), "--set", *SHORT, "replay.stride_hours=48"),
        *("--policies", "delta,delta-threshold", "--risk-aversion", "10"),
        *("--validation-episodes", "40", "--no-progress"),
        *("--work", str(work), "--out", str(out)),
    ]
    assert main(command) == 0
    document = json.loads((out / "years.json").read_text())
    year, other = document["years"]
    assert (year["preset"], other["preset"]) == ("2023", "2022")
    assert [one.without_year for one in fits] == [2023, 2022]
    assert (year["n_episodes"], other["n_episodes"]) == (182, 16)
    names = {row["name"] for row in year["policies"]}
    assert names == {"delta", "delta-threshold"}
    for row in year["policies"]:
        left = row["objective_bp"] - row["floor_bp"]
        assert row["avoidable_bp"] == pytest.approx(left)
    page = (out / "README.md").read_text()
    assert "# Years that nobody has seen" in page
    monkeypatch.setattr(measure, "_measure", pytest.fail)
    assert main(command) == 0
    assert (out / "README.md").read_text() == page


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--years", "2023"], "name the recorded days with --replay"),
        (["--replay", "p.csv"], "belong to --years"),
        (["--set", "execution.fee_bp=3"], "belong to --years"),
        (["--years", "2023,2023", "--replay", "p.csv"], "one market is fitted"),
        (
            ["--years", "2023,2023", "--replay", "p.csv", "--presets", "reference"],
            "a year is named twice",
        ),
        (
            ["--years", "2023", "--replay", "p.csv", "--presets", "reference"],
            "give --risk-aversion",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(changed, message, capsys):
    assert main(["study", *changed]) != 0
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("years", "said"),
    [
        ("2019", "--years 2019: "),
        ("2022,2030", "--years 2030: "),
        (
            "2023",
            "--years 2023: prices.csv: without 2023-01-01 to 2024-01-01 less than",
        ),
    ],
)
def test_years_without_data_are_refused_before_any_is_fitted(
    years, said, prices, tmp_path, fits, capsys
):
    command = [
        *("study", "--years", years, "--presets", "reference"),
        *("--replay", str(prices), "--set", *SHORT, "--policies", "delta"),
        *("--risk-aversion", "10", "--no-progress", "--work", str(tmp_path / "work")),
        *("--out", str(tmp_path / "out")),
    ]
    assert main(command) == 2
    error = capsys.readouterr().err.splitlines()
    assert error[-1].startswith(f"hedge: error: {said}")
    assert fits == []
    assert not (tmp_path / "work").exists()
    assert not (tmp_path / "out").exists()


def test_a_policy_that_is_none_is_refused_before_any_year_is_fitted(
    prices, tmp_path, fits, capsys
):
    command = [
        *("study", "--years", "2023", "--presets", "reference", "--set", *SHORT),
        *("--replay", str(prices), "--policies", "delta-treshold"),
        *("--risk-aversion", "10", "--work", str(tmp_path / "work")),
    ]
    assert main(command) == 2
    assert "did you mean delta-threshold?" in capsys.readouterr().err
    assert fits == []
