"""Composes the processes: one market step for a batch of paths.

The state is a structure of arrays, advanced tile by tile, so that a tile stays in
the first-level cache while each process runs its own vectorised loop over it.
Random numbers are a function of (key, path id, market step, block) alone: block b
of a step is always the same noise, whichever parts of the market are on.

| block | normals or uniforms |
|---|---|
| 0 | spot, fast volatility, slow volatility, surface level |
| 1 | skew, curvature, slow gas, fast gas |
| 2 | funding premium, intraday volatility |
| 3 | uniforms: jump occurs, jump sign, gas spike, start hour and weekday |
| 4 | uniform: change of regime |
| 6 | two uniforms, at decisions: order fails, sandwich; then the normal of the basis |
| 7 | uniforms: state of the gas chain |
"""

from __future__ import annotations

import numpy as np

from hedge_env._types import BoolArray, FloatArray, IntArray
from hedge_env.kernel import kernel
from hedge_env.market import state as row
from hedge_env.market.basis import advance_basis, basis_shock
from hedge_env.market.clustering import (
    advance_clustering,
    compensate_price,
    draw_clustered_jumps,
    start_clustering,
)
from hedge_env.market.funding import advance_funding
from hedge_env.market.gas import advance_gas
from hedge_env.market.gas_chain import advance_gas_chain, draw_state
from hedge_env.market.heston import advance_heston, read_volatility
from hedge_env.market.interval import note_interval
from hedge_env.market.jumps import draw_jumps, scaled_compensator
from hedge_env.market.parameters import MarketParams
from hedge_env.market.price import advance_price, estimate_variance
from hedge_env.market.season import apply_season, season_factor
from hedge_env.market.surface import advance_surface
from hedge_env.market.volatility import advance_intraday, advance_volatility
from hedge_env.numerics.philox import fill_normals, fill_uniforms
from hedge_env.numerics.special import exp

TILE = 256  # paths: 19 rows of state and 28 of scratch are 96 kB
N_SCRATCH = 34
JUMP, LOG_RETURN, _HOURS, _PROBABILITY = 16, 17, 18, 19
_U_CHAIN, _U_REGIME = 20, 24  # and three rows after each
_BASIS = 28  # four rows, of which the third is used
_CROWD_VOLATILITY, _CROWD_JUMP = 32, 33
_U_JUMP, _U_SIGN, _U_SPIKE, _U_HOUR = 12, 13, 14, 15

# Counter word of the draws from the stationary distribution, which no step reaches.
INITIAL_COUNTER = 2**32 - 1
EXECUTION_BLOCK = 6


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
    noise = np.empty((N_SCRATCH, high - low))
    noise[JUMP, :] = 0.0
    for step in range(p.clock.market_steps):
        if p.parts.interval:
            note_interval(state, low, high, step, p.interval)
        draw_noise(noise, path_ids[low:high], counters[low:high], key, p)
        _step(state, low, high, noise, counters, p)
        for i in range(low, high):
            counters[i] += 1
    if p.parts.interval:
        note_interval(state, low, high, p.clock.market_steps, p.interval)


