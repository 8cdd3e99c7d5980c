"""Zip archives of one series in several files, as exchanges' months come."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base.errors import DataError
from hedge_env.feeds.files.columns import SPOT
from hedge_env.feeds.files.series_file import read_series
from hedge_env.training.calibrate.data.history import Window, read_spot
from hedge_env.training.calibrate.data.inspection import KINDS
from hedge_env.training.calibrate.data.read_table import read_table

HOUR = 3_600_000
MONTHS = {"01": 1_704_067_200_000, "02": 1_706_745_600_000, "03": 1_709_251_200_000}
HEADING = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore"
)


def rows(start: int, hours: int, level: float = 2000.0, unit: int = 1) -> list[str]:
    """Candles of the archive of Binance, without a heading."""
    out = []
    for k in range(hours):
        t, p = start + k * HOUR, level + k % 24
        prices = f"{p},{p + 1},{p - 1},{p + 0.5}"
        out.append(f"{t * unit},{prices},9,{(t + HOUR) * unit - 1},1,2,3,4,0")
    return out


def months(heading: bool = False) -> dict[str, str]:
    stamps = sorted(MONTHS.values())
    found = {}
    for month, start in MONTHS.items():
        after = [s for s in stamps if s > start]
        hours = (after[0] - start) // HOUR if after else 31 * 24
        top = [HEADING] if heading else []
        text = "\n".join([*top, *rows(start, hours)]) + "\n"
        found[f"ETHUSDT-1h-2024-{month}.csv"] = text
    return found


def packed(path: Path, files: dict[str, str | bytes]) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return str(path)


@pytest.fixture
def alone(tmp_path: Path) -> str:
    """The same months as one plain file."""
    path = tmp_path / "alone.csv"
    path.write_text("".join(months().values()))
    return str(path)


def assert_same_series(path: str, alone: str) -> None:
    joined, plain = read_series(path, SPOT), read_series(alone, SPOT)
    np.testing.assert_array_equal(joined.seconds, plain.seconds)
    np.testing.assert_array_equal(joined.values, plain.values)
    assert joined.seconds.size == 24 * (31 + 29 + 31)


@pytest.mark.parametrize("heading", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_months_are_joined_in_order_of_time(
    tmp_path: Path, alone: str, heading: bool, backwards: bool
) -> None:
    files = list(months(heading).items())
    path = packed(tmp_path / "eth.zip", dict(files[::-1] if backwards else files))
    assert_same_series(path, alone)
    fitted, plain = (read_table(Path(p), KINDS[SPOT][1]) for p in (path, alone))
    order = np.argsort(fitted.seconds)
    np.testing.assert_array_equal(fitted.seconds[order], plain.seconds)
    np.testing.assert_array_equal(fitted.values[order], plain.values)


def test_a_heading_in_some_months_only_is_one_heading(
    tmp_path: Path, alone: str
) -> None:
    files, last = months(), "ETHUSDT-1h-2024-03.csv"
    files[last] = months(heading=True)[last]
    assert_same_series(packed(tmp_path / "eth.zip", files), alone)


def test_names_of_months_may_hide_their_order(tmp_path: Path, alone: str) -> None:
    names = {"01": "jan", "02": "feb", "03": "mar"}
    texts = months().values()
    files = {f"eth_{n}.csv": t for n, t in zip(names.values(), texts, strict=True)}
    assert_same_series(packed(tmp_path / "eth.zip", files), alone)


def test_months_may_be_packed_themselves_and_have_checksums(
    tmp_path: Path, alone: str
) -> None:
    files: dict[str, str | bytes] = {}
    for name, text in months().items():
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as archive:
            archive.writestr(name, text)
        stem = name.removesuffix(".csv")
        files[f"{stem}.zip"] = inner.getvalue()
        files[f"{stem}.zip.CHECKSUM"] = "0123 abc"
    assert_same_series(packed(tmp_path / "eth.zip", files), alone)
    gz = {f"{n}.gz": gzip.compress(t.encode()) for n, t in months().items()}
    assert_same_series(packed(tmp_path / "gz.zip", gz), alone)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"BTCUSDT-1h-2024-04.csv": "1711929600000,1,1,1,1\n"}, "differ in more than"),
        ({"ETHUSDT-1m-2024-04.csv": "1711929600000,1,1,1,1\n"}, "differ in more than"),
        ({"ETHUSDT-1h-2024-04.csv": "1711929600000,2,3\n"}, "numbers of columns"),
        ({"readme.txt": "Prices of Ether"}, "differ in more than dates"),
        ({"ETHUSDT-1h-2024-04.csv": b"\xff\xfe\x00"}, "not all text"),
    ],
)
def test_files_of_several_series_are_refused_in_one_sentence(
    tmp_path: Path, more: dict[str, str | bytes], said: str
) -> None:
    path = packed(tmp_path / "eth.zip", {**months(), **more})
    for read in (read_series, lambda path, _: read_spot(Path(path), Window())):
        with pytest.raises(DataError, match=said) as caught:
            read(path, SPOT)
        assert "zip archive of 4 files (ETHUSDT-1h-2024-01.csv" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_two_values_of_one_time_are_refused(tmp_path: Path) -> None:
    files = months()
    files["ETHUSDT-1h-2024-04.csv"] = "\n".join(rows(MONTHS["03"], 5, 2100.0))
    path = packed(tmp_path / "eth.zip", files)
    with pytest.raises(DataError, match="with another value"):
        read_series(path, SPOT)


def test_an_archive_is_unpacked_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "eth.zip", months())
    for most in (10_000, Path(path).stat().st_size + 1000):
        monkeypatch.setattr("hedge_env.feeds.files.raw_file.MOST_BYTES", most)
        with pytest.raises(DataError, match=f"larger than {most} bytes"):
            read_series(path, SPOT)


def test_stamps_of_the_archive_change_to_microseconds(
    tmp_path: Path, alone: str
) -> None:
    files, last = months(), "ETHUSDT-1h-2024-03.csv"
    files[last] = "\n".join(rows(MONTHS["03"], 31 * 24, unit=1000))
    assert_same_series(packed(tmp_path / "eth.zip", files), alone)
