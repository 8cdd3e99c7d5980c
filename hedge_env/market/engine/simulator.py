"""Composes the processes: one market step for a batch of paths.

The state is a structure of arrays, advanced tile by tile, so that a tile stays in
the cache while each process runs its own vectorised loop over it.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.market.engine import market_state
from hedge_env.market.engine.clustering import (
    advance_clustering,
    compensate_price,
    draw_clustered_jumps,
)
from hedge_env.market.engine.in_turn import advance_in_turn
from hedge_env.market.engine.interval import note_interval
from hedge_env.market.engine.noise import (
    CROWD_JUMP,
    CROWD_VOLATILITY,
    HOURS,
    JUMP,
    LOG_RETURN,
    N_SCRATCH,
    PROBABILITY,
    U_JUMP,
    U_REGIME,
    U_SIGN,
    Z_FAST,
    Z_SPOT,
    draw_noise,
)
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.process import Step
from hedge_env.market.spot.diffusion import (
    LEAST_LOG_SPOT,
    advance_price,
    estimate_variance,
)
from hedge_env.market.spot.jumps import draw_jumps, scaled_compensator
from hedge_env.market.volatility.heston import advance_heston, read_volatility
from hedge_env.market.volatility.season import apply_season

TILE = 256  # paths: some 60 rows of state and scratch are 127 kB


@kernel
def advance_tile(
    state: FloatArray,
    path_ids: IntArray,
    counters: IntArray,
    low: int,
    high: int,
    key: tuple[np.uint32, np.uint32],
    p: MarketParams,
) -> None:
    """Advance the paths `low` to `high` by one decision interval.

    Args:
        state: Shape (N_STATES, n), updated in place.
        path_ids: Shape (n,).
        counters: Market steps already taken, shape (n,), updated in place.
        low: First path.
        high: Path after the last; `high - low` is at most TILE.
        key: Of the random stream.
        p: Constants.
    """
    noise = np.full((N_SCRATCH, high - low), np.nan)  # what nobody fills is no number
    noise[JUMP, :] = 0.0
    for step in range(p.clock.market_steps):
        if p.parts.interval:
            note_interval(state, low, high, step, p.interval)
        draw_noise(noise, path_ids[low:high], counters[low:high], key, p.draws.step)
        _step(state, low, high, noise, counters, p)
        for i in range(low, high):
            counters[i] += 1
    if p.parts.interval:
        note_interval(state, low, high, p.clock.market_steps, p.interval)
    log_spot = state[market_state.LOG_SPOT, low:high]
    for i in range(high - low):  # a price that is nothing stays a number
        log_spot[i] = LEAST_LOG_SPOT if log_spot[i] < LEAST_LOG_SPOT else log_spot[i]


@kernel
def _step(
    x: FloatArray,
    low: int,
    high: int,
    noise: FloatArray,
    counters: IntArray,
    p: MarketParams,
) -> None:
    """One market step of one tile: the price first, then what answers to it."""
    z_spot, jump, log_return = noise[Z_SPOT], noise[JUMP], noise[LOG_RETURN]
    volatility = x[market_state.VOLATILITY, low:high]
    log_spot = x[market_state.LOG_SPOT, low:high]
    if p.parts.heston:  # price and variance move together; both are read afterwards
        variance = x[market_state.FAST, low:high]
        advance_heston(log_spot, log_return, variance, z_spot, noise[Z_FAST], p.heston)
        respond(x, low, high, noise, counters, False, p)
        read_volatility(volatility, variance)
        return
    clustered, odds = p.parts.regime or p.parts.cascades, noise[PROBABILITY]
    if clustered:
        u_occurs, u_sign = noise[U_JUMP], noise[U_SIGN]
        draw_clustered_jumps(x, low, high, u_occurs, u_sign, jump, odds, p)
    elif p.parts.jumps:
        draw_jumps(noise[U_JUMP], noise[U_SIGN], jump, p.jumps)
    if p.parts.crowd:
        _amplify(x[market_state.CROWD, low:high], volatility, noise, p)
        volatility, jump = noise[CROWD_VOLATILITY], noise[CROWD_JUMP]
    advance_price(log_spot, log_return, volatility, z_spot, jump, p.price)
    if clustered:
        compensate_price(x, low, high, log_return, odds, p)
    respond(x, low, high, noise, counters, False, p)


@kernel
def _amplify(
    feedback: FloatArray, volatility: FloatArray, noise: FloatArray, p: MarketParams
) -> None:
    """Write volatility and jumps as the crowd's trading makes them."""
    clustered, odds = p.parts.regime or p.parts.cascades, noise[PROBABILITY]
    crowded, jumped = noise[CROWD_VOLATILITY], noise[CROWD_JUMP]
    jump = noise[JUMP]
    for i in range(feedback.shape[0]):
        crowded[i] = (1.0 + feedback[i]) * volatility[i]
    for i in range(feedback.shape[0]):
        jumped[i] = (1.0 + feedback[i]) * jump[i]
    if p.parts.jumps:
        for i in range(feedback.shape[0]):
            chance = odds[i] if clustered else p.jumps.probability
            larger = scaled_compensator(1.0 + feedback[i], chance, p.jumps)
            jumped[i] += larger - scaled_compensator(1.0, chance, p.jumps)


@kernel
def respond(
    x: FloatArray,
    low: int,
    high: int,
    noise: FloatArray,
    counters: IntArray,
    recorded: bool,
    p: MarketParams,
) -> None:
    """Advance all but the price by one market step, given the return of the step.

    Every process reads the state before the step, but for the new spot. Rows are
    taken as `x[row, low:high]`, which numba knows to be contiguous; a
    two-dimensional slice it would not, and the loops would not be vectorised.

    Args:
        x: State of all paths, shape (N_STATES, n), updated in place.
        low: First path.
        high: Path after the last.
        noise: Shape (N_SCRATCH, high - low); rows `Z_SPOT`, `JUMP` and
            `LOG_RETURN` say what spot did.
        counters: Market steps already taken, shape (n,).
        recorded: Whether spot is read from a record.
        p: Constants.
    """
    volatility = x[market_state.VOLATILITY, low:high]
    start_hour, hours = x[market_state.START_HOUR, low:high], noise[HOURS]
    for i in range(high - low):
        hours[i] = start_hour[i] + counters[low + i] * p.clock.hours_per_step
    step = Step(
        log_spot=x[market_state.LOG_SPOT, low:high],
        log_return=noise[LOG_RETURN],
        volatility=volatility,
        z_spot=noise[Z_SPOT],
        jump=noise[JUMP],
        hours=hours,
        dt_hours=p.clock.hours_per_step,
        dt=p.price.dt,
        recorded=recorded,
    )
    advance_in_turn(x, noise, low, high, step, p)
    realised = x[market_state.REALISED_VARIANCE, low:high]
    estimate_variance(realised, noise[LOG_RETURN], p.realised_decay, p.price.dt)
    if p.parts.regime or p.parts.cascades:
        odds, u_regime = noise[PROBABILITY], noise[U_REGIME]
        advance_clustering(x, low, high, u_regime, noise[JUMP], odds, p)
    if p.parts.season:
        apply_season(
            volatility,
            x[market_state.START_WEEKDAY, low:high],
            start_hour,
            counters[low:high],
            p.clock.hours_per_step,
            p.season,
        )
