"""The start of an episode: factors from their stationary distribution, spot at one."""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.market.engine import market_state
from hedge_env.market.engine.clustering import start_clustering
from hedge_env.market.engine.in_turn import start_in_turn
from hedge_env.market.engine.noise import (
    N_SCRATCH,
    U_DEPTH,
    U_HOUR,
    U_REGIME,
    draw_noise,
)
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.engine.simulator import TILE
from hedge_env.market.volatility.season import season_factor
from hedge_env.numerics.random_blocks import INITIAL_COUNTER


@kernel
def start_market(
    state: FloatArray,
    path_ids: IntArray,
    counters: IntArray,
    chosen: BoolArray,
    key: tuple[np.uint32, np.uint32],
    p: MarketParams,
) -> None:
    """Put the chosen paths at their start: factors stationary, spot at one."""
    n = state.shape[1]
    for low in range(0, n, TILE):
        high = min(low + TILE, n)
        initial = np.full(high - low, INITIAL_COUNTER, dtype=np.int64)
        noise = np.zeros((N_SCRATCH, high - low))
        draw_noise(noise, path_ids[low:high], initial, key, p.draws.start)
        for i in range(high - low):
            if chosen[low + i]:
                counters[low + i] = 0
                state[:, low + i] = 0.0
                start_in_turn(state, noise, low + i, i, p)
                _start_by_hand(state[:, low + i], noise[:, i], p)


@kernel
def _start_by_hand(x: FloatArray, z: FloatArray, p: MarketParams) -> None:
    """Start what reads what the processes have started, and the clock."""
    if p.parts.heston:
        x[market_state.FAST] = p.heston.start
    # The estimator starts at the truth: a hedger has watched the market before.
    x[market_state.REALISED_VARIANCE] = (
        x[market_state.VOLATILITY] ** 2 + p.jumps.variance_rate
    )
    if p.parts.regime or p.parts.cascades:
        start_clustering(x, z[U_REGIME], z[U_DEPTH], p)
    start = p.clock.start_hour
    hour = np.floor(24.0 * z[U_HOUR])
    x[market_state.START_HOUR] = start if start >= 0.0 else hour
    # What the hour leaves of the uniform number is uniform again.
    weekday = np.floor(7.0 * (24.0 * z[U_HOUR] - hour))
    start = p.clock.start_weekday
    x[market_state.START_WEEKDAY] = start if start >= 0.0 else weekday
    if p.parts.season:
        x[market_state.VOLATILITY] *= season_factor(
            x[market_state.START_WEEKDAY], x[market_state.START_HOUR], p.season
        )
