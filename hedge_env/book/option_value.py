"""Options that are struck while an episode runs: listed, or ordered by clients.

The part of `quotes` that prices them. What is listed can be traded (`option_holdings`);
what clients order joins the book.

What is listed is in rows after those of `fields`: value, delta, gamma and vega of one
unit of each slot. No row depends on what is held, so that a tape can keep them.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book import surface, tile
from hedge_env.book.series import SeriesParams, age_of
from hedge_env.market.engine import market_state
from hedge_env.market.engine.parameters import MarketParams
from hedge_env.numerics.special import exp
from hedge_env.pricing.black_scholes import (
    call_delta,
    call_value,
    d1_of,
    gamma_of,
    vega_of,
)


@kernel
def _mark_struck(
    rows: FloatArray,
    scratch: FloatArray,
    x: FloatArray,
    strikes: FloatArray,
    steps: IntArray,
    low: int,
    high: int,
    slot: int,
    p: SeriesParams,
    market: MarketParams,
) -> None:
    """Write age, value and Greeks of one unit of what is in a slot of a series.

    Value and Greeks are zero before an option is struck and after its payoff, and
    the payoff itself when it is paid out.

    Args:
        rows: Spot is read.
        scratch: Surface read, the rows from `AGE` on written.
        x: State of the market.
        strikes: Logs of strikes, shape (n_slots, n), written at age 0.
        steps: Decision index of each path, shape (n,).
        low: First path.
        high: Path after the last.
        slot: Which option.
        p: The series.
        market: Its market.
    """
    oldest = p.years.shape[0] - 1
    places = np.empty(high - low, dtype=np.int64)
    age, strike = scratch[tile.AGE], strikes[slot, low:high]
    for i in range(high - low):
        now = age_of(steps[low + i], slot, p)
        age[i] = now
        places[i] = min(max(now, 0), oldest)
    relative, log_spot = scratch[tile.LOG_MONEYNESS], x[market_state.LOG_SPOT, low:high]
    for i in range(high - low):
        strike[i] = log_spot[i] + p.log_moneyness if age[i] == 0.0 else strike[i]
        relative[i] = log_spot[i] - strike[i]
        scratch[tile.STRIKE, i] = exp(strike[i])
    surface.read_grid(scratch, places, p.years, p.fair)
    surface.total_sd(scratch, x, relative, low, high, 0.0, market)
    _value_struck(rows[field.SPOT, low:high], scratch, 1.0 - p.is_call, p.life)


@kernel
def _value_struck(spot: FloatArray, scratch: FloatArray, put: float, life: int) -> None:
    """Write value and Greeks of one unit; `put` is 1 or 0."""
    age, strike, sd = scratch[tile.AGE], scratch[tile.STRIKE], scratch[tile.SD]
    d1, relative, years = (
        scratch[tile.D1],
        scratch[tile.LOG_MONEYNESS],
        scratch[tile.YEARS],
    )
    value, delta = scratch[tile.VALUE], scratch[tile.UNIT_DELTA]
    gamma, vega = scratch[tile.UNIT_GAMMA], scratch[tile.UNIT_VEGA]
    for i in range(spot.size):
        d1[i] = d1_of(relative[i], sd[i])
    for i in range(spot.size):
        gain = spot[i] - strike[i]
        live = call_value(spot[i], strike[i], d1[i], sd[i]) - put * gain
        gain *= 1.0 - 2.0 * put
        paid = gain if gain > 0.0 and age[i] == life else 0.0
        value[i] = live if 0.0 <= age[i] < life else paid
    for i in range(spot.size):
        live = call_delta(d1[i]) - put
        delta[i] = live if 0.0 <= age[i] < life else 0.0
    for i in range(spot.size):
        live = gamma_of(spot[i], d1[i], sd[i])
        gamma[i] = live if 0.0 <= age[i] < life else 0.0
    for i in range(spot.size):
        live = vega_of(spot[i], d1[i], years[i])
        vega[i] = live if 0.0 <= age[i] < life else 0.0
