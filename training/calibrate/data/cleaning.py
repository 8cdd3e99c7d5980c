"""Brings a table onto a regular grid of time and counts what was wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hedge_env.base.errors import DataError
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.feeds.files import columns
from hedge_env.feeds.files.timestamps import date_text
from hedge_env.feeds.files.units import (
    funding_unit,
    no_volatility,
    require_clear_unit,
    require_one_funding_unit,
    volatility_unit,
)
from hedge_env.feeds.history.settlements import LARGEST_RATE
from hedge_env.training.calibrate.data.read_table import Kind, Table

SECONDS_PER_HOUR = 3600.0
_MOST_WRONG = 0.05  # share of rows that may be dropped for one reason
_FACTOR = 3.0  # a price off its neighbours by more than this is an error
_NEIGHBOURS = 24  # on each side


@dataclass(frozen=True)
class Series:
    """Values at regular times; NaN where there is none.

    Attributes:
        source: File name.
        start: Time of the first value [hours since 1970, UTC].
        step: Hours between values.
        values: Shape (n,).
        remarks: What was detected and done, with counts.
    """

    source: str
    start: int
    step: int
    values: FloatArray
    remarks: tuple[str, ...]

    @property
    def hours(self) -> IntArray:
        """Time of each value [hours since 1970]."""
        return np.asarray(self.start + self.step * np.arange(self.values.size))

    def at(self, hours: IntArray) -> FloatArray:
        """Value at each time, NaN outside the series."""
        index = (hours - self.start) // self.step
        inside = (index >= 0) & (index < self.values.size)
        out = np.full(index.shape, np.nan)
        out[inside] = self.values[index[inside]]
        return out


def clean(
    table: Table,
    kind: Kind,
    *,
    since: float = -np.inf,
    until: float = np.inf,
    least_days: float = 90.0,
) -> Series:
    """Sort, check and grid the rows between two times [s since 1970].

    Raises:
        DataError: If too little is left, or too much of it looks wrong.
    """
    remarks = list(table.remarks)
    inside = (table.seconds >= since) & (table.seconds < until)
    if not inside.any():
        raise DataError(f"{table.source}: no row lies between --since and --until")
    seconds, values = table.seconds[inside], table.values[inside]
    if kind.positive:
        seconds, values = _positive(seconds, values, table.source, kind, remarks)
    _require_range(values, table.source, kind, fractions=table.fractions)
    seconds, values = _in_order(seconds, values, table.source, remarks)
    seconds, values = _without_outliers(seconds, values, table.source, kind, remarks)
    averaged = kind.series.averaged
    return _grid(seconds, values, table.source, averaged, least_days, remarks)


def _drop(
    bad: BoolArray,
    seconds: FloatArray,
    values: FloatArray,
    source: str,
    what: str,
    remarks: list[str],
) -> tuple[FloatArray, FloatArray]:
    """Leave out some rows, and say so; refuse if they are too many."""
    count = int(bad.sum())
    if count > _MOST_WRONG * bad.size:
        raise DataError(
            f"{source}: {count} of {bad.size} rows {what}; "
            "check that it is the right file and column"
        )
    if count:
        remarks.append(f"{count} rows that {what} left out")
    return seconds[~bad], values[~bad]


def _positive(
    seconds: FloatArray,
    values: FloatArray,
    source: str,
    kind: Kind,
    remarks: list[str],
) -> tuple[FloatArray, FloatArray]:
    what = f"have a {kind.name} of zero or below"
    return _drop(values <= 0.0, seconds, values, source, what, remarks)


def _require_range(
    values: FloatArray, source: str, kind: Kind, *, fractions: bool
) -> None:
    """Refuse a file whose usual value can be none of its kind, whatever its unit."""
    if kind.series is columns.IMPLIED_VOLATILITY:
        if not fractions:
            require_clear_unit(source, values)
        factor = volatility_unit(values, fractions=fractions)[1]
        wrong = no_volatility(values * factor)
    elif kind.series is columns.FUNDING:
        require_one_funding_unit(source, values)
        factor = funding_unit(values, fractions=fractions)[1]
        wrong = np.abs(values * factor) > LARGEST_RATE
    else:
        return
    if wrong.sum() > _MOST_WRONG * values.size:
        raise DataError(
            f"{source}: {int(wrong.sum())} of {values.size} values, the first "
            f"{values[np.argmax(wrong)]:g}, can be no {kind.name} in any one unit; is "
            "it the right file and column?"
        )


def _in_order(
    seconds: FloatArray, values: FloatArray, source: str, remarks: list[str]
) -> tuple[FloatArray, FloatArray]:
    ascending = np.diff(seconds) >= 0.0
    if not ascending.all():
        newest_first = (np.diff(seconds) <= 0.0).all()
        order = "newest first" if newest_first else "out of order"
        remarks.append(f"rows are {order}: sorted by time")
    index = np.argsort(seconds, kind="stable")
    seconds, values = seconds[index], values[index]
    again = np.r_[False, np.diff(seconds) == 0.0]
    conflict = np.r_[False, again[1:] & (values[1:] != values[:-1])]
    if conflict.any():
        first = date_text(int(seconds[np.argmax(conflict)]))
        count = int(conflict.sum())
        if count > _MOST_WRONG * values.size:
            raise DataError(
                f"{source}: {count} rows repeat a time with another value, the first "
                f"known at {first}; does the file hold several markets, or days "
                "without hours?"
            )
        remarks.append(f"{count} rows repeat a time with another value: all left out")
    # Of two values of one time nobody knows which is right.
    doubted = np.isin(seconds, seconds[conflict])
    same = int((again & ~doubted).sum())
    if same:
        remarks.append(f"{same} rows repeat a time: one is kept")
    return seconds[~again & ~doubted], values[~again & ~doubted]


def _without_outliers(
    seconds: FloatArray,
    values: FloatArray,
    source: str,
    kind: Kind,
    remarks: list[str],
) -> tuple[FloatArray, FloatArray]:
    """Leave out values far from the median of their neighbours."""
    if values.size < 3:
        return seconds, values
    if kind.positive:
        scaled = np.log(values)
        # Gas does rise tenfold within a day; spot and its volatility do not.
        bound = np.log(_FACTOR if kind.smooth else 1000.0 * _FACTOR)
    else:
        scaled, bound = values, 200.0 * _spread(values)
    width = min(2 * _NEIGHBOURS + 1, values.size - (values.size + 1) % 2)
    padded = np.pad(scaled, width // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    far = np.abs(scaled - np.median(windows, axis=-1)) > bound
    what = "are far from their neighbours"
    seconds, values = _drop(far, seconds, values, source, what, remarks)
    if kind.smooth and values.size > 1:
        step = np.abs(np.diff(np.log(values)))
        if step.max() > bound:
            raise DataError(
                f"{source}: the {kind.name} changes by a factor of "
                f"{np.exp(step.max()):.3g} and stays there; "
                "are units or markets mixed?"
            )
    return seconds, values


def _spread(values: FloatArray) -> float:
    """Robust scale: interquartile range, or the sd where that is zero."""
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low) or float(np.std(values)) or 1.0


def _means(index: IntArray, values: FloatArray, size: int) -> FloatArray:
    """Mean of the values of each cell, NaN where there is none."""
    count = np.bincount(index, minlength=size)
    total = np.bincount(index, weights=values, minlength=size)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _require_length(seconds: FloatArray, source: str, least_days: float) -> None:
    if seconds.size < 2:
        raise DataError(f"{source}: {seconds.size} good rows; two at least are needed")
    days = (seconds[-1] - seconds[0]) / 86400.0
    if days < least_days:
        raise DataError(
            f"{source}: {days:.0f} days of history; {least_days:.0f} are needed"
        )


def _grid(
    seconds: FloatArray,
    values: FloatArray,
    source: str,
    averaged: bool,
    least_days: float,
    remarks: list[str],
) -> Series:
    _require_length(seconds, source, least_days)
    spacing = float(np.median(np.diff(seconds))) / SECONDS_PER_HOUR
    step = max(1, round(spacing))
    if abs(spacing - step) > 0.01 * step and spacing > 1.0:
        raise DataError(f"{source}: a row every {spacing:.3g} hours is no regular grid")
    # A mean holds from its stamp on; a price is known from its own time on.
    scaled = seconds / SECONDS_PER_HOUR
    whole = np.floor(scaled + 1e-6) if averaged else np.ceil(scaled - 1e-6)
    hours = whole.astype(np.int64)
    start = int(hours[0])
    index = (hours - start) // step
    grid = np.full(int(index[-1]) + 1, np.nan)
    grid[index] = values  # the last of each cell
    if spacing < 0.99:
        used = "mean of each hour" if averaged else "last of each hour"
        if averaged:
            grid = _means(index, values, grid.size)
        remarks.append(f"a row every {60 * spacing:.3g} minutes: {used} used")
    missing = int(np.isnan(grid).sum())
    if missing > 0.3 * grid.size:
        raise DataError(
            f"{source}: {missing} of {grid.size} times between the first and the last "
            "row are missing"
        )
    if missing:
        remarks.append(f"{missing} of {grid.size} times are missing: left as gaps")
    return Series(source, start, step, grid, tuple(remarks))
