"""Times of a column, read at once where all are in one form."""

from __future__ import annotations

import csv
import gc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

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


def fastest(function, *arguments) -> float:
    """CPU time of the fastest of three calls [second]."""
    times = []
    for _ in range(3):
        start = process_time()
        function(*arguments)
        times.append(process_time() - start)
    return min(times)


def dictionaries(path: Path) -> int:
    """Rows of a file as the standard library gives them, a dictionary each."""
    with path.open(newline="") as file:
        return len(list(csv.DictReader(file)))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "Unix"])
def test_a_long_plain_file_is_read_in_little_more_than_its_cells(
    tmp_path: Path, form: str
) -> None:
    first = datetime(2023, 1, 1, tzinfo=UTC)
    moments = [first + timedelta(minutes=i) for i in range(100_000)]
    path = tmp_path / "minutes.csv"
    unix = form == "Unix"
    times = [f"{m.timestamp():.0f}" if unix else m.strftime(form) for m in moments]
    rows = (f"{time},{2000 + i % 97}.25\n" for i, time in enumerate(times))
    path.write_text("timestamp,price\n" + "".join(rows))
    # Twice as long is usual; 7 and 14 times when each cell was tried in every form.
    assert fastest(read_series, str(path), SPOT) < 4.0 * fastest(dictionaries, path)


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
