"""Funding rates of a file as the settlements of the market, whatever their spacing.

A rate is paid at its time for the hours since the settlement before. Exchanges settle
every one to eight hours and change it: rates that are settled more often than the
market settles are summed over each of its settlements, and what is settled less often
is refused, because nobody paid a part of it in between. Where rates of a settlement are
missing, it is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm

import numpy as np

from hedge_env.base.errors import DataError, one_line
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.feeds.files.series_file import Series
from hedge_env.feeds.files.timestamps import date_text
from hedge_env.feeds.files.units import funding_unit, require_one_funding_unit
from hedge_env.feeds.history.clock import Clock

_HOUR = 3600  # [second]
_NEIGHBOURS = 5  # on each side, whose median is what is usual
LARGEST_RATE = 0.1  # per settlement: exchanges cap it far below
_USUAL_HOURS = 8.0


@dataclass(frozen=True)
class Settlements:
    """When the rates of a file are paid and for how long.

    Attributes:
        ends: Time of each, Unix time [second].
        spans: For how long it is paid [second].
    """

    ends: IntArray
    spans: IntArray

    @property
    def longest(self) -> int:
        """The longest time between two settlements [second]."""
        return int(self.spans.max())


def settlements_of(seconds: IntArray, unit: int = _HOUR) -> Settlements:
    """Times and spans of settlements, whose stamps may be some minutes off.

    A gap that is longer than those before and those after it holds a missing row: the
    rate after it is paid for the usual time only.

    Args:
        seconds: Stamps, rising, at least two, Unix time [second].
        unit: What a span is a multiple of [second].
    """
    slots = (seconds + unit // 2) // unit * unit
    gaps = np.maximum(np.diff(slots), unit)
    usual = np.maximum(_medians(gaps, before=True), _medians(gaps, before=False))
    near = 4 * np.abs(gaps - usual) <= usual  # a row that is late on its own
    spans = np.where(near, usual, np.minimum(gaps, usual))
    spans = np.append(spans[0], spans)
    return Settlements((slots + spans // 2) // spans * spans, spans)


def _medians(gaps: IntArray, *, before: bool) -> IntArray:
    """Median of the neighbours of each gap on one side; at the edge they repeat."""
    width = (_NEIGHBOURS, 0) if before else (0, _NEIGHBOURS)
    padded = np.pad(gaps, width, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _NEIGHBOURS)
    chosen = windows[:-1] if before else windows[1:]
    return np.asarray(np.median(chosen, axis=-1).astype(np.int64))


def lateness(seconds: IntArray, found: Settlements) -> int:
    """How far the longest settlements are off the multiples of their span [second]."""
    span = found.longest
    stamps = seconds[found.spans == span]
    return int(np.median((stamps + span // 2) % span)) - span // 2


def summed(
    found: Settlements, values: FloatArray, period: int
) -> tuple[IntArray, FloatArray, BoolArray]:
    """Sums over the settlements of a market.

    The first one may have begun before the file: it stands for the rate that was known
    when the file begins, at the mean of the part that is there. No window pays it.

    Args:
        found: Settlements of the file, n of them.
        values: Their rates, shape (n,).
        period: Between two settlements of the market, at multiples of it [second].

    Returns:
        Times of the market's settlements and sums, less those with a missing row, and
        whether each row of the file lies within one of them, shape (n,).
    """
    at = -(-found.ends // period)
    fits = found.ends - found.spans >= (at - 1) * period
    times, place = np.unique(at, return_inverse=True)
    total, covered = np.zeros(times.size), np.zeros(times.size)
    np.add.at(total, place, values)
    np.add.at(covered, place, found.spans)
    total[0] *= period / covered[0]
    covered[0] = period
    whole = covered == period
    return np.asarray(times[whole] * period), total[whole], fits


def funding_rates(
    series: Series, settlement_hours: float, utc_offset_hours: float
) -> Series:
    """Rates per settlement of the market [fraction], on a clock in UTC.

    Args:
        series: From the file.
        settlement_hours: Between two settlements of the market, which fall on multiples
            of it.
        utc_offset_hours: What the clock of the file is ahead of UTC.

    Raises:
        DataError: If a rate is out of range, the clock is not right, or the file is
            settled less often than the market.
    """
    seconds = series.seconds - round(_HOUR * utc_offset_hours)
    period = round(_HOUR * settlement_hours)
    unit = min(_HOUR, period)
    if np.median(np.diff(seconds)) < 0.75 * unit:
        text = f"{series.source} has a rate every {series.spacing / 60.0:.3g} minutes:"
        text = f"{text} those are quotes of a rate, not what was settled; give one a"
        text = f"{text} settlement, or set market.funding.settlement_hours to theirs"
        raise DataError(one_line(text))
    found = settlements_of(seconds, unit)
    _require_clock(series, seconds, found, utc_offset_hours)
    first = np.append(True, np.diff(found.ends) > 0)
    found = Settlements(found.ends[first], found.spans[first])
    values = fractions_paid(series, found, series.values[first])
    times, rates, fits = summed(found, values, period)
    if not fits.all():
        raise _unfit(series.source, found, fits, settlement_hours)
    if times.size < 2:
        text = f"{series.source} holds no two whole settlements of"
        raise DataError(one_line(f"{text} {settlement_hours:g} h"))
    repeated = series.repeated + int((~first).sum())
    return Series(series.source, times, rates, series.column, repeated, series.empty)


def funding_paid(
    rate: FloatArray, price: FloatArray, clock: Clock, settlement_hours: float
) -> FloatArray:
    """What a unit held since the first tick has paid at each tick, (n_ticks,) [quote].

    A settlement between two ticks is paid at the later one.
    """
    period = round(_HOUR * settlement_hours)
    first, last = int(clock.seconds[0]), int(clock.seconds[-1])
    times = np.arange(first // period + 1, last // period + 1) * period
    at = np.searchsorted(clock.seconds, times)
    paid = np.zeros(rate.size)
    np.add.at(paid, at, np.nan_to_num(rate[at] * price[at]))
    return np.cumsum(paid)


def fractions_paid(
    series: Series, found: Settlements, values: FloatArray
) -> FloatArray:
    """Rates as fractions; their unit shows in what they come to in eight hours.

    Args:
        series: From the file.
        found: When each value is paid and for how long.
        values: Of the file, one a settlement.

    Raises:
        DataError: If one is larger than any exchange lets a rate become.
    """
    per_usual = values * (_USUAL_HOURS * _HOUR / found.spans)
    require_one_funding_unit(series.source, per_usual)
    factor = funding_unit(per_usual, fractions=series.fractions)[1]
    wrong = np.abs(factor * values) > LARGEST_RATE
    if wrong.any():
        at = int(np.argmax(wrong))
        text = f"{series.source}: {values[at]:g} at {date_text(int(found.ends[at]))}"
        text = f"{text} is no fraction paid"
        others = int(wrong.sum()) - 1
        more = f" (and {others} more)" if others else ""
        raise DataError(one_line(f"{text}{more}; correct or remove it"))
    return values * factor


def _require_clock(
    series: Series, seconds: IntArray, found: Settlements, utc_offset_hours: float
) -> None:
    """Refuse a clock that is hours off: settlements fall on multiples of their span."""
    late = lateness(seconds, found)
    if abs(late) <= found.longest // 16:
        return
    text = f"{series.source}: settlements fall {late / _HOUR:+g} h off multiples"
    text = f"{text} of {found.longest / _HOUR:g} h UTC; set"
    offset = utc_offset_hours + late / _HOUR
    text = f"{text} replay.funding_utc_offset_hours, to {offset:g} if its clock is"
    raise DataError(one_line(f"{text} so much ahead of UTC"))


def _unfit(
    source: str, found: Settlements, fits: BoolArray, settlement_hours: float
) -> DataError:
    at = int(np.argmin(fits))
    shared = lcm(*(int(span) for span in np.unique(found.spans))) / _HOUR
    text = f"{source}: on {date_text(int(found.ends[at]))} settled every"
    text = f"{text} {found.spans[at] / _HOUR:g} h, which is no part of the"
    text = f"{text} {settlement_hours:g} h between two settlements of the market; set"
    text = f"{text} market.funding.settlement_hours to {shared:g}"
    return DataError(one_line(text))
