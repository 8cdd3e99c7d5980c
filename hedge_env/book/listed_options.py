"""Listed options of a strike of their own per path: price and Greeks."""

from __future__ import annotations

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book import tile
from hedge_env.book.series import SeriesParams
from hedge_env.book.struck_options import mark_struck
from hedge_env.market.engine.processes import MarketParams

N_QUOTED = 4  # rows of each listed option
PRICE, DELTA, GAMMA, VEGA = range(N_QUOTED)


def least_rows(n_listed: int) -> int:
    """Rows that a market writes to: up to the last one that it quotes."""
    if n_listed == 0:
        return field.N_MARKET_FIELDS
    return field.N_FIELDS + N_QUOTED * n_listed


@kernel
def _quote_listed(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    strikes: Tile,
    steps: IntArray,
    p: SeriesParams,
    market: MarketParams,
) -> None:
    """Write the rows of every listed option of one tile; see `mark_struck`."""
    for slot in range(p.n_slots):
        mark_struck(rows, scratch, x, strikes, steps, slot, p, market)
        for k in range(N_QUOTED):
            quoted = part(rows, field.N_FIELDS + N_QUOTED * slot + k)
            source = scratch[tile.VALUE + k]
            for i in range(quoted.size):
                quoted[i] = source[i]
