"""Cuts orders to what a portfolio margin carries; see `portfolio_margin`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import TILE, Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.book.listed_options import DELTA
from hedge_env.book.margin_scenarios import N_BOOK_ROWS
from hedge_env.book.series import slot_now
from hedge_env.desk.option_trades import OptionParams, quote_of, units_of
from hedge_env.desk.orders import OrderParams
from hedge_env.desk.portfolio_margin import (
    GROSS,
    NET,
    SIGNS,
    PortfolioParams,
    Rest,
    fill_requirement,
    rest_of,
)
from hedge_env.pricing.portfolio_margin import N_SCENARIOS


class _Order(NamedTuple):
    """What a decision asks for on a tile of m paths, each of shape (m,)."""

    more: FloatArray  # of the perpetual, beyond what is held [-]
    owned: FloatArray  # units held of the option listed now [-]
    units: FloatArray  # of it asked for beyond those [-]
    first: FloatArray  # row of its profit in the first scenario
    delta: FloatArray  # of one unit of it [-]


@kernel
def cut_orders(
    rows: FloatArray,
    target: FloatArray,
    p: PortfolioParams,
    orders: OrderParams,
    options: OptionParams,
) -> FloatArray:
    """Holdings asked for, cut to what the account can carry.

    Args:
        rows: Of the batch at the decision.
        target: Shape (n_instruments, n); NaN stays NaN.
        p: Constants.
        orders: Constants of the orders.
        options: Of the listed options.

    Returns:
        Shape (n_instruments, n), within the bounds of the holdings.
    """
    cut, n = target.copy(), target.shape[1]
    for low in range(0, n, TILE):
        here = Tile(rows, low, min(low + TILE, n))
        order = _read_order(here, target, orders, options)
        share = _shares(here, order, p, orders.price_row, options)
        held = part(here, field.HOLDINGS)
        for i in range(held.size):
            cut[0, low + i] = held[i] + share[i] * order.more[i]
            if share[i] == 1.0:  # without the rounding error of the sum
                goal = target[0, low + i]
                goal = orders.low if goal < orders.low else goal
                cut[0, low + i] = orders.high if goal > orders.high else goal
        if options.series.n_slots > 0:
            for i in range(held.size):
                cut[1, low + i] = order.owned[i] + share[i] * order.units[i]
    return cut


@kernel
def _read_order(
    rows: Tile, target: FloatArray, orders: OrderParams, options: OptionParams
) -> _Order:
    """What is asked for, within the bounds; `target` is that of all paths."""
    held, step = part(rows, field.HOLDINGS), part(rows, field.STEP)
    more, first = np.empty(held.size), np.zeros(held.size)
    owned, units, delta = (
        np.zeros(held.size),
        np.zeros(held.size),
        np.zeros(held.size),
    )
    for i in range(held.size):
        goal = target[0, rows.low + i]
        goal = orders.low if goal < orders.low else goal
        more[i] = (orders.high if goal > orders.high else goal) - held[i]
    if options.series.n_slots > 0:
        for i in range(held.size):
            slot, path = slot_now(int(step[i]), options.series), rows.low + i
            goal, limit = target[1, path], options.limit
            goal = -limit if goal < -limit else goal
            owned[i] = rows.rows[units_of(slot, options), path]
            units[i] = (limit if goal > limit else goal) - owned[i]
            delta[i] = rows.rows[quote_of(slot, DELTA), path]
            first[i] = N_BOOK_ROWS + N_SCENARIOS * slot
    return _Order(more=more, owned=owned, units=units, first=first, delta=delta)


@kernel
def _shares(
    rows: Tile,
    order: _Order,
    p: PortfolioParams,
    price_row: int,
    options: OptionParams,
) -> FloatArray:
    """Largest share in [0, 1] of each order that the account carries, shape (m,)."""
    m, rest = rows.high - rows.low, rest_of(rows, p, options)
    delta, equity = part(rows, field.DELTA), part(rows, field.MARGIN_EQUITY)
    level, share = np.empty(m), np.ones(m)
    for i in range(m):
        rest.delta[i] = delta[i]  # of the options held as well, at a decision
    fill_requirement(rows, rest, price_row, p, level)
    for i in range(m):
        level[i] = equity[i] if equity[i] > level[i] else level[i]
    held, price = part(rows, field.HOLDINGS), part(rows, price_row)
    for s in range(N_SCENARIOS):
        profit, weight, move = rest.profit[s], 0.0 - p.weights[s], p.moves[s]
        for i in range(m):
            rise = order.more[i] * price[i] * move
            if options.series.n_slots > 0:
                row = p.first + int(order.first[i]) + s
                rise += order.units[i] * rows.rows[row, rows.low + i]
            gain = profit[i] + held[i] * price[i] * move
            share[i] = _largest(weight * gain, weight * rise, level[i], share[i])
    _cut_by_floor(rows, rest, order, level, share)
    return share


@kernel
def _cut_by_floor(
    rows: Tile, rest: Rest, order: _Order, level: FloatArray, share: FloatArray
) -> None:
    """Lower the shares to where the floor by deltas is at most `level`."""
    held, spot = part(rows, field.HOLDINGS), part(rows, field.SPOT)
    for a in SIGNS:
        for b in SIGNS:
            for c in SIGNS:
                for i in range(held.size):
                    option = order.owned[i] * order.delta[i]
                    more = order.units[i] * order.delta[i]
                    size = rest.gross[i] - abs(option) + b * held[i] + c * option
                    grown = b * order.more[i] + c * more
                    net = a * (held[i] - rest.delta[i])
                    turn = a * (order.more[i] + more)
                    intercept = spot[i] * (NET * net + GROSS * size)
                    slope = spot[i] * (NET * turn + GROSS * grown)
                    share[i] = _largest(intercept, slope, level[i], share[i])


@scalar_kernel
def _largest(intercept: float, slope: float, level: float, share: float) -> float:
    """Largest share up to `share` at which a rising line is at most `level`."""
    end = (level - intercept) / slope if slope > 0.0 else 1.0
    end = 0.0 if end < 0.0 else end
    return end if end < share else share
