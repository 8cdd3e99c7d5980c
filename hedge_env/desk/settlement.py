"""Books every trade, mark and payment of a batch of episodes.

Called once per decision, when the market has moved: by `decision` for any policy, and
by `fused_episodes` for rules that are tuned. For each path: cost by component, hedge
and book profit, and an independent cash account, so that the identity

    cash + holdings * price + book value
        = initial book value + hedge P&L + book P&L - cost

can be checked to rounding; the price is that of the hedge instrument. All amounts are
fractions of notional. The rows that are written to are those of `ledger`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.book.series import NO_SERIES, SeriesParams
from hedge_env.config import EnvConfig
from hedge_env.desk.charges import ChargeParams, charge, charge_failures, pay
from hedge_env.desk.margin import MarginParams, margin_params
from hedge_env.desk.option_trades import OptionParams, option_params
from hedge_env.desk.orders import OrderParams, closing_value, fill_orders, order_params


class LedgerParams(NamedTuple):
    """Constants of the ledger."""

    decisions: int
    pays_funding: float  # 1 for a perp, 0 for spot
    charge_opening: float  # 1 or 0
    charge_liquidation: float  # 1 or 0
    price_row: int  # of the hedge instrument
    is_late: bool  # a trade fills after the decision
    n_components: int  # of cost that can occur: the first ones
    charges: ChargeParams
    orders: OrderParams
    margin: MarginParams
    options: OptionParams


def ledger_params(
    config: EnvConfig, fee: float, fixed: float, listed: SeriesParams = NO_SERIES
) -> LedgerParams:
    """Compile the ledger; `fee` and `fixed` as the venue charges them.

    Args:
        config: The hedging problem.
        fee: Per traded value [-].
        fixed: Per transaction [notional].
        listed: The options that can be traded.
    """
    execution, orders = config.execution, order_params(config)
    has_sandwich = execution.sandwich is not None
    return LedgerParams(
        config.episode.decisions,
        1.0 if execution.instrument == "perp" else 0.0,
        1.0 if execution.charge_opening else 0.0,
        1.0 if execution.charge_liquidation else 0.0,
        orders.price_row,
        execution.latency_steps > 0,
        account_rows.count_components(config),
        ChargeParams(fee, fixed, has_sandwich),
        orders,
        margin_params(execution.margin),
        option_params(config, listed),
    )


@kernel
def _trade(
    before: FloatArray,
    after: FloatArray,
    target: FloatArray,
    record: FloatArray,
    price: FloatArray,
    value: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Write new holdings, units and value traded, and the value to charge for."""
    held, new_held = (
        before[field.HOLDINGS, low:high],
        after[field.HOLDINGS, low:high],
    )
    fill_orders(before, target, new_held, value, low, high, p.orders)
    if p.orders.fails:
        charge_failures(before, value, record, low, high, p.charge_opening)
    traded = record[account_rows.TRADED, low:high]
    for i in range(high - low):
        traded[i] = new_held[i] - held[i]
    turnover, step = (
        record[account_rows.TURNOVER, low:high],
        before[field.STEP, low:high],
    )
    for i in range(high - low):
        turnover[i] = abs(traded[i]) * price[i]
    for i in range(high - low):
        value[i] = turnover[i] * (p.charge_opening if step[i] == 0.0 else 1.0)
    idle = before[field.STEPS_SINCE_TRADE, low:high]
    new_idle = after[field.STEPS_SINCE_TRADE, low:high]
    for i in range(high - low):
        new_idle[i] = 1.0 + (idle[i] if traded[i] == 0.0 else 0.0)


