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

from typing import NamedTuple

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, MarginConfig
from hedge_env.desk.charges import ChargeParams, charge, pay
from hedge_env.desk.orders import OrderParams, closing_value


class MarginParams(NamedTuple):
    """Constants of the margin account."""

    on: bool
    maintenance: float  # over the position's value [-]
    penalty: float  # of the value closed [-]


def margin_params(config: MarginConfig | None) -> MarginParams:
    """Compile the margin account."""
    if config is None:
        return MarginParams(False, 0.0, 0.0)
    return MarginParams(
        True, float(config.maintenance), config.penalty_bp * BASIS_POINT
    )


@kernel
def call_margin(
    before: FloatArray,
    after: FloatArray,
    record: FloatArray,
    cash: FloatArray,
    price: FloatArray,
    low: int,
    high: int,
    charges: ChargeParams,
    orders: OrderParams,
    p: MarginParams,
) -> None:
    """Close positions that the equity no longer carries.

    Args:
        before: Rows at the decision, shape (N_FIELDS, n).
        after: Rows at the next one; holdings, calls and units closed are written.
        record: Shape (N_RECORD, n), added to; all but the closing is in it.
        cash: Shape (high - low,), paid from.
        price: Of the hedge instrument at the next decision, shape (high - low,).
        low: First path.
        high: Path after the last.
        charges: Constants of the charges.
        orders: Constants of the orders: what is dust.
        p: Constants.
    """
    equity = np.empty(high - low)
    start, hedge = (
        before[field.MARGIN_EQUITY, low:high],
        record[account_rows.HEDGE_PNL, low:high],
    )
    for i in range(high - low):
        equity[i] = start[i] + hedge[i]
    for component in range(account_rows.N_COMPONENTS):
        cost = record[component, low:high]
        for i in range(high - low):
            equity[i] -= cost[i]
    held, step = after[field.HOLDINGS, low:high], after[field.STEP, low:high]
    bought = after[field.MARGIN_CLOSED, low:high]
    for i in range(high - low):
        is_short = equity[i] < p.maintenance * abs(held[i]) * price[i]
        bought[i] = -held[i] if is_short and step[i] < orders.decisions else 0.0
    value, turnover = np.empty(high - low), record[account_rows.TURNOVER, low:high]
    for i in range(high - low):
        value[i] = closing_value(bought[i], price[i], orders)
        turnover[i] += value[i]
        held[i] += bought[i]
    penalty = record[account_rows.LIQUIDATION, low:high]
    for i in range(high - low):
        penalty[i] += p.penalty * value[i]
    charge(after, value, record, low, high, charges)
    pay(price, bought, cash)
    calls, earlier = (
        after[field.MARGIN_CALLS, low:high],
        before[field.MARGIN_CALLS, low:high],
    )
    for i in range(high - low):
        calls[i] = earlier[i] + (1.0 if bought[i] != 0.0 else 0.0)


@kernel
def write_equity(
    before: FloatArray,
    after: FloatArray,
    record: FloatArray,
    price: FloatArray,
    low: int,
    high: int,
    p: MarginParams,
) -> None:
    """Write the equity at the next decision and the share of it that is tied up."""
    start, equity = (
        before[field.MARGIN_EQUITY, low:high],
        after[field.MARGIN_EQUITY, low:high],
    )
    hedge, cost = (
        record[account_rows.HEDGE_PNL, low:high],
        record[account_rows.COST, low:high],
    )
    for i in range(high - low):
        equity[i] = start[i] + hedge[i] - cost[i]
    held, use = after[field.HOLDINGS, low:high], after[field.MARGIN_USE, low:high]
    for i in range(high - low):
        tied = p.maintenance * abs(held[i]) * price[i]
        use[i] = tied / equity[i] if tied > 0.0 else 0.0
