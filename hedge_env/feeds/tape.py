"""Recorded market paths: simulate once, run any number of policies on them.

A tape holds the market rows of every decision of a set of paths. Replaying it
gives the same numbers, bit for bit, as simulating the paths again, since a market
does not react to what is held. Where it does, by the permanent impact of the hedger's
own trades or by a range of liquidity that the policy moves, nothing is recorded and
every run simulates the same paths anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hedge_env.base.field import N_FIELDS, N_MARKET_FIELDS, count_market_rows
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.book.margin_scenarios import quoted_rows
from hedge_env.config import EnvConfig
from hedge_env.feeds.feed import Market
from hedge_env.feeds.memory import most_paths, require_memory
from hedge_env.feeds.open import open_market

_NUMBER = 8  # bytes
_CHUNK = 4096  # paths simulated at a time


@dataclass(frozen=True)
class LiveSource:
    """What to simulate paths from.

    Attributes:
        config: The hedging problem.
        seed: Of all streams.
        stream: "training", "validation" or "test".
    """

    config: EnvConfig
    seed: int
    stream: str


@dataclass(frozen=True)
class MarketTape:
    """Market rows of every decision.

    Attributes:
        path_ids: Shape (n,).
        rows: Shape (decisions + 1, rows that the market writes, n): under their own
            numbers, up to the last that the config has, and with rows after N_FIELDS
            (of listed options, of a portfolio margin) all N_MARKET_FIELDS and then
            those; no decisions if `live`.
        live: What to simulate instead, if the market reacts to what is held.
    """

    path_ids: IntArray
    rows: FloatArray
    live: LiveSource | None = None

    @property
    def n_paths(self) -> int:
        """Number of recorded paths."""
        return int(self.path_ids.size)

    def open(self) -> Market:
        """A market that replays the paths, or simulates them if `live`."""
        if self.live is None:
            return TapeMarket(self)
        live = self.live
        return open_market(
            live.config, self.n_paths, seed=live.seed, stream=live.stream
        )

    def part(self, low: int, high: int) -> MarketTape:
        """Paths `low` to `high` - 1, of all arrays at once, without a copy."""
        return MarketTape(self.path_ids[low:high], self.rows[:, :, low:high], self.live)


def record_tape(
    config: EnvConfig, path_ids: IntArray, *, seed: int, stream: str
) -> MarketTape:
    """Run the market of a config and keep their market rows.

    Args:
        config: The hedging problem.
        path_ids: Shape (n,).
        seed: Of all streams.
        stream: "training", "validation" or "test".

    Returns:
        The tape; 8 bytes x rows x (decisions + 1) a path.

    Raises:
        ConfigError: If it does not fit into memory.
    """
    path_ids = np.asarray(path_ids, dtype=np.int64)
    decisions = config.episode.decisions
    which = _kept_rows(config)
    if config.answering_key is not None:
        nothing = np.empty((0, which.size, path_ids.size))
        return MarketTape(path_ids, nothing, LiveSource(config, seed, stream))
    require_tape_fits(config, path_ids.size)
    rows = np.empty((decisions + 1, which.size, path_ids.size))
    for low in range(0, path_ids.size, _CHUNK):
        ids = path_ids[low : low + _CHUNK]
        market = open_market(config, ids.size, seed=seed, stream=stream)
        present = np.zeros((N_FIELDS + quoted_rows(config), ids.size))
        market.start(ids, np.ones(ids.size, dtype=np.bool_), present)
        rows[0, :, low : low + _CHUNK] = present[which]
        for step in range(1, decisions + 1):
            market.advance(present)
            rows[step, :, low : low + _CHUNK] = present[which]
    return MarketTape(path_ids, rows)


def record_tapes(
    config: EnvConfig,
    n_paths: int,
    most: int,
    *,
    seed: int = 0,
    stream: str = "test",
) -> Iterator[MarketTape]:
    """Record the first paths of a stream a few at a time, so that memory is bounded.

    Args:
        config: The hedging problem.
        n_paths: Number of paths in all, numbered from 0.
        most: Paths of one tape, at least 1.
        seed: Of the market.
        stream: Name of the stream.

    Yields:
        Tapes of `most` paths each, the last one of what is left.
    """
    for low in range(0, n_paths, most):
        ids = np.arange(low, min(low + most, n_paths), dtype=np.int64)
        yield record_tape(config, ids, seed=seed, stream=stream)


def require_tape_fits(
    config: EnvConfig, n_paths: int, name: str = "the number of paths"
) -> None:
    """Refuse a tape that cannot fit into memory.

    Args:
        config: The hedging problem.
        n_paths: To be recorded.
        name: What the user calls their number.

    Raises:
        ConfigError: In one line, with the figure and what would fit.
    """
    size = _tape_bytes(config, _kept_rows(config))
    require_memory(name, n_paths, config, size)


def paths_that_fit(config: EnvConfig) -> int:
    """Number of paths whose tape fits into memory, at least 1."""
    return most_paths(config, _tape_bytes(config, _kept_rows(config)))


def _tape_bytes(config: EnvConfig, rows: IntArray) -> int:
    """Memory of one recorded path [byte]."""
    return _NUMBER * int(rows.size) * (config.episode.decisions + 1)


def _kept_rows(config: EnvConfig) -> IntArray:
    """Rows of a batch that its market writes, and that a tape keeps."""
    n_quoted = quoted_rows(config)
    n_kept = N_MARKET_FIELDS if n_quoted > 0 else count_market_rows(config)
    quoted = np.arange(N_FIELDS, N_FIELDS + n_quoted)
    return np.concatenate([np.arange(n_kept), quoted])


class TapeMarket:
    """Replays a tape from its start; all paths move together."""

    def __init__(self, tape: MarketTape) -> None:
        self._tape = tape
        self._step = 0

    def start(self, path_ids: IntArray, chosen: BoolArray, rows: FloatArray) -> None:
        """Rewind; a tape can only start all of its paths at once."""
        if not chosen.all() or not np.array_equal(path_ids, self._tape.path_ids):
            raise ValueError(
                "a tape replays exactly the paths it was recorded from, all together; "
                "pass its path_ids and no mask"
            )
        self._step = 0
        self._write(rows)

    def advance(self, rows: FloatArray) -> None:
        """Move every path to its next decision and write its market rows."""
        self._step = min(self._step + 1, self._tape.rows.shape[0] - 1)
        self._write(rows)

    def _write(self, rows: FloatArray) -> None:
        kept = self._tape.rows[self._step]
        rows[: min(kept.shape[0], N_MARKET_FIELDS)] = kept[:N_MARKET_FIELDS]
        n_quoted = kept.shape[0] - N_MARKET_FIELDS
        if n_quoted > 0:
            rows[N_FIELDS : N_FIELDS + n_quoted] = kept[N_MARKET_FIELDS:]

    def state_dict(self) -> dict[str, FloatArray | IntArray]:
        """Position on the tape."""
        return {"step": np.array([self._step])}

    def load_state_dict(self, state: dict[str, FloatArray | IntArray]) -> None:
        """Restore what `state_dict` returned."""
        self._step = int(state["step"][0])
