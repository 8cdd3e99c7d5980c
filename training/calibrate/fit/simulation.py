"""Long hourly histories of a simulated market, for statistics.

An episode lasts a month; a fit needs years. The market kernels know no end of an
episode, so a history is the same simulation, recorded hour by hour. Its noise is a
function of (seed, history, hour) alone: two markets meet the same random numbers,
and a statistic is a smooth function of the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.tile import TILE, Tile
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.market.engine import market_state
from hedge_env.market.engine.market_state import N_STATES, STATES
from hedge_env.market.engine.noise import new_noise
from hedge_env.market.engine.parameters import market_params
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.engine.simulator import advance_tile
from hedge_env.market.engine.start import start_market
from hedge_env.numerics.philox import stream_key

HOURS_PER_YEAR = 8760
STREAM = "validation"  # neither trains nor tests a policy


def hourly(config: EnvConfig) -> EnvConfig:
    """The same market in hourly steps from a Monday's midnight, one a decision."""
    episode = {
        "decision_interval_hours": 1.0,
        "decisions": 24,
        "market_steps": 1,
        "start_hour": 0.0,
        "start_weekday": 0,
    }
    legs = [{"kind": "call", "maturity_days": 30.0}]
    return load_config(config, {"episode": episode, "book": {"legs": legs}})


def simulate(
    config: EnvConfig,
    names: tuple[str, ...],
    n_histories: int,
    hours: int,
    seed: int,
    *,
    first: int = 0,
) -> Mapping[str, FloatArray]:
    """Record rows of the market's state.

    Args:
        config: The market; its time grid is replaced by an hourly one.
        names: Rows of `hedge_env.market.engine.market_state`.
        n_histories: At most TILE.
        hours: Length of each history.
        seed: Of the noise.
        first: Number of the first history; each number has its own noise.

    Returns:
        For each name the value at the start and after each hour, shape
        (n_histories, hours + 1).
    """
    if not 0 < n_histories <= TILE:
        raise ValueError(f"n_histories must be 1 to {TILE}")
    constants = market_params(hourly(config))
    rows = np.array([STATES.index(name) for name in names], dtype=np.int64)
    out = np.empty((rows.size, n_histories, hours + 1))
    _record(out, rows, first, stream_key(seed, STREAM), constants)
    return dict(zip(names, out, strict=True))


def changed(config: EnvConfig, market: Mapping[str, Any]) -> EnvConfig:
    """The config with some keys of its market changed."""
    return load_config(config, {"market": market}, source="calibration")


@kernel
def _record(
    out: FloatArray,
    rows: IntArray,
    first: int,
    key: tuple[np.uint32, np.uint32],
    p: MarketParams,
) -> None:
    n = out.shape[1]
    state = np.zeros((N_STATES, n))
    path_ids = first + np.arange(n)
    counters, noise = np.zeros(n, dtype=np.int64), new_noise(n)
    start_market(state, path_ids, counters, np.full(n, True), key, p)
    for t in range(out.shape[2]):
        for r in range(rows.shape[0]):
            for i in range(n):
                out[r, i, t] = state[rows[r], i]
        state[market_state.FUNDING_ACCRUED, :] = 0.0
        advance_tile(Tile(state, 0, n), noise, path_ids, counters, key, p)
