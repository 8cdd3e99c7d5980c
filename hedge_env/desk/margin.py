r"""Margin account of a perpetual position.

Equity is the collateral plus the profit of the hedge after all cost. At each decision
time, after the market has moved, a position :math:`h` at price :math:`F` is closed at
the market if

.. math:: E < m |h| F

with maintenance margin :math:`m`: the trade is charged like any other, and a penalty
on its value besides. Losses beyond the collateral are still owed. Equity is looked at
once a decision, and not after the last one, when everything is sold anyway.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.config import BASIS_POINT, MarginConfig
from hedge_env.desk.charges import ChargeParams
from hedge_env.desk.closing import close
from hedge_env.desk.orders import OrderParams


class MarginParams(NamedTuple):
    """Constants of the margin account."""

    on: bool
    maintenance: float  # over the position's value [-]
    penalty: float  # of the value closed [-]


OFF: Final = MarginParams(on=False, maintenance=0.0, penalty=0.0)


def margin_params(config: MarginConfig | None) -> MarginParams:
    """Compile the margin account."""
    if config is None:
        return OFF
    return MarginParams(
        on=True,
        maintenance=float(config.maintenance),
        penalty=config.penalty_bp * BASIS_POINT,
    )


@kernel
def call_margin(
    before: Tile,
    after: Tile,
    record: Tile,
    totals: Tile,
    p: MarginParams,
    orders: OrderParams,
    charges: ChargeParams,
) -> None:
    """Close positions that the equity no longer carries.

    Args:
        before: Rows at the decision.
        after: Rows at the next one; holdings, calls and units closed are written.
        record: Cost and turnover are added to; all but the closing is in it.
        totals: Cash is paid from.
        p: Constants.
        orders: Constants of the orders.
        charges: Constants of the charges.
    """
    start, earned = (
        part(before, field.MARGIN_EQUITY),
        part(record, account_rows.HEDGE_PNL),
    )
    equity, value = np.empty(start.size), np.empty(start.size)
    for i in range(start.size):
        equity[i] = start[i] + earned[i]
    for component in range(account_rows.N_COMPONENTS):
        cost = part(record, component)
        for i in range(start.size):
            equity[i] -= cost[i]
    held, step = part(after, field.HOLDINGS), part(after, field.STEP)
    price, bought = part(after, orders.price_row), part(after, field.MARGIN_CLOSED)
    for i in range(start.size):
        is_short = equity[i] < p.maintenance * abs(held[i]) * price[i]
        bought[i] = -held[i] if is_short and step[i] < orders.decisions else 0.0
    close(after, bought, value, record, totals, 1.0, orders, charges)
    penalty = part(record, account_rows.LIQUIDATION)
    for i in range(start.size):
        penalty[i] += p.penalty * value[i]
    calls, earlier = part(after, field.MARGIN_CALLS), part(before, field.MARGIN_CALLS)
    for i in range(start.size):
        calls[i] = earlier[i] + (1.0 if bought[i] != 0.0 else 0.0)


@kernel
def write_equity(
    before: Tile, after: Tile, record: Tile, p: MarginParams, price_row: int
) -> None:
    """Write the equity at the next decision and the share of it that is tied up."""
    start, equity = part(before, field.MARGIN_EQUITY), part(after, field.MARGIN_EQUITY)
    earned, cost = part(record, account_rows.HEDGE_PNL), part(record, account_rows.COST)
    for i in range(start.size):
        equity[i] = start[i] + earned[i] - cost[i]
    held, use = part(after, field.HOLDINGS), part(after, field.MARGIN_USE)
    price = part(after, price_row)
    for i in range(start.size):
        tied = p.maintenance * abs(held[i]) * price[i]
        use[i] = tied / equity[i] if tied > 0.0 else 0.0
