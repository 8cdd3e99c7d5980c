"""Reads one recorded series from a CSV file, or says in one sentence why not.

Accepted are a plain file of two columns (time, value) with or without a header, and
files with more columns whose names say what they hold. Rows may be in any order.
Times are Unix seconds, milli-, micro- or nanoseconds, or dates as text, UTC unless
they name their zone. Of a bar (open, high, low, close) the open is taken: it is the
value at the time the row is stamped with, so that nothing is known too early.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from hedge_env._types import FloatArray, IntArray
from hedge_env.errors import DataError, one_line
from hedge_env.history.timestamps import parse_times

_MAX_BYTES = 500_000_000
_TIME_COLUMNS = (
    *("unixtimestamp", "unix", "timestamp", "open_time", "time", "datetime"),
    *("date(utc)", "date", "dt", "day"),
)


@dataclass(frozen=True)
class SeriesKind:
    """What a file holds.

    Attributes:
        word: For messages.
        columns: Names of the value's column, the best first, in lower case.
    """

    word: str
    columns: tuple[str, ...]


SPOT: Final = SeriesKind("price", ("open", "price", "spot", "mid", "last", "close"))
IMPLIED_VOLATILITY: Final = SeriesKind(
    "implied volatility", ("open", "implied_volatility", "iv", "dvol", "close")
)
GAS: Final = SeriesKind(
    "gas price", ("value (wei)", "gas_price", "gwei", "wei", "average_gas_fee")
)
FUNDING: Final = SeriesKind("funding rate", ("funding rate", "funding_rate", "rate"))


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
    rows = _read_rows(path)
    if not rows:
        raise DataError(one_line(f"{path} is empty: a time and a value a row are due"))
    header = _header(rows[0][1])
    time_at, value_at = _columns(path, header, rows[0][1], kind)
    body = rows if header is None else rows[1:]
    width = len(rows[0][1])
    for line, cells in body:
        if len(cells) != width:
            raise _at(path, line, f"{len(cells)} columns where {width} are due")
    _one_symbol(path, header, body)
    filled = [(line, cells) for line, cells in body if _is_filled(cells[value_at])]
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
        column="" if header is None else header[value_at],
        repeated=int((~first).sum()),
        empty=len(body) - len(filled),
    )


def _read_rows(path: str) -> list[tuple[int, list[str]]]:
    """Rows that are not blank, each with its line number."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise DataError(one_line(f"{path} does not exist; give a CSV file")) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(one_line(f"{path} cannot be read: {reason}")) from None
    if len(data) > _MAX_BYTES:
        raise DataError(one_line(f"{path} is larger than {_MAX_BYTES} bytes"))
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise DataError(one_line(f"{path} is not text; give a CSV file")) from None
    start = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=start.count)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise DataError(one_line(f"{path} is not a CSV file: {error}")) from None
    numbered = enumerate(rows, start=1)
    return [(line, cells) for line, cells in numbered if any(c.strip() for c in cells)]


def _header(cells: Sequence[str]) -> list[str] | None:
    """Names of the columns in lower case, None if the first row is data."""
    if any(_is_number(cell) for cell in cells):
        return None
    return [cell.strip().lower() for cell in cells]


def _columns(
    path: str, header: list[str] | None, first: Sequence[str], kind: SeriesKind
) -> tuple[int, int]:
    """Where time and value are."""
    if header is None:
        if len(first) != 2:
            text = f"{path} has {len(first)} columns and no header; name the columns"
            raise DataError(one_line(f"{text}, or keep two: time and {kind.word}"))
        return 0, 1
    time_at = next((header.index(n) for n in _TIME_COLUMNS if n in header), None)
    value_at = next((header.index(n) for n in kind.columns if n in header), None)
    if len(header) == 2:
        if time_at is None:
            time_at = 0 if value_at is None else 1 - value_at
        return time_at, 1 - time_at
    for what, found, known in (
        ("time", time_at, _TIME_COLUMNS),
        (kind.word, value_at, kind.columns),
    ):
        if found is None:
            text = f"{path} has no column of the {what} among {', '.join(header)}"
            raise DataError(one_line(f"{text}; known names: {', '.join(known)}"))
    assert time_at is not None  # tested above
    assert value_at is not None
    return time_at, value_at


def _one_symbol(
    path: str, header: list[str] | None, body: Sequence[tuple[int, list[str]]]
) -> None:
    if header is None or "symbol" not in header:
        return
    at = header.index("symbol")
    symbols = sorted({cells[at] for _, cells in body})
    if len(symbols) > 1:
        text = f"{path} holds several symbols: {', '.join(symbols[:5])}; keep one"
        raise DataError(one_line(text))


def _numbers(path: str, cells: Sequence[tuple[int, str]]) -> FloatArray:
    try:
        values = np.array([float(text) for _, text in cells])
    except ValueError:
        line, text = next((n, t) for n, t in cells if not _is_number(t))
        raise _at(path, line, f"{text!r} is no number") from None
    if not np.isfinite(values).all():
        line, text = cells[int(np.argmin(np.isfinite(values)))]
        raise _at(path, line, f"{text!r} is not finite")
    return values


def _is_filled(cell: str) -> bool:
    return cell.strip().lower() not in ("", "nan", "null", "none", "na", "n/a")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _at(path: str, line: int, problem: str) -> DataError:
    return DataError(one_line(f"{path} line {line}: {problem}"))
