"""Puts recorded series on one regular clock, without knowing anything too early."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hedge_env.base.errors import DataError, one_line
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.config import EpisodeConfig
from hedge_env.feeds.files.series_file import Series

_HOUR = 3600  # [second]
_MOST_TICKS = 20_000_000


@dataclass(frozen=True)
class Clock:
    """Regular times, multiples of the spacing since 1970.

    Attributes:
        seconds: Unix time, shape (n,) [second].
        spacing: Between two of them [second].
        per_market_step: Ticks of one market step.
    """

    seconds: IntArray
    spacing: int
    per_market_step: int


def clock_of(prices: Series, episode: EpisodeConfig) -> Clock:
    """Clock of a price series: hourly, or as fine as the market steps need.

    Raises:
        DataError: If the prices are too far apart for the market steps.
    """
    step = round(_HOUR * episode.hours_per_market_step)
    exact = abs(step - _HOUR * episode.hours_per_market_step) < 1e-6
    spacing = prices.spacing
    if step % _HOUR == 0 and (_HOUR % spacing == 0 or spacing <= _HOUR // 4):
        spacing = _HOUR
    if not exact or step % spacing != 0:
        text = f"{prices.source} has a price every {spacing / _HOUR:g} h, which does"
        text = f"{text} not divide a market step of {step / _HOUR:g} h; change"
        text = f"{text} episode.decision_interval_hours or episode.market_steps"
        raise DataError(one_line(text))
    first = -(-int(prices.seconds[0]) // spacing)
    last = int(prices.seconds[-1]) // spacing
    if last - first > _MOST_TICKS:
        raise DataError(one_line(f"{prices.source} is too long for its spacing"))
    ticks = np.arange(first, last + 1, dtype=np.int64)
    return Clock(ticks * spacing, spacing, step // spacing)


def carried_forward(
    seconds: IntArray, values: FloatArray, clock: Clock, longest_age: float
) -> tuple[FloatArray, BoolArray]:
    """Last value known at each tick.

    Args:
        seconds: Times of the values, rising, shape (m,).
        values: Shape (m,); a NaN counts as never written.
        clock: With n ticks.
        longest_age: From which a value is too old to stand for the present [second].

    Returns:
        Values, NaN before the first, and where they are missing or too old; shape
        (n,) each.
    """
    known = ~np.isnan(values)
    seconds, values = seconds[known], values[known]
    at = np.searchsorted(seconds, clock.seconds, side="right") - 1
    present = np.where(at >= 0, values[np.maximum(at, 0)], np.nan)
    age = clock.seconds - seconds[np.maximum(at, 0)]
    return present, (at < 0) | (age > longest_age)
