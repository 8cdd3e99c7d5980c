"""A recorded market: windows of real days behind the interface of a simulated one.

Quotes, ledger, environments, policies and reports are the same for both. A path id
stands for a window: in the order of time for validation and test, in a random order,
a new one each time all have been played, for training. What no file gives is
modelled and drawn for the path id; spot is relative to the start of the window.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hedge_env.base import field
from hedge_env.base.errors import ConfigError, one_line
from hedge_env.base.held import hold
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.config import EnvConfig
from hedge_env.feeds.files.timestamps import date_text
from hedge_env.feeds.history.history import History, load_history, require_replay
from hedge_env.feeds.history.sources import modelled_parts, recorded_files
from hedge_env.feeds.quoted_paths import QuotedPaths
from hedge_env.feeds.simulated import quote_params
from hedge_env.market.engine.recorded import advance_recorded, start_recorded
from hedge_env.numerics.philox import STREAMS, fill_uniforms, stream_key
from hedge_env.numerics.random_blocks import WINDOW_ORDER_BLOCK

_HOUR, _DAY = 3600.0, 86_400  # [second]
_FIRST_WEEKDAY = 3  # 1 January 1970 was a Thursday


def count_windows(config: EnvConfig, stream: str) -> int | None:
    """Number of different windows of a stream; None if the market is simulated."""
    if config.replay is None:
        return None
    return int(load_history(config).windows[stream].first.size)


def starting_spots(
    config: EnvConfig, path_ids: IntArray, *, seed: int, stream: str
) -> FloatArray:
    """Spot at the start of each path, shape (n,) [quote]."""
    if config.replay is None:
        return np.full(path_ids.size, config.market.spot)
    market = ReplayMarket(config, path_ids.size, seed=seed, stream=stream)
    return market.starting_spots(path_ids)


def starting_times(
    config: EnvConfig, path_ids: IntArray, *, seed: int, stream: str
) -> IntArray | None:
    """Start of each path, shape (n,), Unix time [second]; None if simulated."""
    if config.replay is None:
        return None
    market = ReplayMarket(config, path_ids.size, seed=seed, stream=stream)
    return market.starting_times(path_ids)


class ReplayMarket:
    """Windows of recorded days, as many at a time as the batch is large.

    Args:
        config: The hedging problem, with a replay section.
        n_paths: Size of the batch.
        seed: Of the order of the training windows and of all that is modelled.
        stream: "training", "validation" or "test".

    Raises:
        ConfigError: If no window of the stream is left.
        DataError: If a file cannot be used.
    """

    def __init__(
        self, config: EnvConfig, n_paths: int, *, seed: int, stream: str
    ) -> None:
        self._history = load_history(config)
        self._windows = self._history.windows[stream]
        if self._windows.first.size == 0:
            raise ConfigError(_no_window(config, self._history, stream))
        self._permuted = stream == STREAMS[0]
        self._usual_spot = config.market.spot
        quotes = quote_params(self._history.config)
        quotes = quotes._replace(market=self._history.params)
        self._constants = hold(quotes.market)
        key = stream_key(seed, stream)
        self._paths = QuotedPaths(quotes, n_paths, key, self._history.config)
        self._first = np.full(n_paths, self._windows.first[0], dtype=np.int64)

    @property
    def start_seconds(self) -> IntArray:
        """Start of the window of each path, shape (n,), Unix time [second]."""
        return np.asarray(self._history.clock.seconds[self._first])

    def start(self, path_ids: IntArray, chosen: BoolArray, rows: FloatArray) -> None:
        """Put the chosen paths at their windows and write the market rows of all."""
        history, paths = self._history, self._paths
        self._first[chosen] = self._ticks_of(path_ids[chosen])
        paths.start(path_ids, chosen)
        days, seconds = np.divmod(self.start_seconds, _DAY)
        start_recorded(
            paths.state,
            history.record,
            history.driven,
            self._first,
            ((days + _FIRST_WEEKDAY) % 7).astype(np.float64),
            seconds / _HOUR,
            chosen,
            history.params,
        )
        self._scale_notional()
        paths.quote_start(rows, chosen)
        self._scale_impact(rows)

    def move_book(self, asked: BoolArray, gas_price: FloatArray) -> None:
        """Move a range of liquidity where `asked` (n,), at a gas price (n,) [gwei]."""
        self._paths.move_book(asked, gas_price)

    def advance(self, rows: FloatArray) -> None:
        """Move every path to its next decision and write its market rows."""
        history, paths = self._history, self._paths
        advance_recorded(
            paths.state,
            history.record,
            history.driven,
            self._first,
            history.clock.per_market_step,
            paths.path_ids,
            paths.counters,
            paths.key,
            self._constants,
        )
        decisions = history.params.clock.decisions
        np.minimum(paths.steps + 1, decisions, out=paths.steps)
        paths.quote(rows, advance=False)
        self._scale_impact(rows)

    def _scale_notional(self) -> None:
        # Impact is compiled for the usual notional; contracts are what is given.
        self._paths.notional_ratio[:] = (
            self._history.price[self._first] / self._usual_spot
        )

    def _scale_impact(self, rows: FloatArray) -> None:
        size = self._paths.notional_ratio
        rows[field.IMPACT_LINEAR] *= size
        rows[field.IMPACT_SQRT] *= np.sqrt(size)

    def starting_spots(self, path_ids: IntArray) -> FloatArray:
        """Price at the start of the window of each path, shape (n,) [quote]."""
        return np.asarray(self._history.price[self._ticks_of(path_ids)])

    def starting_times(self, path_ids: IntArray) -> IntArray:
        """Start of the window of each path, shape (n,), Unix time [second]."""
        return np.asarray(self._history.clock.seconds[self._ticks_of(path_ids)])

    def _ticks_of(self, path_ids: IntArray) -> IntArray:
        """Tick at which the window of each path starts."""
        first = self._windows.first
        rounds, places = np.divmod(path_ids, first.size)
        if self._permuted:
            for number in np.unique(rounds):
                chosen = rounds == number
                places[chosen] = self._order(int(number))[places[chosen]]
        return np.asarray(first[places])

    def _order(self, number: int) -> IntArray:
        """Order in which a round through all training windows plays them."""
        n = self._windows.first.size
        drawn: FloatArray = np.empty((4, n))
        counters = np.full(n, number, dtype=np.int64)
        ids = np.arange(n, dtype=np.int64)
        fill_uniforms(drawn, ids, counters, WINDOW_ORDER_BLOCK, *self._paths.key)
        return np.argsort(drawn[0], kind="stable")

    def state_dict(self) -> dict[str, FloatArray | IntArray]:
        """Arrays that `load_state_dict` restores the market from, bit for bit."""
        return {**self._paths.state_dict(), "first": self._first.copy()}

    def load_state_dict(self, state: dict[str, FloatArray | IntArray]) -> None:
        """Restore what `state_dict` returned, on the same history."""
        self._paths.load_state_dict(state)
        self._first[...] = state["first"]
        self._scale_notional()


def describe_replay(config: EnvConfig) -> dict[str, Any]:
    """What a replay runs on: files, what they lack, dates and counts, plain values."""
    replay, history = require_replay(config), load_history(config)
    test = date_text(history.windows[STREAMS[-1]].start)
    return {
        "files": recorded_files(replay),
        "modelled": modelled_parts(history.config, replay, history.spread, test),
        "prices": history.n_prices,
        "missing_prices": history.n_missing,
        "repeated_rows": history.n_repeated,
        "stride_hours": replay.stride_hours,
        **{
            stream: {
                "from": date_text(windows.start),
                "to": date_text(windows.end),
                "windows": int(windows.first.size),
                "skipped": windows.skipped,
            }
            for stream, windows in history.windows.items()
        },
    }


def _no_window(config: EnvConfig, history: History, stream: str) -> str:
    windows, seconds = history.windows[stream], history.clock.seconds
    text = f"replay: no window of {config.episode.horizon_days:g} days fits into the"
    text = f"{text} {stream} days, {date_text(windows.start)} to"
    text = f"{text} {date_text(windows.end)}"
    if windows.skipped:
        text = f"{text}: in all {windows.skipped} a price or another series is missing"
    prices = f"{date_text(int(seconds[0]))} to {date_text(int(seconds[-1]))}"
    return one_line(f"{text}; change the dates of replay (prices: {prices})")