@kernel
def _hold(
    before: FloatArray,
    after: FloatArray,
    record: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Write funding and the profit of the hedge over the interval."""
    held, accrued = (
        after[field.HOLDINGS, low:high],
        after[field.FUNDING_ACCRUED, low:high],
    )
    funding, hedge = (
        record[account_rows.FUNDING, low:high],
        record[account_rows.HEDGE_PNL, low:high],
    )
    for i in range(high - low):
        funding[i] = p.pays_funding * held[i] * accrued[i]
    price, new_price = before[p.price_row, low:high], after[p.price_row, low:high]
    for i in range(high - low):
        hedge[i] = held[i] * (new_price[i] - price[i])


@kernel
def _hold_late(
    before: FloatArray,
    after: FloatArray,
    record: FloatArray,
    fill: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Write the same where the old holdings are kept until the fill."""
    old, held = before[field.HOLDINGS, low:high], after[field.HOLDINGS, low:high]
    accrued = after[field.FUNDING_ACCRUED, low:high]
    until_fill = after[field.FILL_FUNDING, low:high]
    funding, hedge = (
        record[account_rows.FUNDING, low:high],
        record[account_rows.HEDGE_PNL, low:high],
    )
    for i in range(high - low):
        paid = old[i] * until_fill[i] + held[i] * (accrued[i] - until_fill[i])
        funding[i] = p.pays_funding * paid
    price, new_price = before[p.price_row, low:high], after[p.price_row, low:high]
    for i in range(high - low):
        earlier = old[i] * (fill[i] - price[i])
        hedge[i] = earlier + held[i] * (new_price[i] - fill[i])


@kernel
def _mark_book(
    before: FloatArray,
    after: FloatArray,
    record: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Write the profit of the book over the interval, and the tracking increment."""
    value = before[field.BOOK_VALUE, low:high]
    new_value = after[field.BOOK_VALUE, low:high]
    step, book = before[field.STEP, low:high], record[account_rows.BOOK_PNL, low:high]
    for i in range(high - low):
        change = new_value[i] - value[i]
        book[i] = change if step[i] < p.decisions else 0.0
    increment, hedge = (
        record[account_rows.TRACKING_INCREMENT, low:high],
        record[account_rows.HEDGE_PNL, low:high],
    )
    for i in range(high - low):
        increment[i] = hedge[i] + book[i]


@kernel
def _liquidate(
    after: FloatArray,
    record: FloatArray,
    cash: FloatArray,
    value: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Sell what is held where the last decision has been taken."""
    held, step = after[field.HOLDINGS, low:high], after[field.STEP, low:high]
    price, turnover = (
        after[p.price_row, low:high],
        record[account_rows.TURNOVER, low:high],
    )
    bought = np.empty(high - low)
    for i in range(high - low):
        bought[i] = -held[i] if step[i] >= p.decisions else 0.0
        value[i] = closing_value(bought[i], price[i], p.orders)
        turnover[i] += value[i]
        value[i] *= p.charge_liquidation
        held[i] += bought[i]
    charge(after, value, record, low, high, p.charges)
    pay(price, bought, cash)


@kernel
def _add_up(
    record: FloatArray, totals: FloatArray, low: int, high: int, n_components: int
) -> None:
    cost = record[account_rows.COST, low:high]
    cost[:] = 0.0
    for component in range(n_components):
        part, total = record[component, low:high], totals[component, low:high]
        for i in range(high - low):
            cost[i] += part[i]
        for i in range(high - low):
            total[i] += part[i]
    cash = totals[account_rows.TOTAL_CASH, low:high]
    for i in range(high - low):
        cash[i] -= cost[i]
    for source, goal in (
        (account_rows.HEDGE_PNL, account_rows.TOTAL_HEDGE_PNL),
        (account_rows.BOOK_PNL, account_rows.TOTAL_BOOK_PNL),
        (account_rows.TURNOVER, account_rows.TOTAL_TURNOVER),
    ):
        part, total = record[source, low:high], totals[goal, low:high]
        for i in range(high - low):
            total[i] += part[i]
    increment, squares = (
        record[account_rows.TRACKING_INCREMENT, low:high],
        totals[account_rows.TOTAL_SQUARED_INCREMENTS, low:high],
    )
    for i in range(high - low):
        squares[i] += increment[i] * increment[i]
    traded, trades = (
        record[account_rows.TRADED, low:high],
        totals[account_rows.TOTAL_TRADES, low:high],
    )
    for i in range(high - low):
        trades[i] += 1.0 if traded[i] != 0.0 else 0.0
