"""Windows of recorded days: which part of the history each stream plays.

Two dates cut the history into training, validation and test days. A window lies
within one of the three, so that no price is seen by two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np

from hedge_env.base.errors import ConfigError, one_line
from hedge_env.base.types import BoolArray, IntArray
from hedge_env.config import EpisodeConfig, ReplayConfig
from hedge_env.feeds.history.clock import Clock
from hedge_env.numerics.philox import STREAMS

_DAY = 86_400  # [second]
_HOUR = 3600  # [second]
_TRAINING_SHARE, _VALIDATION_SHARE = 0.6, 0.2  # of a history that no date cuts


@dataclass(frozen=True)
class Windows:
    """Windows of one stream, in the order of time.

    Attributes:
        start: Beginning of the days of this stream, Unix time [second].
        end: Their end, which a window may reach but not cross [second].
        first: Tick at which each window starts, shape (n_windows,).
        skipped: Windows left out because a price or another series is missing.
    """

    start: int
    end: int
    first: IntArray
    skipped: int


def split_windows(
    replay: ReplayConfig, episode: EpisodeConfig, clock: Clock, missing: BoolArray
) -> dict[str, Windows]:
    """Windows of every stream.

    Args:
        replay: Dates and stride.
        episode: Length of a window, and the hour of day at which each starts.
        clock: Ticks of the history.
        missing: Ticks that no window may touch, shape (n_ticks,).

    Raises:
        ConfigError: If stride or start hour do not fit the clock.
    """
    edges = _edges(replay, clock)
    length = episode.decisions * episode.market_steps * clock.per_market_step
    bad = np.concatenate([[0], np.cumsum(missing)])
    windows = {}
    for stream, start, end in zip(STREAMS, edges[:-1], edges[1:], strict=True):
        first = _candidates(replay, episode, clock, start, end - length * clock.spacing)
        whole = bad[first + length + 1] == bad[first]
        windows[stream] = Windows(start, end, first[whole], int((~whole).sum()))
    return windows


def test_start(replay: ReplayConfig, clock: Clock) -> int:
    """Where the test days begin, Unix time [second]."""
    return _edges(replay, clock)[2]


def _edges(replay: ReplayConfig, clock: Clock) -> tuple[int, int, int, int]:
    """Beginning, the two cuts and end, rising, Unix time [second]."""
    first, last = int(clock.seconds[0]), int(clock.seconds[-1])
    begin = first if replay.begin is None else max(first, _midnight(replay.begin))
    end = last if replay.end is None else min(last, _midnight(replay.end))
    cuts = replay.validation_from, replay.test_from
    validation, test = (None if cut is None else _midnight(cut) for cut in cuts)
    if validation is None:
        share = _TRAINING_SHARE
        if test is not None:
            share /= _TRAINING_SHARE + _VALIDATION_SHARE
        validation = _between(begin, end if test is None else test, share)
    if test is None:
        test = _between(validation, end, _VALIDATION_SHARE / (1.0 - _TRAINING_SHARE))
    end = max(begin, end)
    validation = min(max(validation, begin), end)
    test = min(max(test, validation), end)
    return begin, validation, test, end


def _candidates(
    replay: ReplayConfig, episode: EpisodeConfig, clock: Clock, start: int, latest: int
) -> IntArray:
    """Ticks from `start` to `latest` [second] at which a window may start."""
    stride = _ticks(replay.stride_hours, clock, "replay.stride_hours")
    tick = -(-start // clock.spacing)
    if episode.start_hour is not None:
        hour = _ticks(episode.start_hour, clock, "episode.start_hour")
        tick += (hour - tick) % max(1, _DAY // clock.spacing)
    tick -= int(clock.seconds[0]) // clock.spacing
    last = latest // clock.spacing - int(clock.seconds[0]) // clock.spacing
    return np.arange(tick, last + 1, stride, dtype=np.int64)


def _ticks(hours: float, clock: Clock, name: str) -> int:
    ticks = hours * _HOUR / clock.spacing
    if abs(ticks - round(ticks)) > 1e-9:
        text = f"{name} = {hours:g} must be a multiple of the {clock.spacing / _HOUR:g}"
        raise ConfigError(one_line(f"{text} h between two recorded prices"))
    return round(ticks)


def _between(start: int, end: int, share: float) -> int:
    """Midnight after a share of the time from start to end, or that very share."""
    cut = start + share * (end - start)
    midnight = int(cut // _DAY) * _DAY
    return midnight if midnight > start else int(cut)


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
