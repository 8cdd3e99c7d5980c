"""Every option struck during an episode, quoted on one tile of paths."""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, rows_from
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book.client_orders import _add_orders, poisson_of
from hedge_env.book.listed_options import _quote_listed
from hedge_env.book.series import OrdersParams, SeriesParams
from hedge_env.market.engine.processes import MarketParams
from hedge_env.numerics.philox import fill_uniforms
from hedge_env.numerics.random_blocks import CLIENT_ORDERS_BLOCK


@kernel
def quote_struck(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    memory: Tile,
    steps: IntArray,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    listed: SeriesParams,
    orders: OrdersParams,
    market: MarketParams,
) -> None:
    """Quote what is listed, and add the orders of clients to the book.

    `memory` has the log strikes of what is listed and then the rows of the orders;
    for the others see `_quote_listed` and `_add_orders`.
    """
    n = listed.n_slots
    _quote_listed(rows, scratch, x, memory, steps, listed, market)
    if orders.series.n_slots == 0:
        return
    k0, k1 = key
    ids, counts = path_ids[rows.low : rows.high], counters[rows.low : rows.high]
    uniform, net = np.empty((4, ids.size)), np.empty(ids.size)
    fill_uniforms(uniform, ids, counts, CLIENT_ORDERS_BLOCK, k0, k1)
    for i in range(net.size):
        sold = poisson_of(uniform[1, i], orders.mean_sold)
        net[i] = orders.quantity * (
            sold - poisson_of(uniform[0, i], orders.mean_bought)
        )
    ordered = rows_from(memory, n)
    _add_orders(rows, scratch, x, ordered, net, steps, orders.series, market)
