"""Runs a market without a hedger."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hedge_env.base.field import FIELDS, N_MARKET_FIELDS
from hedge_env.base.types import FloatArray
from hedge_env.book.listed_options import least_rows
from hedge_env.book.series import count_listed
from hedge_env.config import EnvConfig
from hedge_env.feeds.simulated import SimulatedMarket

NAMES = FIELDS[:N_MARKET_FIELDS]


def named(rows: FloatArray) -> dict[str, FloatArray]:
    """Copies of the rows, by name."""
    return {name: rows[i].copy() for i, name in enumerate(NAMES)}


def decisions(
    config: EnvConfig, n_paths: int, *, seed: int = 0
) -> Iterator[dict[str, FloatArray]]:
    """Market rows of paths 0, 1, ... at each decision, the end included."""
    market = SimulatedMarket(config, n_paths, seed=seed, stream="test")
    rows = np.zeros((least_rows(count_listed(config)), n_paths))
    market.start(np.arange(n_paths), np.ones(n_paths, dtype=np.bool_), rows)
    yield named(rows)
    for _ in range(config.episode.decisions):
        market.advance(rows)
        yield named(rows)


def start_rows(config: EnvConfig, n_paths: int) -> dict[str, FloatArray]:
    """Market rows at the first decision."""
    return next(decisions(config, n_paths))
