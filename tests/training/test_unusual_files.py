"""What a fit and `hedge inspect` make of files that a replay refuses or half reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base.errors import DataError
from hedge_env.feeds.files.columns import IMPLIED_VOLATILITY
from hedge_env.feeds.files.series_file import read_series
from hedge_env.feeds.files.units import implied_volatilities
from hedge_env.training.calibrate.data.cleaning import Series, clean
from hedge_env.training.calibrate.data.read_table import (
    FUNDING,
    IMPLIED,
    SPOT,
    Kind,
    read_table,
)
from hedge_env.training.cli.main import main
from tests.hedge_env.feeds.history.unusual import (
    BARS,
    DAY,
    HOUR,
    START,
    VALUES,
    rows,
    stamp,
)


def fit(path: Path, kind: Kind) -> Series:
    return clean(read_table(path, kind), kind, least_days=0.0)


def prices() -> str:
    return rows("timestamp,price\n", lambda t, i: f"{stamp(t)},{VALUES[i]}")


def test_of_two_values_of_one_time_a_fit_takes_neither(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    doubt = f"{stamp(START + 9 * HOUR)},{VALUES[9] + 5}\n"
    same = f"{stamp(START + 3 * HOUR)},{VALUES[3]}\n"
    path.write_text(prices() + doubt + same)
    found = fit(path, SPOT)
    expected = [np.nan if i == 9 else VALUES[i] for i in range(48)]
    np.testing.assert_array_equal(found.values, expected)
    said = " ".join(found.remarks)
    assert "1 rows repeat a time with another value: all left out" in said
    assert "1 rows repeat a time: one is kept" in said


@pytest.mark.parametrize("kind", [IMPLIED, FUNDING])
def test_prices_are_neither_volatilities_nor_rates(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / "p.csv"
    path.write_text(rows("time,value\n", lambda t, i: f"{stamp(t)},{VALUES[i]}"))
    with pytest.raises(DataError, match=f"48 of 48 .* can be no {kind.name} in any"):
        fit(path, kind)


def test_an_inspection_says_that_a_replay_refuses_such_rates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "funding.csv"
    path.write_text(rows("time,value\n", lambda t, i: f"{stamp(t)},{VALUES[i]}"))
    assert main(["inspect", str(path)]) == 1
    assert "is no fraction paid" in capsys.readouterr().err


def test_a_file_of_percent_and_fractions_is_named_as_that(tmp_path: Path) -> None:
    path = tmp_path / "iv.csv"
    half = 0.01
    path.write_text(
        rows(
            "date,iv\n",
            lambda t, i: f"{t:%Y-%m-%d},{(50 + i) * (half if i < 30 else 1.0):.2f}",
            step=DAY,
        )
    )
    with pytest.raises(DataError, match="are percent and fractions mixed"):
        implied_volatilities(read_series(str(path), IMPLIED_VOLATILITY))


def test_one_row_is_too_few(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.csv"
    path.write_text(prices().split("\n", 2)[0] + "\n" + prices().split("\n")[1] + "\n")
    with pytest.raises(DataError, match="1 good rows; two at least are needed"):
        fit(path, SPOT)
    assert main(["inspect", str(path)]) == 1
    assert "holds no two rows with a price" in capsys.readouterr().err


def test_what_a_fit_leaves_out_is_in_the_inspection(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.csv"
    bars = [(*bar[:3], "inf" if i == 9 else bar[3]) for i, bar in enumerate(BARS)]
    path.write_text(
        rows(
            "timestamp,open,high,low,close\n",
            lambda t, i: ",".join(map(str, (stamp(t), *bars[i]))),
        )
    )
    assert main(["inspect", str(path), "--json"]) == 0
    repaired = json.loads(capsys.readouterr().out)["repaired"]
    assert any(text.startswith("calibrate: ") and "'inf'" in text for text in repaired)


def test_settlements_that_become_more_frequent_are_no_gaps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "f.csv"
    slow = rows("time,funding_rate\n", lambda t, i: f"{stamp(t)},0.0001", step=8 * HOUR)
    later = START + 48 * 8 * HOUR
    fast = rows("", lambda t, i: f"{stamp(t)},0.00005", step=4 * HOUR, start=later)
    path.write_text(slow + fast + f"{stamp(later + 52 * 4 * HOUR)},0.00005\n")
    assert main(["inspect", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["missing"] == 4
    assert any("from 8 to 4 h" in text for text in found["repaired"])


def test_repeated_times_are_told_from_contradictions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.csv"
    path.write_text(prices() + f"{stamp(START + 9 * HOUR)},{VALUES[9] + 5}\n")
    assert main(["inspect", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "1 rows repeat a time, 1 of them with another value" in found["repaired"]
    assert "line 50" in found["replay"]
