"""Damaged files give one clear sentence or the right result, never a traceback."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base.errors import DataError
from hedge_env.training.calibrate.data.history import Window, read_spot
from hedge_env.training.cli.main import main
from tests.training.calibrate.files import HOURS, iso, prices, rows, seconds, text


def read(path: Path):
    return read_spot(path, Window())


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    path = tmp_path_factory.mktemp("sound") / "prices.csv"
    path.write_text(text(rows()))
    return read(path).returns


def _negative() -> bytes:
    data = rows()
    return text(
        [(t, f"-{p}" if i % 2 else p) for i, (t, p) in enumerate(data)]
    ).encode()


def _conflicting() -> bytes:
    data = [row for t, p in rows() for row in ((t, p), (t, f"{float(p) * 0.5:.4f}"))]
    return text(data).encode()


def _cents() -> bytes:
    data = [
        (t, f"{float(p) * (100.0 if i > HOURS // 2 else 1.0)}")
        for i, (t, p) in enumerate(rows())
    ]
    return text(data).encode()


def _days_and_months() -> bytes:
    names = [f"{1 + i % 28}/{1 + i % 12}/2020" for i in range(100)]
    names += [f"{1 + i % 12}/{13 + i % 12}/2020" for i in range(100)]
    return text([(name, "2000.5") for name in names]).encode()


def _mixed_zones() -> bytes:
    plain, zoned = rows(iso(None)), rows(iso(3))
    return text(plain[: HOURS // 2] + zoned[HOURS // 2 :]).encode()


def _mostly_missing() -> bytes:
    data = rows()
    keep = data[: HOURS // 4] + data[-HOURS // 4 :]
    return text(keep).encode()


REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n \n", "is empty"),
    "header alone": (b"time,price\n", "no rows"),
    "binary": (bytes(range(256)) * 40, "not text"),
    "zero bytes": (b"time,price\n1\0,2\n", "not text"),
    "one column": (text([(p,) for _, p in rows()], "price\n").encode(), "one column"),
    "wrong columns": (
        text([(t, p, "1") for t, p in rows()], "when,what,why\n").encode(),
        "no column is known as the time",
    ),
    "no price column": (
        text([(t, p, "1") for t, p in rows()], "time,what,why\n").encode(),
        "no column is known as the price",
    ),
    "two columns of one name": (
        text([(t, p, p) for t, p in rows()], "time,price,Price\n").encode(),
        "same name",
    ),
    "words for prices": (
        text([(t, "many") for t, _ in rows()]).encode(),
        "no readable value",
    ),
    "words for times": (
        text([("soon", p) for _, p in rows()]).encode(),
        "no readable time",
    ),
    "columns exchanged": (
        text([(p, t) for t, p in rows()], "time,price\n").encode(),
        "no readable time",
    ),
    "negative prices": (_negative(), "zero or below"),
    "two markets in one": (_conflicting(), "several markets"),
    "cents from the middle on": (_cents(), "units or markets mixed"),
    "a month of prices": (text(rows()[:720]).encode(), "180 are needed"),
    "daily prices": (text(rows()[::24]).encode(), "hourly prices are needed"),
    "a price that never moves": (
        text([(t, "5.0") for t, _ in rows()]).encode(),
        "never moves",
    ),
    "days and months": (_days_and_months(), "day/month"),
    "zones here and none there": (_mixed_zones(), "time zone"),
    "half of it missing": (_mostly_missing(), "are missing"),
    "html": (b"<!DOCTYPE html>\n<html><body>Not found</body></html>\n", "html"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_damaged_file_is_refused_in_one_clear_sentence(
    name: str, tmp_path: Path
) -> None:
    data, words = REFUSED[name]
    path = tmp_path / "html.csv"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read(path)
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert "html.csv" in message


def _shuffled() -> str:
    order = np.random.default_rng(2).permutation(HOURS)
    data = rows()
    return text([data[i] for i in order])


def _units() -> str:
    factors = (1, 1000, 1_000_000)
    return text([(str(int(t) * factors[i % 3]), p) for i, (t, p) in enumerate(rows())])


def _zones() -> str:
    one, two = rows(iso(3)), rows(iso(-5))
    return text([(one, two)[i % 2][i] for i in range(HOURS)])


MENDED: dict[str, tuple[Callable[[], str], str]] = {
    "shuffled": (_shuffled, "out of order"),
    "newest first": (lambda: text(rows()[::-1]), "newest first"),
    "rows twice": (lambda: text([r for r in rows() for _ in (0, 1)]), "repeat a time"),
    "several units": (_units, "several units"),
    "several zones": (_zones, "several zones"),
    "no header": (lambda: text(rows(), ""), ""),
    "semicolons": (lambda: "\ufeff" + text(rows(), "time;price\r\n", ";"), ""),
    "quotes": (lambda: text([(f'"{t}"', f'"{p}"') for t, p in rows()]), ""),
    "a column too many in a row": (
        lambda: text([*rows()[:-1], (*rows()[-1], "7")]),
        "",
    ),
    "nanoseconds": (lambda: text([(t + "000000000", p) for t, p in rows()]), ""),
    "price before time": (
        lambda: text([(p, t) for t, p in rows()], "price,time\n"),
        "",
    ),
}


@pytest.mark.parametrize("name", MENDED)
def test_a_file_out_of_order_reads_as_the_sound_one(
    name: str, tmp_path: Path, sound: np.ndarray
) -> None:
    make, words = MENDED[name]
    path = tmp_path / "prices.csv"
    path.write_text(make(), encoding="utf-8")
    history = read(path)
    np.testing.assert_allclose(history.returns, sound, atol=1e-12)
    assert words in " ".join(history.remarks)


def _with(index: int, price: str) -> str:
    data = rows()
    data[index] = (data[index][0], price)
    return text(data)


PATCHED: dict[str, tuple[Callable[[], str], str]] = {
    "an outlier of 1e9": (lambda: _with(500, f"{prices()[500] * 1e9}"), "neighbours"),
    "an outlier of 1e-9": (lambda: _with(500, f"{prices()[500] * 1e-9}"), "neighbours"),
    "an outlier at the end": (lambda: _with(-5, "99999999"), "neighbours"),
    "a zero": (lambda: _with(500, "0"), "zero or below"),
    "a negative price": (lambda: _with(500, "-2000"), "zero or below"),
    "a word": (lambda: _with(500, "n/a"), "without a readable value"),
    "infinity": (lambda: _with(500, "inf"), "without a readable value"),
    "cut off": (lambda: text(rows())[:-20], "without a readable"),
    "a row missing": (lambda: text(rows()[:500] + rows()[501:]), "gaps"),
}


@pytest.mark.parametrize("name", PATCHED)
def test_a_bad_row_costs_its_two_returns_and_is_reported(
    name: str, tmp_path: Path, sound: np.ndarray
) -> None:
    make, words = PATCHED[name]
    path = tmp_path / "prices.csv"
    path.write_text(make(), encoding="utf-8")
    history = read(path)
    assert words in " ".join(history.remarks)
    n = min(history.returns.size, sound.size)
    returns, expected = history.returns[0, :n], sound[0, :n]
    known = np.isfinite(returns)
    assert (~known).sum() - (~np.isfinite(expected)).sum() <= 2
    np.testing.assert_allclose(returns[known], expected[known], atol=1e-12)


def test_a_missing_file_and_a_folder_are_said_to_be_that(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read(tmp_path / "none.csv")
    with pytest.raises(DataError, match="is a folder"):
        read(tmp_path)


def test_dates_that_leave_nothing_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(text(rows()))
    with pytest.raises(DataError, match="between --since and --until"):
        read_spot(path, Window(seconds()[-1] + 1e6, np.inf))


def test_the_command_ends_in_one_line_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "prices.csv", tmp_path / "market.yaml"
    path.write_bytes(REFUSED["negative prices"][0])
    assert main(["calibrate", "--spot", str(path), "--out", str(out)]) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert not out.exists()
    assert json.dumps(captured.err)
