"""Two treasuries: what each can sell and buy, and what an order becomes for it.

An order is cut to the units that a treasury has free, or to the cash it has for more;
what is under way over a bridge takes up room at either end until it is there.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.config import InventoryConfig, RollupConfig
from hedge_env.desk.orders import OrderParams

_NO_LIMIT: Final = 1e9  # units: more than anybody can hold


class TreasuryParams(NamedTuple):
    """Bounds of what either chain holds, per contract."""

    home_least: float  # [-]
    home_most: float
    least: float  # on the rollup [-]
    most: float


def treasury_params(rollup: RollupConfig) -> TreasuryParams:
    """Compile both treasuries."""
    home_least, home_most = _bounds(rollup.home)
    least, most = _bounds(rollup.inventory)
    return TreasuryParams(
        home_least=home_least, home_most=home_most, least=least, most=most
    )


def _bounds(limits: InventoryConfig) -> tuple[float, float]:
    return (
        -_NO_LIMIT if limits.least is None else float(limits.least),
        _NO_LIMIT if limits.most is None else float(limits.most),
    )


@kernel
def write_stocks(rows: Tile, p: TreasuryParams) -> None:
    """Write what can be sold and bought on each chain now."""
    held, there = part(rows, field.HOLDINGS), part(rows, field.ROLLUP_HOLDINGS)
    moving = part(rows, field.IN_BRIDGE)
    stock, room = part(rows, field.ROLLUP_STOCK), part(rows, field.ROLLUP_ROOM)
    home_stock, home_room = part(rows, field.HOME_STOCK), part(rows, field.HOME_ROOM)
    for i in range(held.size):
        here, coming = held[i] - there[i] - moving[i], moving[i]
        stock[i] = _at_least_zero(there[i] - p.least)
        room[i] = _at_least_zero(p.most - there[i] - coming)
        home_stock[i] = _at_least_zero(here - p.home_least)
        home_room[i] = _at_least_zero(p.home_most - here - coming)


@scalar_kernel
def _at_least_zero(x: float) -> float:
    return x if x > 0.0 else 0.0


@scalar_kernel
def _within(order: float, stock: float, room: float, least: float) -> float:
    """An order cut to what a treasury can do; 0 if it is dust."""
    cut = room if order > room else order
    cut = -stock if cut < -stock else cut
    return 0.0 if abs(cut) < least else cut


@kernel
def plan_orders(
    before: Tile,
    target: FloatArray,
    bought: FloatArray,
    moved: FloatArray,
    orders: OrderParams,
) -> None:
    """Write the orders on each chain, shape (2, n), and what is to be moved, (n,)."""
    held, there = part(before, field.HOLDINGS), part(before, field.ROLLUP_HOLDINGS)
    step = part(before, field.STEP)
    stock, room = part(before, field.ROLLUP_STOCK), part(before, field.ROLLUP_ROOM)
    home_stock = part(before, field.HOME_STOCK)
    home_room = part(before, field.HOME_ROOM)
    for i in range(held.size):
        stopped = step[i] >= orders.decisions
        for k in range(orders.stops.size):
            stopped |= part(before, orders.stops[k])[i] > 0.0
        if stopped:
            continue
        wanted = target[0, before.low + i]
        wanted = orders.low if wanted < orders.low else wanted
        wanted = orders.high if wanted > orders.high else wanted
        more = target[1, before.low + i] - there[i]
        home = wanted - held[i] - more
        move = 0.0
        if home * more < 0.0:
            move = abs(home) if abs(home) < abs(more) else abs(more)
            move = move if more > 0.0 else -move
        bought[0, i] = _within(home + move, home_stock[i], home_room[i], orders.least)
        bought[1, i] = _within(more - move, stock[i], room[i], orders.least)
        moved[i] = move
