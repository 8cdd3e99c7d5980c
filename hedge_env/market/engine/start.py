"""The start of an episode: factors from their stationary distribution, spot at one."""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.tile import TILE, Tile
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.market.engine import market_state
from hedge_env.market.engine.in_turn import start_in_turn
from hedge_env.market.engine.noise import N_SCRATCH, draw_noise
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.spot.cascades import jump_probability
from hedge_env.market.spot.regime import volatility_at
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
        for i in range(low, high):
            if chosen[i]:
                counters[i] = 0
                state[:, i] = 0.0
                drawn = Tile(noise, i - low, i - low + 1)
                start_in_turn(Tile(state, i, i + 1), drawn, p)
                _multiply_volatility(state[:, i], p)
                start_forecasts(state[:, i], p)


@kernel
def _multiply_volatility(x: FloatArray, p: MarketParams) -> None:
    """Make the product that `respond` makes, and let its estimate start at the truth.

    A hedger has watched the market before. The estimate starts without the season,
    which over whole weeks is one.
    """
    x[market_state.VOLATILITY] *= volatility_at(
        x[market_state.DEPTH], p.regime.volatility
    )
    odds = jump_probability(
        x[market_state.EXCITATION], x[market_state.STRESS], p.cascades
    )
    jumps = odds * p.jumps.mean_square / p.price.dt
    x[market_state.REALISED_VARIANCE] = x[market_state.VOLATILITY] ** 2 + jumps
    if p.parts.season:
        x[market_state.VOLATILITY] *= season_factor(
            x[market_state.START_WEEKDAY], x[market_state.START_HOUR], p.season
        )


@kernel
def start_forecasts(x: FloatArray, p: MarketParams) -> None:
    """Let the means that forecasts are made of start at what is known of the past.

    Those of volatility where its estimate does, those of gas at what lasts of its price
    for hours, and for days.
    """
    if p.volatility_forecast.on:
        x[market_state.VARIANCE_SHORT] = x[market_state.REALISED_VARIANCE]
        x[market_state.VARIANCE_MEDIUM] = x[market_state.REALISED_VARIANCE]
        x[market_state.VARIANCE_LONG] = x[market_state.REALISED_VARIANCE]
    if p.gas_forecast.on:
        slow, fast = x[market_state.GAS_SLOW], x[market_state.GAS_FAST]
        x[market_state.GAS_MEAN_SHORT] = slow + fast
        x[market_state.GAS_MEAN_LONG] = slow
