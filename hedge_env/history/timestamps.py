"""Times of a recorded series, whatever unit or form they are written in.

Numbers are seconds, milli-, micro- or nanoseconds since 1970, told apart by size,
value by value: for dates from 1990 to 2100 the four do not overlap. Text is an ISO
date or time, with or without offset, or a common form with slashes or dots.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from hedge_env._types import FloatArray, IntArray
from hedge_env.errors import DataError, one_line
from hedge_env.history.csv_file import number

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
_LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_UNITS = (("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9))
_YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(.*)")
_DOTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(.*)")
_UTC_NAME = re.compile(r" *(utc|gmt|z)$", re.IGNORECASE)
_HOUR = re.compile(r"^[T ]+(?=\d:)")


@dataclass(frozen=True)
class Times:
    """Times of a column.

    Attributes:
        seconds: Unix time, NaN where a cell is no time, shape (n,) [second].
        remarks: What was noticed: several units, several zones.
    """

    seconds: FloatArray
    remarks: tuple[str, ...]


def read_times(texts: Sequence[str], source: str) -> Times:
    """Read the cells of a column; units and forms may be mixed.

    Args:
        texts: Cells, stripped.
        source: The file, for messages.

    Raises:
        DataError: If days and months, or zones, cannot be told apart.
    """
    numbers = np.array([number(text) for text in texts], dtype=np.float64)
    seconds, remarks = _from_numbers(numbers)
    written = [i for i, text in enumerate(texts) if text and np.isnan(numbers[i])]
    if written:
        parsed, zones = _from_text([texts[i] for i in written], source)
        seconds[written] = parsed
        remarks += zones
        if np.isfinite(numbers).any() and np.isfinite(parsed).any():
            remarks.append("times are partly numbers, partly dates")
    return Times(seconds, tuple(remarks))


def parse_times(source: str, cells: Sequence[tuple[int, str]]) -> IntArray:
    """The same as whole seconds, refusing what is no time.

    Args:
        source: The file, for messages.
        cells: Line number and text of each time.

    Returns:
        Shape (n,) [second].

    Raises:
        DataError: If a text is no time, or out of range.
    """
    seconds = read_times([text.strip() for _, text in cells], source).seconds
    if np.isnan(seconds).any():
        line, text = cells[int(np.argmax(np.isnan(seconds)))]
        problem = "is no time; write 2024-01-31 08:00 or Unix time"
        if not np.isnan(number(text)):
            problem = "is not between 1990 and 2100 as Unix time"
        raise DataError(one_line(f"{source} line {line}: {text!r} {problem}"))
    return np.asarray(np.round(seconds).astype(np.int64))


def date_text(seconds: int) -> str:
    """Time as text: the day, and the hour unless it is midnight."""
    time = datetime.fromtimestamp(seconds, tz=UTC)
    return time.strftime("%Y-%m-%d" if seconds % 86_400 == 0 else "%Y-%m-%d %H:%M")


def _from_numbers(numbers: FloatArray) -> tuple[FloatArray, list[str]]:
    seconds = np.full(numbers.shape, np.nan)
    found = []
    for unit, factor in _UNITS:
        here = (numbers >= _EARLIEST * factor) & (numbers < _LATEST * factor)
        seconds[here] = numbers[here] / factor
        if here.any():
            found.append(f"{int(here.sum())} in {unit}")
    if len(found) > 1:
        return seconds, ["times are in several units: " + ", ".join(found)]
    return seconds, []


def _from_text(texts: list[str], source: str) -> tuple[FloatArray, list[str]]:
    day_first = _day_first(texts, source)
    seconds = np.full(len(texts), np.nan)
    offset = np.zeros(len(texts))
    zoned = np.zeros(len(texts), dtype=bool)
    for i, text in enumerate(texts):
        plain = _UTC_NAME.sub("", text)
        try:
            time = datetime.fromisoformat(_iso(plain, day_first))
        except ValueError:
            continue
        shift = time.utcoffset()
        zoned[i] = shift is not None or plain != text
        offset[i] = 0.0 if shift is None else shift.total_seconds()
        at = time.replace(tzinfo=UTC).timestamp() - offset[i]
        seconds[i] = at if _EARLIEST <= at < _LATEST else np.nan
    known = np.isfinite(seconds)
    named, bare = int((zoned & known).sum()), int((~zoned & known).sum())
    if named and bare:
        text = f"{source}: {named} times name a time zone and {bare} do not"
        raise DataError(one_line(f"{text}; write all of them in UTC"))
    if np.unique(offset[known]).size > 1:
        return seconds, ["times are in several zones: all brought to UTC"]
    return seconds, []


def _day_first(texts: list[str], source: str) -> bool:
    """Whether 1/2/2024 is the first of February; the column decides.

    Raises:
        DataError: If it is so here and otherwise there.
    """
    pairs = [m.groups()[:2] for m in map(_SLASHES.match, texts) if m is not None]
    day_first = any(int(first) > 12 for first, _ in pairs)
    if day_first and any(int(second) > 12 for _, second in pairs):
        text = f"{source}: dates are partly day/month, partly month/day"
        raise DataError(one_line(f"{text}; write 2024-12-31"))
    return day_first


def _iso(text: str, day_first: bool) -> str:
    """The same time in ISO form, as far as it is in a known one."""
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day, rest = match.groups()
    elif match := _DOTS.fullmatch(text):
        day, month, year, rest = match.groups()
    elif match := _SLASHES.fullmatch(text):
        first, second, year, rest = match.groups()
        day, month = (first, second) if day_first else (second, first)
    else:
        return text
    clock = _HOUR.sub("T0", rest.rstrip())
    clock = re.sub(r" +(?=[+-]\d\d:?\d\d$)", "", clock)
    return f"{year}-{month:0>2}-{day:0>2}{clock}"
