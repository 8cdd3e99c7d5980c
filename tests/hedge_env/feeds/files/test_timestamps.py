"""Times of a column, read at once where all are in one form."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedge_env.base.errors import DataError
from hedge_env.feeds.files.columns import SPOT
from hedge_env.feeds.files.series_file import read_series
from hedge_env.feeds.files.timestamps import read_times

MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(2120, 1, 1))
FORMS = st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M"])


def cell_by_cell(texts: list[str]) -> np.ndarray:
    """The same times, read in the way that bears any form: a blank cell forces it."""
    return read_times([*texts, ""], "f.csv").seconds[:-1]


@given(
    moments=st.lists(MOMENTS, min_size=1, max_size=5),
    form=FORMS,
    zone=st.sampled_from(["", "Z", "+00:00", " UTC"]),
)
def test_a_column_in_iso_form_is_read_as_its_cells_are(moments, form, zone):
    texts = [f"{moment.year:04}{moment.strftime(form[2:])}{zone}" for moment in moments]
    found = read_times(texts, "f.csv")
    np.testing.assert_array_equal(found.seconds, cell_by_cell(texts))
    assert found.remarks == ()


@pytest.mark.parametrize(
    ("odd", "seconds"),
    [
        ("2024-02-30 00:00:00", np.nan),  # no such day
        ("2024-01-01 24:00:00", 1_704_153_600.0),
        ("2024-01-02 00:00:61", np.nan),
        ("0000-01-01 00:00:00", np.nan),
        ("2024-01-02 00:00:00\n2024-01-03 00:00:00", np.nan),  # a cell of two lines
    ],
)
def test_one_odd_cell_of_an_iso_column_is_read_as_before(odd, seconds):
    texts = ["2024-01-01 00:00:00", odd]
    found = read_times(texts, "f.csv").seconds
    np.testing.assert_array_equal(found, [1_704_067_200.0, seconds])


def test_times_with_and_without_a_zone_are_still_refused_in_one_column():
    texts = ["2024-01-01 00:00:00", "2024-01-01 01:00:00Z"]
    with pytest.raises(DataError, match="1 times name a time zone and 1 do not"):
        read_times(texts, "f.csv")


def calls(function: Callable[..., object], *arguments: object) -> int:
    """Calls of Python functions that a call of one leads to."""
    found = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal found
        found += event == "call"

    sys.setprofile(count)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
    return found


@pytest.mark.parametrize(("form", "a_row"), [("%Y-%m-%d %H:%M:%S", 4), ("Unix", 6)])
def test_a_long_plain_file_is_read_in_a_few_calls_a_row(
    tmp_path: Path, form: str, a_row: int
) -> None:
    def file(rows: int) -> str:
        first = datetime(2023, 1, 1, tzinfo=UTC)
        moments = [first + timedelta(minutes=i) for i in range(rows)]
        unix = form == "Unix"
        times = [f"{m.timestamp():.0f}" if unix else m.strftime(form) for m in moments]
        lines = (f"{time},{2000 + i % 97}.25\n" for i, time in enumerate(times))
        path = tmp_path / f"{rows}.csv"
        path.write_text("timestamp,price\n" + "".join(lines))
        return str(path)

    # 3 and 4.5 calls a row; cell by cell the times alone are 11.
    short, long = (calls(read_series, file(rows), SPOT) for rows in (1000, 3000))
    assert long - short <= a_row * 2000


def test_reading_leaves_the_garbage_collector_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text('time,price\n1700000000,"1\n')
    for switch in (gc.disable, gc.enable):
        switch()
        on = gc.isenabled()
        with pytest.raises(DataError, match="quotes are wrong"):
            read_series(str(path), SPOT)
        assert gc.isenabled() == on


def test_the_bounds_of_times_are_those_of_every_form():
    texts = ["1989-12-31 23:59:59", "1990-01-01 00:00:00", "2100-01-01 00:00:00"]
    found = read_times(texts, "f.csv").seconds
    np.testing.assert_array_equal(np.isfinite(found), [False, True, False])
