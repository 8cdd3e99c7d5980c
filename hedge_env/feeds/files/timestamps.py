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

from hedge_env.base.errors import DataError, one_line
from hedge_env.base.types import FloatArray
from hedge_env.feeds.files.cells import number

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
_LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_UNITS = (("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9))
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(.*)")
_DOTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(.*)")
_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?"
_ISO_COLUMN = re.compile(  # ++: without the memory of a way back
    rf"(?:{_ISO}\n)++|(?:{_ISO}(?:Z|[+]00:00| UTC)\n)++", re.ASCII
)
_UTC_NAME = re.compile(r" *(utc|gmt|z)$", re.IGNORECASE)
_HOUR = re.compile(r"^[T ,]+(?=\d:)")
_CLOCK = re.compile(
    r"[T ,]*(\d{1,2})(?:-|(?::(\d\d)(?::(\d\d)(?:\.\d+)?)?)? *)([AaPp])\.?[Mm]\.?"
)
_NAMED = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})(.*)")
_DAY_NAMED = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3,9})\.?[- ](\d{4})(.*)")
_SHORT_DASHES = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})(.*)")
_MIDNIGHT = re.compile(r"(\d[T ]+)24(?=:00(:00(\.0+)?)?(?![\d:]))")
_BARE_DATE = re.compile(r"[^:T]*\d")
_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
# strptime takes a digit for two: a form is looked up by the length of a text.
_COMPACT = {10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_EXCEL_EPOCH = 25_569.0  # 1970-01-01 in days since 1899-12-30
_DAY = 86_400.0  # [second]


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
    if (at_once := _from_iso(texts)) is not None:
        return Times(at_once, ())
    numbers = np.array([number(text) for text in texts], dtype=np.float64)
    plain = _compact_hours(texts, numbers)
    plain = _compact_dates(plain)
    seconds, remarks = _from_numbers(plain)
    if not np.array_equal(plain, numbers, equal_nan=True):
        remarks.append("times are days of a spreadsheet, or dates without marks")
    written = [i for i, text in enumerate(texts) if text and np.isnan(numbers[i])]
    if written:
        parsed, zones = _from_text([texts[i] for i in written], source)
        seconds[written] = parsed
        remarks += zones
        if np.isfinite(numbers).any() and np.isfinite(parsed).any():
            remarks.append("times are partly numbers, partly dates")
    return Times(seconds, tuple(remarks))


def time_problem(text: str) -> str:
    """Why a text is no time, for messages."""
    if np.isnan(number(text)):
        return f"{text!r} is no time; write 2024-01-31 08:00 or Unix time"
    return f"{text!r} is not between 1990 and 2100 as Unix time"


def is_date(text: str) -> bool:
    """Whether a text is a day without an hour."""
    if not np.isnan(number(text)):
        return _looks_compact(number(text))
    return bool(_BARE_DATE.fullmatch(text)) and not _CLOCK.search(text)


def _looks_compact(value: float) -> bool:
    """Whether a number is a date such as 20240131."""
    if not (19_900_101 <= value < 21_000_000 and value == int(value)):
        return False
    return 1 <= int(value) // 100 % 100 <= 12 and 1 <= int(value) % 100 <= 31


def _compact_hours(texts: Sequence[str], numbers: FloatArray) -> FloatArray:
    """Dates with hours such as 2024013108, down to seconds, as Unix time.

    As Unix time these would be years from 2033 on, or before 1990.
    """
    known = [int(i) for i in np.flatnonzero(np.isfinite(numbers))]
    form = _COMPACT.get(len(texts[known[0]]) if known else 0)
    if form is None:
        return numbers
    out = numbers.copy()
    for i in known:
        try:
            out[i] = datetime.strptime(texts[i], form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            return numbers
        if not _EARLIEST <= out[i] < _LATEST:
            return numbers
    return out


def _compact_dates(numbers: FloatArray) -> FloatArray:
    """Dates such as 20240131, and days as a spreadsheet counts them, as Unix time."""
    known = numbers[np.isfinite(numbers)]
    if known.size == 0:
        return numbers
    if all(_looks_compact(float(value)) for value in known):
        out = numbers.copy()
        for i in np.flatnonzero(np.isfinite(numbers)):
            year, rest = divmod(int(numbers[i]), 10_000)
            try:
                date = datetime(year, rest // 100, rest % 100, tzinfo=UTC)
            except ValueError:
                out[i] = np.nan
            else:
                out[i] = date.timestamp()
        return out
    days = known - _EXCEL_EPOCH
    inside = (days * _DAY >= _EARLIEST) & (days * _DAY < _LATEST)
    steps = np.diff(known)
    if inside.all() and steps.size and ((steps > 0.0).all() or (steps < 0.0).all()):
        return np.asarray(np.round((numbers - _EXCEL_EPOCH) * _DAY))
    return numbers


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


def _from_iso(texts: Sequence[str]) -> FloatArray | None:
    """Unix times of a column wholly in ISO form, as most large files are; or None."""
    column = "\n".join((*texts, ""))
    if not _ISO_COLUMN.fullmatch(column):
        return None
    for name in ("Z", "+00:00", " UTC"):
        column = column.replace(name, "")
    try:
        times = np.array(column.split("\n")[:-1], dtype="datetime64[us]")
    except ValueError:  # no such day, or the hour 24
        return None
    seconds = times.astype(np.int64) / 1e6
    inside = (seconds >= _EARLIEST) & (seconds < _LATEST)
    return np.where(inside, seconds, np.nan) if times.size == len(texts) else None


def _from_text(texts: list[str], source: str) -> tuple[FloatArray, list[str]]:
    day_first, remarks = _day_first(texts, source)
    seconds = np.full(len(texts), np.nan)
    offset = np.zeros(len(texts))
    zoned = np.zeros(len(texts), dtype=bool)
    for i, text in enumerate(texts):
        plain = _UTC_NAME.sub("", text)
        try:
            # Some end a day with the hour 24.
            time = datetime.fromisoformat(
                _MIDNIGHT.sub(r"\g<1>00", _iso(plain, day_first))
            )
        except ValueError:
            continue
        shift = time.utcoffset()
        zoned[i] = shift is not None or plain != text
        offset[i] = 0.0 if shift is None else shift.total_seconds()
        at = time.replace(tzinfo=UTC).timestamp() - offset[i]
        at += _DAY if _MIDNIGHT.search(plain) else 0.0
        seconds[i] = at if _EARLIEST <= at < _LATEST else np.nan
    known = np.isfinite(seconds)
    named, bare = int((zoned & known).sum()), int((~zoned & known).sum())
    if named and bare:
        text = f"{source}: {named} times name a time zone and {bare} do not"
        raise DataError(one_line(f"{text}; write all of them in UTC"))
    if np.unique(offset[known]).size > 1:
        remarks.append("times are in several zones: all brought to UTC")
    return seconds, remarks


def _day_first(texts: list[str], source: str) -> tuple[bool, list[str]]:
    """Whether 1/2/2024 is the first of February; the column decides, and what is said.

    Raises:
        DataError: If it is so here and otherwise there.
    """
    found = (_SLASHES.match(text) or _SHORT_DASHES.match(text) for text in texts)
    pairs = [m.groups()[:2] for m in found if m is not None]
    day_first = any(int(first) > 12 for first, _ in pairs)
    month_first = any(int(second) > 12 for _, second in pairs)
    if day_first and month_first:
        text = f"{source}: dates are partly day/month, partly month/day"
        raise DataError(one_line(f"{text}; write 2024-12-31"))
    if not pairs or day_first or month_first:
        return day_first, []
    # Nobody has days a month apart, or hours of twelve months' first days.
    spans = [_days_between(texts, order) for order in (False, True)]
    if spans[0] == spans[1]:
        if all(first == second for first, second in pairs):
            return False, []
        text = f"{source}: {texts[0]!r} may be day/month or month/day"
        raise DataError(one_line(f"{text}; write 2024-12-31"))
    day_first = spans[1] < spans[0]
    order = "day/month" if day_first else "month/day"
    return day_first, [f"dates are taken as {order}: the other way they lie apart"]


def _days_between(texts: list[str], day_first: bool) -> float:
    """Median of the steps from one date to the next, in one reading of them [day]."""
    days = []
    for text in texts:
        if match := _SLASHES.match(text) or _SHORT_DASHES.match(text):
            first, second, year = (int(part) for part in match.groups()[:3])
            day, month = (first, second) if day_first else (second, first)
            days.append(datetime(year, month, day, tzinfo=UTC).timestamp() / _DAY)
    steps = np.diff(np.unique(days))
    return float(np.median(steps)) if steps.size else 0.0


def _iso(text: str, day_first: bool) -> str:
    """The same time in ISO form, as far as it is in a known one."""
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day, rest = match.groups()
    elif match := _DOTS.fullmatch(text):
        day, month, year, rest = match.groups()
    elif match := _SLASHES.fullmatch(text) or _SHORT_DASHES.fullmatch(text):
        first, second, year, rest = match.groups()
        day, month = (first, second) if day_first else (second, first)
    elif match := _NAMED.fullmatch(text):
        name, day, year, rest = match.groups()
        month = _month(name)
    elif match := _DAY_NAMED.fullmatch(text):
        day, name, year, rest = match.groups()
        month = _month(name)
    else:
        return text
    clock = _HOUR.sub("T0", _twenty_four(rest.rstrip()))
    clock = re.sub(r" +(?=[+-]\d\d:?\d\d$)", "", clock)
    clock = re.sub(r"^, *", " ", clock)
    return f"{year}-{month:0>2}-{day:0>2}{clock}"


def _month(name: str) -> str:
    """Number of a month of that English name; `0`, which is none, if there is none."""
    short = name[:3].lower()
    return str(_MONTHS.index(short) + 1) if short in _MONTHS else "0"


def _twenty_four(clock: str) -> str:
    """A clock with AM or PM as one of 24 hours; others as they are."""
    match = _CLOCK.fullmatch(clock)
    if match is None:
        return clock
    hour, minute, second, half = match.groups()
    if not 1 <= int(hour) <= 12:
        return clock
    hours = int(hour) % 12 + (12 if half in "pP" else 0)
    return f"T{hours:02}:{minute or '00'}:{second or '00'}"
