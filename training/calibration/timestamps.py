"""Reads the time column of a table, whatever unit or format it is in.

Numbers are seconds, milliseconds, microseconds or nanoseconds since 1970, told apart
by size, value by value: for dates from 1990 to 2100 the four do not overlap. Text
is an ISO date or time, with or without offset, or a common form with slashes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from hedge_env._types import FloatArray
from hedge_env.errors import HistoryError

_FIRST, _LAST = 631_152_000.0, 4_102_444_800.0  # 1990 and 2100 [s]
_UNITS = (("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9))
_FORMATS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
)
_OFFSET = r"^(.*\d:\d\d(?::\d\d(?:\.\d+)?)?) *([+-])(\d\d):?(\d\d)$"
_SLASHES = r"^(\d{1,2})/(\d{1,2})/(\d{4})(.*)$"


@dataclass(frozen=True)
class Times:
    """Times of a column [s since 1970, UTC], NaN where they cannot be read."""

    seconds: FloatArray
    remarks: tuple[str, ...]


def read_times(column: pl.Series, source: str) -> Times:
    """Read a column of text.

    Raises:
        HistoryError: If days and months, or zones, cannot be told apart.
    """
    text = column.str.strip_chars()
    numbers = text.cast(pl.Float64, strict=False).to_numpy().astype(float)
    seconds, remarks = _from_numbers(numbers)
    rest = np.flatnonzero(~np.isfinite(numbers) & text.is_not_null().to_numpy())
    if rest.size:
        parsed, zones = _from_text(text[rest.tolist()], source)
        seconds[rest] = parsed
        remarks += zones
        if np.isfinite(numbers).any() and np.isfinite(parsed).any():
            remarks.append("times are partly numbers, partly dates")
    seconds[~((seconds >= _FIRST) & (seconds <= _LAST))] = np.nan
    return Times(seconds, tuple(remarks))


def _from_numbers(numbers: FloatArray) -> tuple[FloatArray, list[str]]:
    seconds = np.full(numbers.shape, np.nan)
    found = []
    for unit, factor in _UNITS:
        here = (numbers >= _FIRST * factor) & (numbers <= _LAST * factor)
        seconds[here] = numbers[here] / factor
        if here.any():
            found.append(f"{int(here.sum())} in {unit}")
    if len(found) > 1:
        return seconds, ["times are in several units: " + ", ".join(found)]
    return seconds, []


def _from_text(text: pl.Series, source: str) -> tuple[FloatArray, list[str]]:
    plain = text.str.replace(r"^(\d{4}-\d\d-\d\d)T", "${1} ")
    utc = plain.str.contains(r"(?i)(utc|gmt|z)$")
    plain = plain.str.replace(r"(?i) *(utc|gmt|z)$", "")
    parts = plain.str.extract_groups(_OFFSET).struct.unnest()
    shifted = parts["1"].is_not_null()
    sign = pl.select(pl.when(parts["2"] == "-").then(-1).otherwise(1)).to_series()
    minutes = parts["3"].cast(pl.Int64) * 60 + parts["4"].cast(pl.Int64)
    offset = (sign * minutes).fill_null(0).to_numpy() * 60.0
    plain = parts["1"].zip_with(shifted, plain)
    seconds = _parse(_year_first(plain, source)) - offset
    zoned = (utc | shifted).fill_null(False).to_numpy()
    known = np.isfinite(seconds)
    if (zoned & known).any() and (~zoned & known).any():
        raise HistoryError(
            f"{source}: {int((zoned & known).sum())} times name a time zone and "
            f"{int((~zoned & known).sum())} do not; write all of them in UTC"
        )
    if np.unique(offset[known]).size > 1:
        return seconds, ["times are in several zones: all brought to UTC"]
    return seconds, []


def _year_first(text: pl.Series, source: str) -> pl.Series:
    """Turn 7/30/2015 and 30/7/2015 into 2015/7/30; the column decides which it is."""
    parts = text.str.extract_groups(_SLASHES).struct.unnest()
    first, second = parts["1"].cast(pl.Int64), parts["2"].cast(pl.Int64)
    if first.is_null().all():
        return text
    day_first = (first > 12).any()
    if day_first and (second > 12).any():
        raise HistoryError(
            f"{source}: dates are partly day/month, partly month/day; write 2024-12-31"
        )
    month, day = (second, first) if day_first else (first, second)
    dates = parts["3"] + "/" + month.cast(pl.String) + "/" + day.cast(pl.String)
    return (dates + parts["4"]).fill_null("").zip_with(first.is_not_null(), text)


def _parse(text: pl.Series) -> FloatArray:
    seconds = np.full(len(text), np.nan)
    for form in _FORMATS:
        times = text.str.to_datetime(form, strict=False, time_unit="ms")
        found = times.is_not_null().to_numpy() & np.isnan(seconds)
        values = times.dt.epoch("ms").cast(pl.Float64).to_numpy() / 1e3
        seconds[found] = values[found]
        if np.isfinite(seconds).all():
            break
    return seconds
