"""Options that are struck while an episode runs: listed, or ordered by clients.

The part of `quotes` that prices them. What is listed can be traded (`option_holdings`);
what clients order joins the book.

What is listed is in rows after those of `fields`: value, delta, gamma and vega of one
unit of each slot. No row depends on what is held, so that a tape can keep them.
"""

from __future__ import annotations

import numpy as np

from hedge_env import fields as field
from hedge_env import marking as mark
from hedge_env._types import FloatArray, IntArray
from hedge_env.contracts.series import OrdersParams, SeriesParams, age_of
from hedge_env.kernel import kernel, scalar_kernel
from hedge_env.market import state as row
from hedge_env.market.parameters import MarketParams
from hedge_env.numerics.philox import fill_uniforms
from hedge_env.numerics.special import exp
from hedge_env.pricing.black_scholes import (
    call_delta,
    call_value,
    d1_of,
    gamma_of,
    vega_of,
)

N_QUOTED = 4  # rows of each listed option
PRICE, DELTA, GAMMA, VEGA = range(N_QUOTED)
N_ORDER_ROWS = 3  # remembered of each order: log strike, quantity and premium
_ORDERS_BLOCK = 8  # of random numbers
_MOST_ORDERS = 200  # at a decision and on a side; beyond any probability


def least_rows(n_listed: int) -> int:
    """Rows that a market writes to: up to the last one that it quotes."""
    if n_listed == 0:
        return field.N_MARKET_FIELDS
    return field.N_FIELDS + N_QUOTED * n_listed


def order_rows(p: OrdersParams) -> int:
    """Number of rows that the orders of clients need in the memory of the quotes."""
    return N_ORDER_ROWS * p.series.n_slots + 1 if p.series.n_slots > 0 else 0


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
    fill_uniforms(uniform, ids, counts, _ORDERS_BLOCK, k0, k1)
    for i in range(high - low):
        sold = poisson_of(uniform[1, i], orders.mean_sold)
        net[i] = orders.quantity * (
            sold - poisson_of(uniform[0, i], orders.mean_bought)
        )
    _add_orders(
        rows, scratch, x, memory[n:], net, steps, low, high, orders.series, market
    )


@kernel
def _quote_listed(
    rows: FloatArray,
    scratch: FloatArray,
    x: FloatArray,
    strikes: FloatArray,
    steps: IntArray,
    low: int,
    high: int,
    p: SeriesParams,
    market: MarketParams,
) -> None:
    """Write the rows of every listed option of one tile; see `_mark_struck`."""
    for slot in range(p.n_slots):
        _mark_struck(rows, scratch, x, strikes, steps, low, high, slot, p, market)
        for k in range(N_QUOTED):
            quoted = rows[field.N_FIELDS + N_QUOTED * slot + k, low:high]
            source = scratch[mark.VALUE + k]
            for i in range(high - low):
                quoted[i] = source[i]


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
    rows: FloatArray,
    scratch: FloatArray,
    x: FloatArray,
    memory: FloatArray,
    net: FloatArray,
    steps: IntArray,
    low: int,
    high: int,
    p: SeriesParams,
    market: MarketParams,
) -> None:
    """Add the orders that have come to value and Greeks of the book.

    All orders of a decision are for the same option, so that only their net quantity
    matters: the difference of two Poisson numbers, as each order is bought or sold
    independently of the others. A client pays the model's value, which the book keeps
    in cash: an order that has just come changes no value.

    Args:
        rows: Those of the book are added to.
        scratch: Surface read.
        x: State of the market.
        memory: Log strikes, quantities and premiums of the slots, (n_slots each, n),
            and last what has been settled; updated. Writing it again at the same
            decision changes nothing.
        net: Quantity of an order that comes now, shape (high - low,).
        steps: Decision index of each path, shape (n,).
        low: First path.
        high: Path after the last.
        p: The series of the orders.
        market: Its market.
    """
    n_slots, life = p.n_slots, p.life
    m = high - low
    closed = memory[N_ORDER_ROWS * n_slots, low:high]
    book, delta = rows[field.BOOK_VALUE, low:high], rows[field.DELTA, low:high]
    gamma, vega = rows[field.GAMMA, low:high], rows[field.VEGA, low:high]
    age, value = scratch[mark.AGE], scratch[mark.VALUE]
    for slot in range(n_slots):
        _mark_struck(rows, scratch, x, memory, steps, low, high, slot, p, market)
        quantity = memory[n_slots + slot, low:high]
        premium = memory[2 * n_slots + slot, low:high]
        for i in range(m):
            quantity[i] = net[i] if age[i] == 0.0 else quantity[i]
            premium[i] = value[i] if age[i] == 0.0 else premium[i]
        for i in range(m):
            gain = quantity[i] * (value[i] - premium[i])
            closed[i] += gain if age[i] == life else 0.0
            quantity[i] = 0.0 if age[i] == life else quantity[i]
            book[i] += 0.0 if age[i] == life else gain
        for i in range(m):
            delta[i] -= quantity[i] * scratch[mark.UNIT_DELTA, i]
        for i in range(m):
            gamma[i] -= quantity[i] * scratch[mark.UNIT_GAMMA, i]
        for i in range(m):
            vega[i] += quantity[i] * scratch[mark.UNIT_VEGA, i]
    for i in range(m):
        book[i] += closed[i]


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
    age, strike = scratch[mark.AGE], strikes[slot, low:high]
    for i in range(high - low):
        now = age_of(steps[low + i], slot, p)
        age[i] = now
        places[i] = min(max(now, 0), oldest)
    relative, log_spot = scratch[mark.LOG_MONEYNESS], x[row.LOG_SPOT, low:high]
    for i in range(high - low):
        strike[i] = log_spot[i] + p.log_moneyness if age[i] == 0.0 else strike[i]
        relative[i] = log_spot[i] - strike[i]
        scratch[mark.STRIKE, i] = exp(strike[i])
    mark.read_grid(scratch, places, p.years, p.fair)
    mark.total_sd(scratch, x, relative, low, high, 0.0, market)
    _value_struck(rows[field.SPOT, low:high], scratch, 1.0 - p.is_call, p.life)


@kernel
def _value_struck(spot: FloatArray, scratch: FloatArray, put: float, life: int) -> None:
    """Write value and Greeks of one unit; `put` is 1 or 0."""
    age, strike, sd = scratch[mark.AGE], scratch[mark.STRIKE], scratch[mark.SD]
    d1, relative, years = (
        scratch[mark.D1],
        scratch[mark.LOG_MONEYNESS],
        scratch[mark.YEARS],
    )
    value, delta = scratch[mark.VALUE], scratch[mark.UNIT_DELTA]
    gamma, vega = scratch[mark.UNIT_GAMMA], scratch[mark.UNIT_VEGA]
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
