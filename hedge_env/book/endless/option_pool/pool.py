r"""A pool that quotes options to whoever comes: an options AMM, and its net book.

A board of options is listed every so often, each struck at a share of spot, and all of
them run to their payoffs. The pool is their counterparty: clients buy what it sells,
for cash that stays in the book, and the net of it is what has to be hedged. Where an
option is marked at the volatility :math:`\sigma`, and the pool has sold, net, N options
of the board and n of this one, of standard size s, it asks and bids at

.. math:: \sigma_a &= (\sigma + b N / s)(1 + a n / s) + h + c u \\
          \sigma_b &= (\sigma + b N / s)(1 + a n / s) - h

with a half-spread h and, for the share u of its capacity that is sold, c. Both stay
between a fifth and five times :math:`\sigma`. An order is filled at the quote midway of
what it moves, as if it came in small pieces; beyond the capacity, of what is sold or
bought, it is not filled.

From one decision to the next, orders for each option are Poisson numbers. With the
share i of informed clients,

.. math:: \text{to buy } \lambda (1 - i) \, p \, e^{-k (\sigma_a / \sigma - 1)}, \quad
          \text{to sell } \lambda (1 - i)(1 - p) \, e^{-k (1 - \sigma_b / \sigma)},

neither above ten times what it is at the mark, and :math:`\lambda i` orders of clients
who know what the option will be worth at the next decision, and trade at the quote
before it if that pays: to buy if it will be worth more than was asked, to sell if it
will be worth less than was bid. The pool is paid the *spread*, price less mark, by the
first, and loses to *adverse selection*, mark less price, by the others.

Sources: the volatility is that of Lyra's `OptionMarketPricer.ivImpactForTrade`
(v1, 2021): base volatility times skew ratio, each moved in proportion to the order;
here the neutral quote is the mark. A fee that rises with what is in use is there too
(of vega; here of capacity). Orders: Avellaneda and Stoikov (2008), "High-frequency
trading in a limit order book", Quantitative Finance 8(3), with the distance in relative
volatility. Informed clients: Glosten and Milgrom (1985), "Bid, ask and transaction
prices in a specialist market with heterogeneously informed traders", Journal of
Financial Economics 14(1), who trade if what they know pays.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import TILE, Tile, part, rows_from
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.book import smile, tile
from hedge_env.book.endless.option_pool.boards import (
    BoardParams,
    PoolMemory,
    board_params,
    kept_by,
    memory_rows,
    series_of,
)
from hedge_env.book.endless.option_pool.clients import (
    BOARD,
    BOUGHT,
    N_USE,
    SOLD,
    Slot,
    pay_out,
    serve_informed,
    serve_others,
)
from hedge_env.book.liability import Kind, Paths
from hedge_env.book.series import SeriesParams, age_of, slot_now
from hedge_env.book.struck_options import mark_struck
from hedge_env.market.engine.processes import MarketParams
from hedge_env.numerics.philox import fill_uniforms
from hedge_env.numerics.random_blocks import OPTION_POOL_BLOCK


@kernel
def add_option_pools(
    rows: FloatArray,
    state: FloatArray,
    memory: FloatArray,
    paths: Paths,
    p: BoardParams,
    market: MarketParams,
) -> None:
    """Take orders, and add value and Greeks of all options; see `liability.Kind`.

    Args:
        rows: Spot is read; the book is added to.
        state: Of the market.
        memory: Of each pool in turn, see `boards.PoolMemory`.
        paths: Where the paths are.
        p: The pools.
        market: Their market.
    """
    n, slots = rows.shape[1], p.n_slots.max()
    for low in range(0, n, TILE):
        high = min(low + TILE, n)
        here, x = Tile(rows, low, high), Tile(state, low, high)
        scratch = np.empty((slots, tile.N_SCRATCH, high - low))
        for slot in range(slots):
            smile.read_surface(scratch[slot], x, market)
        for pool in range(p.quantity.shape[0]):
            kept = rows_from(Tile(memory, low, high), p.first_row[pool])
            _add_pool(here, scratch, x, kept, paths, pool, p, market)


@kernel
def _add_pool(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    memory: Tile,
    paths: Paths,
    pool: int,
    p: BoardParams,
    market: MarketParams,
) -> None:
    """Take the orders of one pool on one tile, option by option, and add them.

    Those who knew the present come first, then what ends is paid out, then the others
    trade at the quotes of now, whatever slots the boards are in.
    """
    steps, spot = paths.steps[rows.low : rows.high], part(rows, field.SPOT)
    arrived = paths.arrived[rows.low : rows.high]
    first, slots = p.first_option[pool], p.n_slots[pool]
    now, listed = np.empty(steps.size, np.int64), np.zeros(slots, np.bool_)
    _read_boards(now, listed, steps, series_of(first, pool, p))
    uniform, use = np.zeros((4, steps.size)), np.zeros((N_USE, steps.size))
    _count_use(use, memory, now, pool, p)
    for number in range(first, p.first_option[pool + 1]):
        if arrived.any():
            _draw(uniform, rows, paths, number)
        series, place = series_of(number, pool, p), number - first
        strikes = rows_from(memory, place * slots)
        for slot in range(slots):
            if listed[slot]:
                marks = scratch[slot]
                mark_struck(rows, marks, x, strikes, paths.steps, slot, series, market)
        for visit in range(3):
            for slot in range(slots):
                if not listed[slot]:
                    continue
                of = Slot(
                    pool=pool,
                    number=slot,
                    series=series,
                    kept=kept_by(memory, place, slot, pool, p),
                    spot=spot,
                    scratch=scratch[slot],
                    steps=steps,
                    now=now,
                    arrived=arrived,
                )
                if visit == 0:
                    serve_informed(of, use, uniform, p)
                elif visit == 1:
                    pay_out(of, use)
                else:
                    serve_others(of, use, uniform, p)
                    _add_units(rows, of, p)
    _add_cash(rows, kept_by(memory, 0, 0, pool, p), p.quantity[pool])


@kernel
def _read_boards(
    now: IntArray, listed: BoolArray, steps: IntArray, series: SeriesParams
) -> None:
    """Write where the present boards are, and which run or end now on any path."""
    for i in range(steps.size):
        now[i] = slot_now(steps[i], series)
    for slot in range(listed.size):
        for i in range(steps.size):
            if 0 <= age_of(steps[i], slot, series) <= series.life:
                listed[slot] = True
                break


@kernel
def _draw(uniform: FloatArray, rows: Tile, paths: Paths, number: int) -> None:
    """Draw the numbers of one option's clients."""
    ids = paths.path_ids[rows.low : rows.high]
    counters = paths.counters[rows.low : rows.high]
    k0, k1 = paths.key
    fill_uniforms(uniform, ids, counters, OPTION_POOL_BLOCK + number, k0, k1)


