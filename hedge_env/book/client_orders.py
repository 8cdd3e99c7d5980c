"""Orders of clients, who buy options from the desk during an episode."""

from __future__ import annotations

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book import tile
from hedge_env.book.series import OrdersParams, SeriesParams
from hedge_env.book.struck_options import mark_struck
from hedge_env.market.engine.processes import MarketParams
from hedge_env.numerics.special import exp

N_ORDER_ROWS = 3  # remembered of each order: log strike, quantity and premium
_MOST_ORDERS = 200  # at a decision and on a side; beyond any probability


def order_rows(p: OrdersParams) -> int:
    """Number of rows that the orders of clients need in the memory of the quotes."""
    return N_ORDER_ROWS * p.series.n_slots + 1 if p.series.n_slots > 0 else 0


@scalar_kernel
def poisson_of(u: float, mean: float) -> int:
    """Poisson number of a uniform, by inversion."""
    count, term = 0, exp(-mean)
    total = term
    while u > total and count < _MOST_ORDERS:
        count += 1
        term *= mean / count
        total += term
    return count


@kernel
def _add_orders(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    memory: Tile,
    net: FloatArray,
    steps: IntArray,
    p: SeriesParams,
    market: MarketParams,
) -> None:
    """Add the orders that have come to value and Greeks of the book.

    All orders of a decision are for the same option, so that only their net quantity
    matters: the difference of two Poisson numbers, as each order is bought or sold
    independently of the others. A client pays the model's value, which the book keeps
    in cash: an order that has just come changes no value.

    Args:
        rows: Of a tile: those of the book are added to.
        scratch: Surface read.
        x: State of the market.
        memory: Log strikes, quantities and premiums of the slots, (n_slots each, n),
            and last what has been settled; updated. Writing it again at the same
            decision changes nothing.
        net: Quantity of an order that comes now, shape (m,).
        steps: Decision index of each path, shape (n,).
        p: The series of the orders.
        market: Its market.
    """
    n_slots, life = p.n_slots, p.life
    m = net.size
    closed = part(memory, N_ORDER_ROWS * n_slots)
    book, delta = part(rows, field.BOOK_VALUE), part(rows, field.DELTA)
    gamma, vega = part(rows, field.GAMMA), part(rows, field.VEGA)
    age, value = scratch[tile.AGE], scratch[tile.VALUE]
    for slot in range(n_slots):
        mark_struck(rows, scratch, x, memory, steps, slot, p, market)
        quantity = part(memory, n_slots + slot)
        premium = part(memory, 2 * n_slots + slot)
        for i in range(m):
            quantity[i] = net[i] if age[i] == 0.0 else quantity[i]
            premium[i] = value[i] if age[i] == 0.0 else premium[i]
        for i in range(m):
            gain = quantity[i] * (value[i] - premium[i])
            closed[i] += gain if age[i] == life else 0.0
            quantity[i] = 0.0 if age[i] == life else quantity[i]
            book[i] += 0.0 if age[i] == life else gain
        for i in range(m):
            delta[i] -= quantity[i] * scratch[tile.UNIT_DELTA, i]
        for i in range(m):
            gamma[i] -= quantity[i] * scratch[tile.UNIT_GAMMA, i]
        for i in range(m):
            vega[i] += quantity[i] * scratch[tile.UNIT_VEGA, i]
    for i in range(m):
        book[i] += closed[i]
