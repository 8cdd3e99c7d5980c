"""Options that are struck while an episode runs: listed, or ordered by clients.

What is listed can be traded (`desk/option_trades`); what clients order joins the book.

What is listed is in rows after those of `field`: value, delta, gamma and vega of one
unit of each slot. No row depends on what is held, so that a tape can keep them.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book import smile, tile
from hedge_env.book.option_value import settle_at_mean, value_option
from hedge_env.book.series import SeriesParams, age_of
from hedge_env.market.engine import market_state
from hedge_env.market.engine.processes import MarketParams
from hedge_env.numerics.special import exp


@kernel
def mark_struck(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    strikes: Tile,
    steps: IntArray,
    slot: int,
    p: SeriesParams,
    market: MarketParams,
) -> None:
    """Write age, value and Greeks of one unit of what is in a slot of a series.

    Value and Greeks are zero before an option is struck and after its payoff, and
    the payoff itself when it is paid out.

    Args:
        rows: Of a tile: spot is read.
        scratch: Surface read, the rows from `AGE` on written.
        x: State of the market.
        strikes: Logs of strikes, shape (n_slots, n), written at age 0.
        steps: Decision index of each path, shape (n,).
        slot: Which option.
        p: The series.
        market: Its market.
    """
    oldest = p.years.shape[0] - 1
    age, strike = scratch[tile.AGE], part(strikes, slot)
    places = np.empty(strike.size, dtype=np.int64)
    alive = scratch[tile.ALIVE]
    for i in range(strike.size):
        now = age_of(steps[rows.low + i], slot, p)
        age[i] = now
        alive[i] = p.life - now if now >= 0 else -1.0
        places[i] = min(max(now, 0), oldest)
    relative, log_spot = scratch[tile.LOG_MONEYNESS], part(x, market_state.LOG_SPOT)
    for i in range(strike.size):
        strike[i] = log_spot[i] + p.log_moneyness if age[i] == 0.0 else strike[i]
        relative[i] = log_spot[i] - strike[i]
        scratch[tile.STRIKE, i] = exp(strike[i])
    smile.read_grid(scratch, places, p.years, p.fair)
    smile.total_sd(scratch, x, relative, 0.0, market)
    value_option(part(rows, field.SPOT), scratch, 1.0 - p.is_call)
    if market.fixing.on:
        settle_at_mean(scratch, x, 1.0 - p.is_call)