@kernel
def _count_use(
    use: FloatArray, memory: Tile, now: IntArray, pool: int, p: BoardParams
) -> None:
    """Write what is sold of the present board, and sold and bought in all."""
    options = p.first_option[pool + 1] - p.first_option[pool]
    for place in range(options):
        for slot in range(p.n_slots[pool]):
            units = kept_by(memory, place, slot, pool, p).units
            for i in range(now.size):
                held = units[i]
                use[SOLD, i] += -held if held < 0.0 else 0.0
                use[BOUGHT, i] += held if held > 0.0 else 0.0
                use[BOARD, i] -= held if slot == now[i] else 0.0


@kernel
def _add_units(rows: Tile, of: Slot, p: BoardParams) -> None:
    """Add what the pool holds of one option to value and Greeks of the book."""
    units, quantity = of.kept.units, p.quantity[of.pool]
    for row, place, sign in (
        (field.BOOK_VALUE, tile.VALUE, 1.0),
        (field.DELTA, tile.UNIT_DELTA, -1.0),
        (field.GAMMA, tile.UNIT_GAMMA, -1.0),
        (field.VEGA, tile.UNIT_VEGA, 1.0),
    ):
        total, one = part(rows, row), of.scratch[place]
        for i in range(units.size):
            total[i] += sign * quantity * units[i] * one[i]


@kernel
def _add_cash(rows: Tile, kept: PoolMemory, quantity: float) -> None:
    """Add what a pool was paid, and has paid, to the book; keep the spot of quotes."""
    value, spot = part(rows, field.BOOK_VALUE), part(rows, field.SPOT)
    for i in range(value.size):
        value[i] += quantity * kept.cash[i]
        kept.spot[i] = spot[i]


OPTION_POOL = Kind(board_params, memory_rows, add_option_pools)
