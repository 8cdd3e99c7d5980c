"""`hedge inspect` says what a file is taken for, or in one sentence why not."""

import json
from pathlib import Path

import pytest

from hedge_env.training.cli.main import main
from tests.hedge_env.feeds.history.layout_files import BARS, INSTANTS, OPEN_BARS, table
from tests.training.calibrate.files import DATA

KEYS = {
    *("layout", "kind", "rows", "first", "last", "spacing_seconds", "moment", "unit"),
    *("missing", "repaired"),
}
FILES = {
    "eth_usdt_1h.csv": ("spot", 72_584, 3600, "open", "quote currency", 128),
    "eth_dvol_daily.csv": ("implied_volatility", 1840, 86_400, "open", "percent", 0),
    "btc_dvol_daily.csv": ("implied_volatility", 1840, 86_400, "open", "percent", 0),
    "eth_gas_daily.csv": ("gas", 3961, 86_400, "open", "wei", 0),
    "eth_gas_hourly_2022.csv": ("gas", 5487, 3600, "open", "gwei", 6),
    "base_l2_gas_hourly_2024.csv": (
        *("gas", 2162, 3600, "open", "USD per transaction", 0),
    ),
    "eth_funding_8h.csv": ("funding", 4383, 28_800, "instant", "fractions", 0),
    "eth_chain_2024-01-08.csv": ("chain", 684, None, "instant", "coin", 586),
    "btc_chain_2021-10-21_sepp.csv": ("chain", 49, None, "instant", "fractions", 7),
}


def inspect(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["inspect", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) >= KEYS
    return found


@pytest.mark.parametrize("name", FILES)
def test_published_histories_are_taken_for_what_they_are(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if not (DATA / name).exists():
        pytest.skip(f"needs the history {name}")
    found = inspect(DATA / name, capsys)
    keys = ("kind", "rows", "spacing_seconds", "moment", "unit", "missing")
    assert tuple(found[key] for key in keys) == FILES[name]


@pytest.mark.parametrize("name", OPEN_BARS | INSTANTS)
def test_every_layout_is_named_with_span_and_moment(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, text = (OPEN_BARS | INSTANTS)[name]
    path = tmp_path / "eth.csv"
    path.write_text(text)
    found = inspect(path, capsys)
    assert found["layout"] == layout
    assert found["kind"] == "spot"
    assert found["moment"] == ("open" if name in OPEN_BARS else "instant")
    assert (found["rows"], found["missing"]) == (48, 0)
    assert found["first"] == "2024-01-01T00:00:00Z"
    assert found["last"] == "2024-01-02T23:00:00Z"
    assert found["spacing_seconds"] == 3600
    assert (found["first_value"], found["last_value"]) == (3000.0, BARS[-1][1])
    assert (found["replay"], found["calibrate"]) == (None, None)


def test_gaps_and_what_was_mended_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "eth.csv"
    bars = [*BARS[:10], *BARS[13:]][::-1]
    text = table("time,close", lambda b: f"{b[0]},{b[4]}", [bars[0], *bars])
    path.write_text(text.replace(f",{BARS[20][4]}\n", ",none\n"))
    found = inspect(path, capsys)
    assert found["moment"] == "close"
    assert found["first"] == "2024-01-01T01:00:00Z"
    assert found["missing"] == 4
    assert found["gaps"] == [
        {"from": "2024-01-01T10:00:00Z", "to": "2024-01-01T14:00:00Z", "missing": 3},
        {"from": "2024-01-01T20:00:00Z", "to": "2024-01-01T22:00:00Z", "missing": 1},
    ]
    remarks = " ".join(found["repaired"])  # type: ignore[arg-type]
    for words in ("1 rows without", "newest first", "1 rows repeat a time"):
        assert words in remarks
    assert main(["inspect", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "the end of its bar, column close" in shown
    assert f"2024-01-01T01:00:00Z  {BARS[0][4]:.10g}" in shown
    assert "2024-01-01T10:00:00Z to 2024-01-01T14:00:00Z: 3 missing" in shown


def test_what_cannot_be_read_ends_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "eth.csv"
    path.write_text("time,price\n1704067200,3000\n1704070800,many\n1704074400,3001\n")
    assert main(["inspect", str(path)]) == 1
    error = capsys.readouterr().err
    assert "line 3: 'many' is no number" in error
    assert error.count("\n") == 1
