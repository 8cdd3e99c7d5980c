"""Value and Greeks of one unit of a European option, a tile of paths at a time.

Every option goes through here: legs of the book, what is listed, what clients order.
"""

from __future__ import annotations

from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.book import tile
from hedge_env.market.engine import market_state
from hedge_env.numerics.special import exp
from hedge_env.pricing.black_scholes import (
    call_delta,
    call_value,
    d1_of,
    gamma_of,
    vega_of,
)


@kernel
def value_option(spot: FloatArray, scratch: FloatArray, put: float) -> None:
    """Write value, delta, gamma and vega of one unit of an option.

    The value is Black's before the payoff, the payoff itself when it is due, and zero
    otherwise; the Greeks are zero but before the payoff.

    One output a loop: LLVM gives up on vectorising a loop in which it would have to
    check more than eight pairs of arrays for overlap.

    Args:
        spot: Shape (m,) [S_0].
        scratch: Shape (N_SCRATCH, m). Read: `ALIVE` [decision], `STRIKE` [S_0],
            `LOG_MONEYNESS` (log of spot over strike), `SD` (implied volatility times
            root of time left) and `YEARS` (time left). Written: `VALUE` [S_0] and the
            Greeks after it.
        put: 1 for a put, 0 for a call.
    """
    alive, strike = scratch[tile.ALIVE], scratch[tile.STRIKE]
    relative, d1 = scratch[tile.LOG_MONEYNESS], scratch[tile.D1]
    sd, years = scratch[tile.SD], scratch[tile.YEARS]
    value, delta = scratch[tile.VALUE], scratch[tile.UNIT_DELTA]
    gamma, vega = scratch[tile.UNIT_GAMMA], scratch[tile.UNIT_VEGA]
    for i in range(spot.size):
        d1[i] = d1_of(relative[i], sd[i])
    for i in range(spot.size):
        gain = spot[i] - strike[i]
        live = call_value(spot[i], strike[i], d1[i], sd[i]) - put * gain
        gain *= 1.0 - 2.0 * put
        paid = gain if gain > 0.0 and alive[i] == 0.0 else 0.0
        value[i] = live if alive[i] > 0.0 else paid
    for i in range(spot.size):
        live = call_delta(d1[i]) - put
        delta[i] = live if alive[i] > 0.0 else 0.0
    for i in range(spot.size):
        live = gamma_of(spot[i], d1[i], sd[i])
        gamma[i] = live if alive[i] > 0.0 else 0.0
    for i in range(spot.size):
        live = vega_of(spot[i], d1[i], years[i])
        vega[i] = live if alive[i] > 0.0 else 0.0


@kernel
def settle_at_mean(scratch: FloatArray, x: Tile, put: float) -> None:
    """Write the payoff at the mean of spot over the last minutes, where it is due.

    Args:
        scratch: Of a tile, as `value_option` left it.
        x: State of the market.
        put: 1 for a put, 0 for a call.
    """
    log_fixing, value = part(x, market_state.LOG_FIXING), scratch[tile.VALUE]
    alive, strike = scratch[tile.ALIVE], scratch[tile.STRIKE]
    for i in range(log_fixing.size):
        if alive[i] == 0.0:
            gain = (exp(log_fixing[i]) - strike[i]) * (1.0 - 2.0 * put)
            value[i] = gain if gain > 0.0 else 0.0
