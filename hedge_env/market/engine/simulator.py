"""One market step for a batch of paths: the price moves, the processes answer.

The state is a structure of arrays, advanced tile by tile, so that a tile stays in
the cache while each process runs its own vectorised loop over it.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import inlined_kernel, kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.market.engine import market_state
from hedge_env.market.engine.clustering import scale_volatility
from hedge_env.market.engine.in_turn import advance_in_turn, note_in_turn
from hedge_env.market.engine.noise import (
    HOURS,
    JUMP,
    LOG_RETURN,
    PROBABILITY,
    Z_SPOT,
    draw_noise,
)
from hedge_env.market.engine.price import move_price
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.process import Step
from hedge_env.market.spot.diffusion import LEAST_LOG_SPOT
from hedge_env.market.volatility.season import apply_season


@inlined_kernel
def advance_tile(
    state: Tile,
    noise: FloatArray,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    p: MarketParams,
) -> None:
    """Advance the paths of a tile by one decision interval.

    Args:
        state: Of N_STATES rows, updated in place.
        noise: Scratch of as many paths, from `new_noise`, used or not.
        path_ids: Of all paths, shape (n,).
        counters: Market steps already taken by all paths, shape (n,), updated in place.
        key: Of the random stream.
        p: Constants.
    """
    low, high = state.low, state.high
    for step in range(p.clock.market_steps):
        note_in_turn(state, step, p)
        draw_noise(noise, path_ids[low:high], counters[low:high], key, p.draws.step)
        advance_step(state, noise, counters, p)
        for i in range(low, high):
            counters[i] += 1
    note_in_turn(state, p.clock.market_steps, p)
    log_spot = part(state, market_state.LOG_SPOT)
    for i in range(log_spot.size):  # a price that is nothing stays a number
        log_spot[i] = LEAST_LOG_SPOT if log_spot[i] < LEAST_LOG_SPOT else log_spot[i]


@kernel
def advance_step(
    x: Tile, noise: FloatArray, counters: IntArray, p: MarketParams
) -> None:
    """One market step of one tile: the price first, then what answers to it."""
    move_price(x, noise, p)
    respond(x, noise, counters, False, p)


@kernel
def respond(
    x: Tile, noise: FloatArray, counters: IntArray, recorded: bool, p: MarketParams
) -> None:
    """Advance all but the price by one market step, given the return of the step.

    Every process reads the state before the step, but for the new spot. The volatility
    of the next step is a product: that of calm, which `volatility` or `heston` has
    written, then what regime and cascades, then what the season makes of it.

    Args:
        x: State, updated in place.
        noise: Shape (N_SCRATCH, paths of the tile); rows `Z_SPOT`, `JUMP` and
            `LOG_RETURN` say what spot did.
        counters: Market steps already taken by all paths, shape (n,).
        recorded: Whether spot is read from a record.
        p: Constants.
    """
    volatility, steps = part(x, market_state.VOLATILITY), counters[x.low : x.high]
    start_hour, hours = part(x, market_state.START_HOUR), noise[HOURS]
    for i in range(hours.size):
        hours[i] = start_hour[i] + steps[i] * p.clock.hours_per_step
    step = Step(
        log_spot=part(x, market_state.LOG_SPOT),
        log_return=noise[LOG_RETURN],
        volatility=volatility,
        z_spot=noise[Z_SPOT],
        jump=noise[JUMP],
        hours=hours,
        dt_hours=p.clock.hours_per_step,
        dt=p.price.dt,
        recorded=recorded,
    )
    advance_in_turn(x, Tile(noise, 0, hours.size), step, p)
    if p.parts.clustering:
        scale_volatility(x, noise[PROBABILITY], p)
    if p.parts.season:
        weekday, dt = part(x, market_state.START_WEEKDAY), p.clock.hours_per_step
        apply_season(volatility, weekday, start_hour, steps, dt, p.season)
