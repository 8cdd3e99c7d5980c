"""Every option struck during an episode, quoted on one tile of paths."""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book.client_orders import _add_orders, poisson_of
from hedge_env.book.listed_options import _quote_listed
from hedge_env.book.series import OrdersParams, SeriesParams
from hedge_env.market.engine.processes import MarketParams
from hedge_env.numerics.philox import fill_uniforms
from hedge_env.numerics.random_blocks import CLIENT_ORDERS_BLOCK


@kernel
def quote_struck(
    rows: FloatArray,
    scratch: FloatArray,
    x: FloatArray,
    memory: FloatArray,
    steps: IntArray,
    path_ids: IntArray,
    counters: IntArray,
    low: int,
    high: int,
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
    _quote_listed(rows, scratch, x, memory[:n], steps, low, high, listed, market)
    if orders.series.n_slots == 0:
        return
    uniform, net = np.empty((4, high - low)), np.empty(high - low)
    k0, k1 = key
    ids, counts = path_ids[low:high], counters[low:high]
    fill_uniforms(uniform, ids, counts, CLIENT_ORDERS_BLOCK, k0, k1)
    for i in range(high - low):
        sold = poisson_of(uniform[1, i], orders.mean_sold)
        net[i] = orders.quantity * (
            sold - poisson_of(uniform[0, i], orders.mean_bought)
        )
    _add_orders(
        rows, scratch, x, memory[n:], net, steps, low, high, orders.series, market
    )
