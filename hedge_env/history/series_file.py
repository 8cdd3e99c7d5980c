"""Reads one recorded series from a CSV file, or says in one sentence why not.

Nothing is mended here: a day that is replayed must have happened as it stands. A cell
that is wrong is named with its line. Rows may be in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hedge_env._types import FloatArray, IntArray
from hedge_env.errors import DataError, one_line
from hedge_env.history.columns import SeriesKind, require_one_symbol, time_and_value
from hedge_env.history.csv_file import number, read_csv
from hedge_env.history.timestamps import parse_times


@dataclass(frozen=True)
class Series:
    """A recorded series in the order of time, each time once.

    Attributes:
        source: The file.
        seconds: Unix time, rising, shape (n,) [second].
        values: As in the file, shape (n,).
        column: Name of the column that `values` come from; empty without a header.
        repeated: Rows left out because their time came before.
        empty: Rows left out because they have no value.
    """

    source: str
    seconds: IntArray
    values: FloatArray
    column: str
    repeated: int
    empty: int

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
    time_at, value_at = time_and_value(file, kind)
    for line, cells in file.rows:
        if len(cells) != file.width:
            raise _at(path, line, f"{len(cells)} columns where {file.width} are due")
    require_one_symbol(file)
    filled = [(line, cells) for line, cells in file.rows if _is_filled(cells[value_at])]
    times = parse_times(path, [(line, cells[time_at]) for line, cells in filled])
    values = _numbers(path, [(line, cells[value_at]) for line, cells in filled])
    if times.size < 2:
        raise DataError(one_line(f"{path} holds no two rows with a {kind.word}"))
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    first = np.append(True, np.diff(times) > 0)
    return Series(
        source=path,
        seconds=times[first],
        values=values[first],
        column="" if file.header is None else file.header[value_at],
        repeated=int((~first).sum()),
        empty=len(file.rows) - len(filled),
    )


def _numbers(path: str, cells: Sequence[tuple[int, str]]) -> FloatArray:
    values = np.array([number(text) for _, text in cells], dtype=np.float64)
    if not np.isfinite(values).all():
        at = int(np.argmin(np.isfinite(values)))
        line, text = cells[at]
        problem = "is no number" if np.isnan(values[at]) else "is not finite"
        raise _at(path, line, f"{text!r} {problem}")
    return values


def _is_filled(cell: str) -> bool:
    return cell.strip().lower() not in ("", "nan", "null", "none", "na", "n/a")


def _at(path: str, line: int, problem: str) -> DataError:
    return DataError(one_line(f"{path} line {line}: {problem}"))
