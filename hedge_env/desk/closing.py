"""Closing what is held: by force (`margin`), and after the last decision.

Lots and the least order are about what a policy decides. What is closed here is closed
whatever its size; a rest below the least order, which no order could have sold, is
converted at the price and charged nothing: dust pays no fixed cost.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.desk.charges import ChargeParams, charge_closing, pay
from hedge_env.desk.orders import OrderParams


@kernel
def liquidate(
    after: Tile,
    record: Tile,
    totals: Tile,
    orders: OrderParams,
    charges: ChargeParams,
) -> None:
    """Sell what is held where the last decision has been taken.

    Args:
        after: Rows at the next decision; holdings are written.
        record: Cost and turnover are added to.
        totals: Cash is.
        orders: Constants of the orders: when the episode ends, and what is dust.
        charges: Constants of the charges.
    """
    step, ends = part(after, field.STEP), False
    for i in range(step.size):
        ends |= step[i] >= orders.decisions
    if not ends:
        return
    held, bought = part(after, field.HOLDINGS), np.empty(step.size)
    for i in range(step.size):
        bought[i] = -held[i] if step[i] >= orders.decisions else 0.0
    value, share = np.empty(step.size), charges.liquidation
    close(after, bought, value, record, totals, share, orders, charges)


@kernel
def close(
    after: Tile,
    bought: FloatArray,
    value: FloatArray,
    record: Tile,
    totals: Tile,
    share: float,
    orders: OrderParams,
    charges: ChargeParams,
) -> None:
    """Buy `bought` at the next decision's price and charge it like any other trade.

    Args:
        after: Rows at the next decision; holdings are added to.
        bought: Units, negative where sold, shape (paths,).
        value: Value that is charged for is written, shape (paths,) [notional].
        record: Cost and turnover are added to.
        totals: Cash is.
        share: Of the cost that is charged [-].
        orders: Constants of the orders: what is dust.
        charges: Constants of the charges.
    """
    price, turnover = part(after, orders.price_row), part(record, account_rows.TURNOVER)
    held = part(after, field.HOLDINGS)
    for i in range(price.size):
        value[i] = closing_value(bought[i], price[i], orders.least)
        turnover[i] += value[i]
        value[i] *= share
        held[i] += bought[i]
    charge_closing(after, bought, value, record, charges)
    pay(price, bought, totals)


@scalar_kernel
def closing_value(bought: float, price: float, least: float) -> float:
    """Value that closing a position is charged for; 0 if it is dust; see the module."""
    return 0.0 if abs(bought) < least else abs(bought) * price
