"""Whatever a file of history holds, it is a series or one line that says why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedge_env.base.errors import HedgeError
from hedge_env.feeds.files import columns
from hedge_env.feeds.files.series_file import read_series
from tests.fuzz.examples import assert_one_line, tries
from tests.hedge_env.feeds.history.files import hourly, walk, write_series

pytestmark = [pytest.mark.fuzz, pytest.mark.slow]

KINDS = st.sampled_from(
    [columns.SPOT, columns.IMPLIED_VOLATILITY, columns.GAS, columns.FUNDING]
)
PIECES = st.sampled_from(
    [
        *(",", ";", "\t", "\n", "\r\n", "\r", '"', "'", "\x00", "\x1b[2J", "\ufeff"),
        *("1e999", "-1", "nan", "inf", "1,702.27", "5%", "0x1F", "9" * 400, "²", "½"),
        *("date", "time", "open", "close", "price", "rate", "symbol", "unix", "value"),
        *("2024-01-01", "2024-13-45", "01/02/2024 05:00 PM", "1704067200", "1e18"),
        *("0000-00-00", "9999-12-31T23:59:59Z", "1704067200000", "PK\x03\x04", "{"),
        *("<html>", "[[1,2],[3,4]]", "https://example.com", "-", "", "null"),
    ]
)


def assert_series_or_one_line(path: Path, kind: columns.SeriesKind) -> None:
    try:
        series = read_series(str(path), kind)
    except HedgeError as error:
        assert_one_line(str(error), path.name)
    else:
        assert series.values.shape == series.seconds.shape
        assert np.isfinite(series.values).all()
        assert (np.diff(series.seconds) > 0).all()


@tries(300)
@given(
    text=st.lists(PIECES | st.text(max_size=6), max_size=40).map("".join), kind=KINDS
)
def test_a_made_up_file_is_a_series_or_one_line(
    tmp_path: Path, text: list[str], kind: columns.SeriesKind
) -> None:
    path = tmp_path / "made.csv"
    path.write_bytes("".join(text).encode("utf-8", "surrogatepass"))
    assert_series_or_one_line(path, kind)


@tries(300)
@given(
    header=st.sampled_from(["", "timestamp,price", "date,close", "time,open"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    kind=KINDS,
    data=st.data(),
)
def test_a_damaged_file_is_a_series_or_one_line(
    tmp_path: Path,
    header: str,
    encoding: str,
    kind: columns.SeriesKind,
    data: st.DataObject,
) -> None:
    path = tmp_path / "damaged.csv"
    write_series(path, hourly(30), walk(30), header)
    content = bytearray(path.read_text().encode(encoding))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(
            PIECES.map(lambda text: text.encode(encoding, "replace"))
            | st.binary(max_size=3)
        )
        content[at : at + data.draw(st.integers(0, 12))] = piece
    path.write_bytes(bytes(content))
    assert_series_or_one_line(path, kind)


@tries(100)
@given(
    content=st.binary(max_size=400),
    start=st.sampled_from([b"", b"\x1f\x8b\x08", b"PK\x03\x04", b"PAR1", b"\xff\xfe"]),
    kind=KINDS,
)
def test_any_bytes_are_a_series_or_one_line(
    tmp_path: Path, content: bytes, start: bytes, kind: columns.SeriesKind
) -> None:
    path = tmp_path / "bytes.csv"
    path.write_bytes(start + content)
    assert_series_or_one_line(path, kind)
