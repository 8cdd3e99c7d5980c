"""One market step along a recorded path: the price is read, the rest answers to it.

Rows of the state that a recorded series gives are read as well. All others follow
their own processes, with the same random numbers as in a simulated market and with
the shock of spot that the recorded return amounts to.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.held import Held
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import TILE, Tile
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.market.engine import market_state
from hedge_env.market.engine.in_turn import note_in_turn
from hedge_env.market.engine.noise import (
    LOG_RETURN,
    Z_SPOT,
    draw_noise,
    new_noise,
)
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.engine.simulator import respond
from hedge_env.market.engine.start import start_forecasts
from hedge_env.market.volatility.season import season_factor
from hedge_env.numerics.special import exp

# Rows of the record: log price, two that are read at the start only, and what a unit
# held since the first tick has paid in funding, if that is recorded.
LOG_PRICE, REALISED, TRAILING, FUNDING_PAID = 0, 1, 2, 3
N_FIXED_ROWS = 4  # the rows of the state that are driven come after them

# Shocks of spot [standard deviation]: a jump is no shock to the surface.
_LARGEST_SHOCK = 4.0


@kernel
def start_recorded(
    state: FloatArray,
    record: FloatArray,
    driven: IntArray,
    first: IntArray,
    start_weekdays: FloatArray,
    start_hours: FloatArray,
    chosen: BoolArray,
    p: MarketParams,
) -> None:
    """Put the chosen paths at their windows, after `start_market` has drawn the rest.

    Args:
        state: Shape (N_STATES, n), updated in place.
        record: Shape (N_FIXED_ROWS + n_driven, n_ticks).
        driven: Row of the state that each further row of the record gives, shape
            (n_driven,).
        first: Tick at which each path starts, shape (n,).
        start_weekdays: Weekday on which each path starts, shape (n,); 0 is Monday.
        start_hours: Hour of day at which each path starts, shape (n,) [hour].
        chosen: Shape (n,).
        p: Constants.
    """
    for i in range(first.shape[0]):
        if chosen[i]:
            _read_driven(state, record, driven, i, first[i])
            x = state[:, i]
            factors = (
                x[market_state.FAST] + x[market_state.SLOW] + x[market_state.INTRADAY]
            )
            x[market_state.VOLATILITY] = p.volatility.level * exp(factors)
            x[market_state.REALISED_VARIANCE] = record[REALISED, first[i]]
            x[market_state.TRAILING_RETURN] = record[TRAILING, first[i]]
            x[market_state.START_WEEKDAY] = start_weekdays[i]
            x[market_state.START_HOUR] = start_hours[i]
            if p.parts.season:
                x[market_state.VOLATILITY] *= season_factor(
                    start_weekdays[i], start_hours[i], p.season
                )
            start_forecasts(x, p)


@kernel
def advance_recorded(
    state: FloatArray,
    record: FloatArray,
    driven: IntArray,
    first: IntArray,
    ticks: int,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    constants: Held[MarketParams],
) -> None:
    """Advance all paths by one decision interval.

    A path at the end of its window stays there.

    Args:
        state: Shape (N_STATES, n), updated in place.
        record: Shape (N_FIXED_ROWS + n_driven, n_ticks).
        driven: As in `start_recorded`.
        first: Tick at which each path starts, shape (n,).
        ticks: Of one market step.
        path_ids: Shape (n,).
        counters: Market steps already taken, shape (n,), updated in place.
        key: Of the random stream.
        constants: Of the market, in which the driven factors stand still.
    """
    p = constants.value
    n = state.shape[1]
    noise = new_noise(min(TILE, n))
    for low in range(0, n, TILE):
        high = min(low + TILE, n)
        here = Tile(state, low, high)
        if noise.shape[1] != high - low:
            noise = new_noise(high - low)
        for step_number in range(p.clock.market_steps):
            note_in_turn(here, step_number, p)
            draw_noise(noise, path_ids[low:high], counters[low:high], key, p.draws.step)
            for i in range(low, high):
                step = noise[:, i - low]
                _read_step(
                    state, record, driven, i, first[i], ticks, counters[i], p, step
                )
            respond(here, noise, counters, True, p)
            for i in range(low, high):
                counters[i] += 1
        note_in_turn(here, p.clock.market_steps, p)


@kernel
def _read_step(
    state: FloatArray,
    record: FloatArray,
    driven: IntArray,
    path: int,
    first: int,
    ticks: int,
    counter: int,
    p: MarketParams,
    noise: FloatArray,
) -> None:
    """Read what one path does in one market step; `noise` is its column."""
    last = p.clock.decisions * p.clock.market_steps
    present = first + min(counter, last) * ticks
    following = first + min(counter + 1, last) * ticks
    log_price = record[LOG_PRICE]
    log_return = log_price[following] - log_price[present]
    volatility = state[market_state.VOLATILITY, path]
    mean = (p.price.drift - 0.5 * volatility * volatility) * p.price.dt
    mean += p.jumps.compensator
    shock = (log_return - mean) / (volatility * p.price.sqrt_dt + 1e-12)
    noise[Z_SPOT] = min(max(shock, -_LARGEST_SHOCK), _LARGEST_SHOCK)
    noise[LOG_RETURN] = log_return
    state[market_state.LOG_SPOT, path] = log_price[following] - log_price[first]
    paid = record[FUNDING_PAID, following] - record[FUNDING_PAID, present]
    state[market_state.FUNDING_ACCRUED, path] += paid / exp(log_price[first])
    _read_driven(state, record, driven, path, following)


@kernel
def _read_driven(
    state: FloatArray, record: FloatArray, driven: IntArray, path: int, tick: int
) -> None:
    for k in range(driven.shape[0]):
        state[driven[k], path] = record[N_FIXED_ROWS + k, tick]
