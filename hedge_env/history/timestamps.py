"""Times of a recorded series as Unix seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from hedge_env._types import IntArray
from hedge_env.errors import DataError, one_line

# Digits of a Unix time tell its unit until the year 5138.
_LARGEST = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
_EARLIEST = datetime(2009, 1, 1, tzinfo=UTC).timestamp()  # before there was Bitcoin
_LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_FORMATS = (
    *("%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M"),
    *("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S"),
)


def parse_times(path: str, cells: Sequence[tuple[int, str]]) -> IntArray:
    """Turn times into Unix seconds; units and forms may be mixed.

    Args:
        path: The file, for messages.
        cells: Line number and text of each time.

    Returns:
        Shape (n,) [second].

    Raises:
        DataError: If a text is no time, or out of this century.
    """
    seconds = np.empty(len(cells), dtype=np.int64)
    for i, (line, text) in enumerate(cells):
        time = _parse(text.strip())
        if time is None:
            problem = f"{path} line {line}: {text!r} is no time"
            raise DataError(one_line(f"{problem}; write 2024-01-31 08:00 or Unix time"))
        if not _EARLIEST <= time < _LATEST:
            problem = f"{path} line {line}: {text!r} is not between 2009 and 2100"
            raise DataError(one_line(problem))
        seconds[i] = round(time)
    return seconds


def date_text(seconds: int) -> str:
    """Time as text: the day, and the hour unless it is midnight."""
    time = datetime.fromtimestamp(seconds, tz=UTC)
    return time.strftime("%Y-%m-%d" if seconds % 86_400 == 0 else "%Y-%m-%d %H:%M")


def _parse(text: str) -> float | None:
    """Unix seconds of a number or text, None if it is no time."""
    try:
        number = float(text)
    except ValueError:
        return _parse_text(text)
    for largest, unit in _LARGEST:
        if abs(number) < largest:
            return number / unit
    return None


def _parse_text(text: str) -> float | None:
    text = text.removesuffix("UTC").rstrip()
    try:
        return _utc(datetime.fromisoformat(text))
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            return _utc(datetime.strptime(text, form))
        except ValueError:
            continue
    return None


def _utc(time: datetime) -> float:
    """Unix seconds; a time without a zone is UTC."""
    return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp()
