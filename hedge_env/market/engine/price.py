"""The step of the price, which several processes make together.

Its return is a diffusion at the present volatility plus a jump; a crowd of hedgers
amplifies both; where jumps come in clusters, or stress has a drift, the return is
corrected for it. Heston's price moves together with its variance instead.
"""

from __future__ import annotations

from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.market.engine import market_state
from hedge_env.market.engine.clustering import compensate_price
from hedge_env.market.engine.noise import (
    CROWD_JUMP,
    CROWD_VOLATILITY,
    JUMP,
    LOG_RETURN,
    PROBABILITY,
    U_JUMP,
    U_SIGN,
    Z_FAST,
    Z_SPOT,
)
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.spot.cascades import jump_probabilities
from hedge_env.market.spot.crowd import amplify
from hedge_env.market.spot.diffusion import advance_price
from hedge_env.market.spot.jumps import compensate_scaling, draw_jumps, draw_jumps_with
from hedge_env.market.volatility.heston import advance_heston


@kernel
def move_price(x: Tile, noise: FloatArray, p: MarketParams) -> None:
    """Move log spot by one market step; write the return and the jump in it.

    Args:
        x: State: log spot, and Heston's variance, updated in place.
        noise: Shape (N_SCRATCH, paths of the tile): shocks read; `JUMP`, `LOG_RETURN`
            and, with clusters, `PROBABILITY` written.
        p: Constants.
    """
    z_spot, jump, log_return = noise[Z_SPOT], noise[JUMP], noise[LOG_RETURN]
    log_spot = part(x, market_state.LOG_SPOT)
    volatility = part(x, market_state.VOLATILITY)
    if p.parts.heston:
        variance, z = part(x, market_state.FAST), noise[Z_FAST]
        advance_heston(log_spot, log_return, variance, z_spot, z, p.heston)
        return
    odds = noise[PROBABILITY]
    if p.parts.clustering:
        stress = part(x, market_state.STRESS)
        jump_probabilities(part(x, market_state.EXCITATION), stress, odds, p.cascades)
        draw_jumps_with(noise[U_JUMP], noise[U_SIGN], odds, jump, p.jumps)
    elif p.parts.jumps:
        draw_jumps(noise[U_JUMP], noise[U_SIGN], jump, p.jumps)
        odds[:] = p.jumps.probability
    if p.parts.crowd:
        feedback = part(x, market_state.CROWD)
        crowded, jumped = noise[CROWD_VOLATILITY], noise[CROWD_JUMP]
        amplify(volatility, feedback, crowded)
        amplify(jump, feedback, jumped)
        if p.parts.jumps:
            compensate_scaling(jumped, feedback, odds, p.jumps)
        volatility, jump = crowded, jumped
    compensator = p.jumps.compensator
    advance_price(log_spot, log_return, volatility, z_spot, jump, compensator, p.price)
    if p.parts.clustering:
        compensate_price(x, log_return, odds, p)