@kernel
def draw_noise(
    noise: FloatArray,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    p: MarketParams,
) -> None:
    """Fill the rows of `noise` (N_SCRATCH, n) that the parts need for one step."""
    k0, k1 = key
    fill_normals(noise[0:4], path_ids, counters, 0, k0, k1)
    if p.parts.surface or p.parts.gas:
        fill_normals(noise[4:8], path_ids, counters, 1, k0, k1)
    if p.parts.funding or p.parts.intraday:
        fill_normals(noise[8:12], path_ids, counters, 2, k0, k1)
    if p.parts.jumps or p.parts.gas or p.parts.regime:
        fill_uniforms(noise[12:16], path_ids, counters, 3, k0, k1)
    if p.parts.gas_chain:
        rows = noise[_U_CHAIN : _U_CHAIN + 4]
        fill_uniforms(rows, path_ids, counters, 7, k0, k1)
    if p.parts.regime:
        rows = noise[_U_REGIME : _U_REGIME + 4]
        fill_uniforms(rows, path_ids, counters, 4, k0, k1)
    if p.parts.basis:
        rows = noise[_BASIS : _BASIS + 4]
        fill_normals(rows, path_ids, counters, EXECUTION_BLOCK, k0, k1)


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
    z_spot, jump, log_return = noise[0], noise[JUMP], noise[LOG_RETURN]
    volatility = x[row.VOLATILITY, low:high]
    log_spot = x[row.LOG_SPOT, low:high]
    if p.parts.heston:  # price and variance move together; both are read afterwards
        variance = x[row.FAST, low:high]
        advance_heston(log_spot, log_return, variance, z_spot, noise[1], p.heston)
        respond(x, low, high, noise, counters, p)
        read_volatility(volatility, variance)
        return
    clustered, odds = p.parts.regime or p.parts.cascades, noise[_PROBABILITY]
    if clustered:
        u_occurs, u_sign = noise[_U_JUMP], noise[_U_SIGN]
        draw_clustered_jumps(x, low, high, u_occurs, u_sign, jump, odds, p)
    elif p.parts.jumps:
        draw_jumps(noise[_U_JUMP], noise[_U_SIGN], jump, p.jumps)
    if p.parts.crowd:
        _amplify(x[row.CROWD, low:high], volatility, noise, p)
        volatility, jump = noise[_CROWD_VOLATILITY], noise[_CROWD_JUMP]
    advance_price(log_spot, log_return, volatility, z_spot, jump, p.price)
    if clustered:
        compensate_price(x, low, high, log_return, odds, p)
    respond(x, low, high, noise, counters, p)


