"""Reads one recorded series from a CSV file, or says in one sentence why not.

Nothing is mended here: a day that is replayed must have happened as it stands. A cell
that is wrong is named with its line. Rows may be in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from hedge_env.base.errors import DataError, one_line
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.feeds.files.columns import SeriesKind
from hedge_env.feeds.files.csv_file import read_csv
from hedge_env.feeds.files.reading import Reading, read_series_cells
from hedge_env.feeds.files.timestamps import time_problem

_NOTHING: Final = frozenset(("", "nan", "null", "none", "na", "n/a", "-", "."))


@dataclass(frozen=True)
class Series:
    """A recorded series in the order of time, each time once.

    Attributes:
        source: The file.
        seconds: Unix time at which a value is known, rising, shape (n,) [second].
        values: As in the file, shape (n,).
        column: Name of the column that `values` come from; empty without a header.
        repeated: Rows left out because their time came before.
        empty: Rows left out because they have no value.
        fractions: Whether the file names the unit, and `values` are fractions for it.
    """

    source: str
    seconds: IntArray
    values: FloatArray
    column: str
    repeated: int
    empty: int
    fractions: bool = False

    @property
    def spacing(self) -> int:
        """Usual time between two values [second]."""
        return int(np.median(np.diff(self.seconds)))


def read_series(path: str, kind: SeriesKind) -> Series:
    """Read one series.

    Raises:
        DataError: In one line, naming the file and what to change.
    """
    file = read_csv(path)
    if not file.rows:
        raise DataError(one_line(f"{path} holds no two rows with a {kind.word}"))
    cells = read_series_cells(file, kind)
    if not cells.complete.all():
        at = int(np.argmin(cells.complete))
        found = len(file.rows[at][1])
        raise cells.at(at, f"{found} columns where {cells.width} are due")
    filled = np.array([_is_filled(text) for text in cells.texts])
    _require_readable(cells, filled)
    times = np.round(cells.seconds[filled]).astype(np.int64)
    values = cells.values[filled]
    if times.size < 2:
        raise DataError(one_line(f"{path} holds no two rows with a {kind.word}"))
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    first = np.append(True, np.diff(times) > 0)
    _require_one_value(cells, np.flatnonzero(filled)[order], first)
    return Series(
        source=path,
        seconds=times[first],
        values=values[first],
        column=cells.column,
        repeated=int((~first).sum()),
        empty=int((~filled).sum()),
        fractions=cells.percent,
    )


def _require_readable(cells: Reading, filled: BoolArray) -> None:
    """Refuse the first cell that is no time, or no finite number."""
    bad = filled & np.isnan(cells.seconds)
    if bad.any():
        at = int(np.argmax(bad))
        raise cells.at(at, time_problem(cells.times[at]))
    bad = filled & ~np.isfinite(cells.values)
    if bad.any():
        at = int(np.argmax(bad))
        problem = "is no number" if np.isnan(cells.values[at]) else "is not finite"
        raise cells.at(at, f"{cells.texts[at]!r} {problem}")


def _require_one_value(cells: Reading, order: IntArray, first: BoolArray) -> None:
    """Refuse two values of one time, as of two markets or of clocks put back."""
    values = cells.values[order]
    again = np.append(False, ~first[1:] & ~np.isclose(values[1:], values[:-1], 1e-9, 0))
    if again.any():
        at = int(np.argmax(again))
        other = cells.lines[int(order[at - 1])]
        text = f"{cells.times[int(order[at])]!r} is the time of line {other} too, with"
        raise cells.at(int(order[at]), f"{text} another value; keep one, in UTC")


def _is_filled(cell: str) -> bool:
    return cell.strip().lower() not in _NOTHING
