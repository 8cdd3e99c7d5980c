"""The start of an episode: factors from their stationary distribution, spot at one."""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.market.engine import market_state
from hedge_env.market.engine.clustering import start_clustering
from hedge_env.market.engine.noise import (
    EXECUTION_BLOCK,
    INITIAL_COUNTER,
    N_SCRATCH,
    U_CHAIN,
    U_HOUR,
    U_REGIME,
)
from hedge_env.market.engine.parameters import MarketParams
from hedge_env.market.engine.simulator import TILE
from hedge_env.market.gas.chain import draw_state
from hedge_env.market.perpetual.basis import basis_shock
from hedge_env.market.volatility.season import season_factor
from hedge_env.numerics.philox import fill_normals, fill_uniforms
from hedge_env.numerics.special import exp


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
    k0, k1 = key
    for low in range(0, n, TILE):
        high = min(low + TILE, n)
        m = high - low
        initial = np.full(m, INITIAL_COUNTER, dtype=np.int64)
        noise = np.zeros((N_SCRATCH, m))
        for block in range(3):
            rows = noise[4 * block : 4 * block + 4]
            fill_normals(rows, path_ids[low:high], initial, block, k0, k1)
        fill_uniforms(noise[12:16], path_ids[low:high], initial, 3, k0, k1)
        if p.parts.gas_chain:
            rows = noise[U_CHAIN : U_CHAIN + 4]
            fill_uniforms(rows, path_ids[low:high], initial, 7, k0, k1)
        if p.parts.regime:
            rows = noise[U_REGIME : U_REGIME + 4]
            fill_uniforms(rows, path_ids[low:high], initial, 4, k0, k1)
        for i in range(m):
            if chosen[low + i]:
                counters[low + i] = 0
                _start_path(state[:, low + i], noise[:, i], p)
        if p.parts.basis:
            own = np.empty((4, m))
            fill_normals(own, path_ids[low:high], initial, EXECUTION_BLOCK, k0, k1)
            for i in range(m):
                if chosen[low + i]:
                    shock = basis_shock(noise[8, i], own[2, i], p.basis)
                    state[market_state.BASIS, low + i] = p.basis.factor.sd * shock


@kernel
def _start_path(x: FloatArray, z: FloatArray, p: MarketParams) -> None:
    x[:] = 0.0
    x[market_state.FAST] = p.volatility.fast.sd * z[1]
    x[market_state.SLOW] = p.volatility.slow.sd * z[2]
    x[market_state.INTRADAY] = p.volatility.intraday.sd * z[9]
    factors = x[market_state.FAST] + x[market_state.SLOW] + x[market_state.INTRADAY]
    x[market_state.VOLATILITY] = p.volatility.level * exp(factors)
    if p.parts.heston:
        x[market_state.FAST] = p.heston.start
    x[market_state.LEVEL] = p.surface.level.sd * z[3]
    x[market_state.SKEW] = p.surface.skew.sd * z[4]
    x[market_state.CURVATURE] = p.surface.curvature.sd * z[5]
    x[market_state.GAS_SLOW] = p.gas.slow.sd * z[6]
    x[market_state.GAS_FAST] = p.gas.fast.sd * z[7]
    if p.parts.gas_chain:
        last = p.gas_chain.cumulative.shape[0] - 1
        x[market_state.GAS_FAST] = draw_state(last, z[U_CHAIN], p.gas_chain)
    x[market_state.PREMIUM_FAST] = p.funding.fast.sd * z[10]
    x[market_state.PREMIUM] = p.funding.premium.sd * z[8] + x[market_state.PREMIUM_FAST]
    # The estimator starts at the truth: a hedger has watched the market before.
    x[market_state.REALISED_VARIANCE] = (
        x[market_state.VOLATILITY] ** 2 + p.jumps.variance_rate
    )
    if p.parts.regime or p.parts.cascades:
        start_clustering(x, z[U_REGIME], z[U_REGIME + 1], p)
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
