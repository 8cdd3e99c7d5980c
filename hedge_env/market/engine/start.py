"""The start of an episode: factors from their stationary distribution, spot at one."""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.market.engine import market_state
from hedge_env.market.engine.clustering import start_clustering
from hedge_env.market.engine.noise import (
    N_SCRATCH,
    U_CHAIN,
    U_DEPTH,
    U_HOUR,
    U_REGIME,
    Z_BASIS,
    Z_CURVATURE,
    Z_FAST,
    Z_GAS_FAST,
    Z_GAS_SLOW,
    Z_INTRADAY,
    Z_LEVEL,
    Z_PREMIUM,
    Z_PREMIUM_FAST,
    Z_SKEW,
    Z_SLOW,
    draw_noise,
)
from hedge_env.market.engine.parameters import MarketParams
from hedge_env.market.engine.simulator import TILE
from hedge_env.market.gas.gas_chain import draw_state
from hedge_env.market.perpetual.basis import basis_shock
from hedge_env.market.volatility.season import season_factor
from hedge_env.numerics.random_blocks import INITIAL_COUNTER
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
    for low in range(0, n, TILE):
        high = min(low + TILE, n)
        initial = np.full(high - low, INITIAL_COUNTER, dtype=np.int64)
        noise = np.zeros((N_SCRATCH, high - low))
        draw_noise(noise, path_ids[low:high], initial, key, p.draws.start)
        for i in range(high - low):
            if chosen[low + i]:
                counters[low + i] = 0
                _start_path(state[:, low + i], noise[:, i], p)


@kernel
def _start_path(x: FloatArray, z: FloatArray, p: MarketParams) -> None:
    x[:] = 0.0
    x[market_state.FAST] = p.volatility.fast.sd * z[Z_FAST]
    x[market_state.SLOW] = p.volatility.slow.sd * z[Z_SLOW]
    x[market_state.INTRADAY] = p.volatility.intraday.sd * z[Z_INTRADAY]
    factors = x[market_state.FAST] + x[market_state.SLOW] + x[market_state.INTRADAY]
    x[market_state.VOLATILITY] = p.volatility.level * exp(factors)
    if p.parts.heston:
        x[market_state.FAST] = p.heston.start
    x[market_state.LEVEL] = p.surface.level.sd * z[Z_LEVEL]
    x[market_state.SKEW] = p.surface.skew.sd * z[Z_SKEW]
    x[market_state.CURVATURE] = p.surface.curvature.sd * z[Z_CURVATURE]
    x[market_state.GAS_SLOW] = p.gas.slow.sd * z[Z_GAS_SLOW]
    x[market_state.GAS_FAST] = p.gas.fast.sd * z[Z_GAS_FAST]
    if p.parts.gas_chain:
        last = p.gas_chain.cumulative.shape[0] - 1
        x[market_state.GAS_FAST] = draw_state(last, z[U_CHAIN], p.gas_chain)
    x[market_state.PREMIUM_FAST] = p.funding.fast.sd * z[Z_PREMIUM_FAST]
    slow_premium = p.funding.premium.sd * z[Z_PREMIUM]
    x[market_state.PREMIUM] = slow_premium + x[market_state.PREMIUM_FAST]
    if p.parts.basis:
        shock = basis_shock(z[Z_PREMIUM], z[Z_BASIS], p.basis)
        x[market_state.BASIS] = p.basis.factor.sd * shock
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