@kernel
def _amplify(
    feedback: FloatArray, volatility: FloatArray, noise: FloatArray, p: MarketParams
) -> None:
    """Write volatility and jumps as the crowd's trading makes them."""
    clustered, odds = p.parts.regime or p.parts.cascades, noise[_PROBABILITY]
    crowded, jumped = noise[_CROWD_VOLATILITY], noise[_CROWD_JUMP]
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
        noise: Shape (N_SCRATCH, high - low); rows 0 (shock of spot), `JUMP` and
            `LOG_RETURN` say what spot did.
        counters: Market steps already taken, shape (n,).
        p: Constants.
    """
    z_spot, jump, log_return = noise[0], noise[JUMP], noise[LOG_RETURN]
    volatility = x[row.VOLATILITY, low:high]
    realised = x[row.REALISED_VARIANCE, low:high]
    estimate_variance(realised, log_return, p.realised_decay, p.price.dt)
    if p.parts.gas:
        advance_gas(
            x[row.GAS_SLOW, low:high],
            x[row.GAS_FAST, low:high],
            x[row.GAS_BURST, low:high],
            noise[6],
            noise[7],
            noise[_U_SPIKE],
            log_return,
            volatility,
            p.gas,
        )
    if p.parts.gas_chain:
        advance_gas_chain(x[row.GAS_FAST, low:high], noise[_U_CHAIN], p.gas_chain)
    if p.parts.funding or p.parts.basis:
        _respond_perpetual(x, low, high, noise, counters, p)
    if p.parts.surface:
        advance_surface(
            x[row.LEVEL, low:high],
            x[row.SKEW, low:high],
            x[row.CURVATURE, low:high],
            z_spot,
            noise[3],
            noise[4],
            noise[5],
            p.surface,
        )
    intraday = x[row.INTRADAY, low:high]
    if p.parts.intraday:
        advance_intraday(intraday, z_spot, noise[9], p.volatility)
    if p.parts.volatility:
        advance_volatility(
            volatility,
            x[row.FAST, low:high],
            x[row.SLOW, low:high],
            intraday,
            z_spot,
            noise[1],
            noise[2],
            jump,
            p.volatility,
        )
    if p.parts.regime or p.parts.cascades:
        odds, u_regime = noise[_PROBABILITY], noise[_U_REGIME]
        advance_clustering(x, low, high, u_regime, jump, odds, p)
    if p.parts.season:
        apply_season(
            volatility,
            x[row.START_WEEKDAY, low:high],
            x[row.START_HOUR, low:high],
            counters[low:high],
            p.clock.hours_per_step,
            p.season,
        )


@kernel
def _respond_perpetual(
    x: FloatArray,
    low: int,
    high: int,
    noise: FloatArray,
    counters: IntArray,
    p: MarketParams,
) -> None:
    """Advance funding and basis."""
    log_spot, log_return = x[row.LOG_SPOT, low:high], noise[LOG_RETURN]
    if p.parts.funding:
        start_hour = x[row.START_HOUR, low:high]
        hours = noise[_HOURS]
        for i in range(high - low):
            hours[i] = start_hour[i] + counters[low + i] * p.clock.hours_per_step
        advance_funding(
            x[row.PREMIUM, low:high],
            x[row.TRAILING_RETURN, low:high],
            x[row.FUNDING_ACCRUED, low:high],
            noise[8],
            log_return,
            log_spot,
            hours,
            p.clock.hours_per_step,
            p.funding,
        )
    if p.parts.basis:
        advance_basis(x[row.BASIS, low:high], noise[8], noise[_BASIS + 2], p.basis)


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
            rows = noise[_U_CHAIN : _U_CHAIN + 4]
            fill_uniforms(rows, path_ids[low:high], initial, 7, k0, k1)
        if p.parts.regime:
            rows = noise[_U_REGIME : _U_REGIME + 4]
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
                    state[row.BASIS, low + i] = p.basis.factor.sd * shock


@kernel
def _start_path(x: FloatArray, z: FloatArray, p: MarketParams) -> None:
    x[:] = 0.0
    x[row.FAST] = p.volatility.fast.sd * z[1]
    x[row.SLOW] = p.volatility.slow.sd * z[2]
    x[row.INTRADAY] = p.volatility.intraday.sd * z[9]
    factors = x[row.FAST] + x[row.SLOW] + x[row.INTRADAY]
    x[row.VOLATILITY] = p.volatility.level * exp(factors)
    if p.parts.heston:
        x[row.FAST] = p.heston.start
    x[row.LEVEL] = p.surface.level.sd * z[3]
    x[row.SKEW] = p.surface.skew.sd * z[4]
    x[row.CURVATURE] = p.surface.curvature.sd * z[5]
    x[row.GAS_SLOW] = p.gas.slow.sd * z[6]
    x[row.GAS_FAST] = p.gas.fast.sd * z[7]
    if p.parts.gas_chain:
        last = p.gas_chain.cumulative.shape[0] - 1
        x[row.GAS_FAST] = draw_state(last, z[_U_CHAIN], p.gas_chain)
    x[row.PREMIUM] = p.funding.premium.sd * z[8]
    # The estimator starts at the truth: a hedger has watched the market before.
    x[row.REALISED_VARIANCE] = x[row.VOLATILITY] ** 2 + p.jumps.variance_rate
    if p.parts.regime or p.parts.cascades:
        start_clustering(x, z[_U_REGIME], p)
    start = p.clock.start_hour
    hour = np.floor(24.0 * z[_U_HOUR])
    x[row.START_HOUR] = start if start >= 0.0 else hour
    # What the hour leaves of the uniform number is uniform again.
    weekday = np.floor(7.0 * (24.0 * z[_U_HOUR] - hour))
    start = p.clock.start_weekday
    x[row.START_WEEKDAY] = start if start >= 0.0 else weekday
    if p.parts.season:
        x[row.VOLATILITY] *= season_factor(
            x[row.START_WEEKDAY], x[row.START_HOUR], p.season
        )
