"""Recorded market paths: simulate once, run any number of policies on them.

A tape holds the market rows of every decision of a set of paths. Replaying it
gives the same numbers, bit for bit, as simulating the paths again, since a market
does not react to what is held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hedge_env._types import BoolArray, FloatArray, IntArray
from hedge_env.config import EnvConfig
from hedge_env.fields import N_MARKET_FIELDS
from hedge_env.replay import open_market

_CHUNK = 4096  # paths simulated at a time


@dataclass(frozen=True)
class MarketTape:
    """Market rows of every decision.

    Attributes:
        path_ids: Shape (n,).
        rows: Shape (decisions + 1, N_MARKET_FIELDS, n).
    """

    path_ids: IntArray
    rows: FloatArray

    @property
    def n_paths(self) -> int:
        """Number of recorded paths."""
        return int(self.path_ids.size)


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
        The tape; 8 bytes x N_MARKET_FIELDS x (decisions + 1) a path.
    """
    path_ids = np.asarray(path_ids, dtype=np.int64)
    decisions = config.episode.decisions
    rows = np.empty((decisions + 1, N_MARKET_FIELDS, path_ids.size))
    for low in range(0, path_ids.size, _CHUNK):
        ids = path_ids[low : low + _CHUNK]
        market = open_market(config, ids.size, seed=seed, stream=stream)
        present = np.zeros((N_MARKET_FIELDS, ids.size))
        market.start(ids, np.ones(ids.size, dtype=np.bool_), present)
        rows[0, :, low : low + _CHUNK] = present
        for step in range(1, decisions + 1):
            market.advance(present)
            rows[step, :, low : low + _CHUNK] = present
    return MarketTape(path_ids, rows)


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
        rows[:N_MARKET_FIELDS] = self._tape.rows[0]

    def advance(self, rows: FloatArray) -> None:
        """Move every path to its next decision and write its market rows."""
        self._step = min(self._step + 1, self._tape.rows.shape[0] - 1)
        rows[:N_MARKET_FIELDS] = self._tape.rows[self._step]

    def state_dict(self) -> dict[str, FloatArray | IntArray]:
        """Position on the tape."""
        return {"step": np.array([self._step])}

    def load_state_dict(self, state: dict[str, FloatArray | IntArray]) -> None:
        """Restore what `state_dict` returned."""
        self._step = int(state["step"][0])
