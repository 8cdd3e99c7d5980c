"""Answers an equity that no longer carries the portfolio; see `portfolio_margin`."""

from __future__ import annotations

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.book.listed_options import PRICE, VEGA
from hedge_env.book.margin_scenarios import GROSS_UNITS
from hedge_env.desk.charges import ChargeParams
from hedge_env.desk.closing import close
from hedge_env.desk.option_trades import OptionParams, quote_of, units_of
from hedge_env.desk.orders import OrderParams
from hedge_env.desk.portfolio_margin import (
    PortfolioParams,
    carried,
    fill_requirement,
    rest_of,
    write_use,
)


@kernel
def call_portfolio(
    before: Tile,
    after: Tile,
    record: Tile,
    totals: Tile,
    p: PortfolioParams,
    orders: OrderParams,
    charges: ChargeParams,
    options: OptionParams,
) -> None:
    """Answer an equity that no longer carries the portfolio; see the module.

    Args:
        before: Rows at the decision.
        after: Rows at the next one; holdings, units of options, calls and units closed
            are written, and the capital posted anew in place of the equity.
        record: Cost and turnover are added to; all but the closing is in it.
        totals: Cash is.
        p: Constants.
        orders: Constants of the orders.
        charges: Constants of the charges.
        options: Of the listed options.
    """
    m = after.high - after.low
    taken, value = np.zeros(m), np.empty(m)
    bought = part(after, field.MARGIN_CLOSED)
    equity = _equity(before, record)
    _answer(after, equity, bought, taken, p, orders, options)
    close(after, bought, value, record, totals, 1.0, orders, charges)
    penalty = part(record, account_rows.LIQUIDATION)
    for i in range(m):
        penalty[i] += p.penalty * value[i]
    _take_over(after, taken, record, totals, p, options)
    left, posted = _equity(before, record), part(after, field.MARGIN_EQUITY)
    insurance = part(record, account_rows.INSURANCE)
    calls, earlier = part(after, field.MARGIN_CALLS), part(before, field.MARGIN_CALLS)
    for i in range(m):
        owed = left[i] if taken[i] > 0.0 and left[i] < 0.0 and p.is_insured else 0.0
        insurance[i] += owed
        posted[i] = p.collateral - left[i] + owed if taken[i] > 0.0 else 0.0
        is_called = taken[i] > 0.0 or bought[i] != 0.0
        calls[i] = earlier[i] + (1.0 if is_called else 0.0)


@kernel
def _answer(
    after: Tile,
    equity: FloatArray,
    bought: FloatArray,
    taken: FloatArray,
    p: PortfolioParams,
    orders: OrderParams,
    options: OptionParams,
) -> None:
    """Write what is bought of the perpetual, and 1 where everything is taken over."""
    held, step = part(after, field.HOLDINGS), part(after, field.STEP)
    price, spot = part(after, orders.price_row), part(after, field.SPOT)
    rest, needed = rest_of(after, p, options), np.empty(held.size)
    fill_requirement(after, rest, orders.price_row, p, needed)
    for i in range(held.size):
        bought[i] = 0.0
        is_carried = equity[i] >= p.maintenance * needed[i]
        if is_carried or step[i] >= orders.decisions:
            continue
        level = equity[i] / p.maintenance
        low, high = carried(rest, i, level, price[i], spot[i], p, orders)
        if low > high:
            bought[i], taken[i] = -held[i], 1.0
        else:
            goal = low if held[i] < low else held[i]
            bought[i] = (high if goal > high else goal) - held[i]


@kernel
def _equity(before: Tile, record: Tile) -> FloatArray:
    """Equity of each path after what has been recorded, shape (m,) [notional]."""
    start = part(before, field.MARGIN_EQUITY)
    hedge, book = (
        part(record, account_rows.HEDGE_PNL),
        part(record, account_rows.BOOK_PNL),
    )
    equity = np.empty(start.size)
    for i in range(start.size):
        equity[i] = start[i] + hedge[i] + book[i]
    for component in range(account_rows.N_COMPONENTS):
        cost = part(record, component)
        for i in range(start.size):
            equity[i] -= cost[i]
    return equity


@kernel
def _take_over(
    after: Tile,
    taken: FloatArray,
    record: Tile,
    totals: Tile,
    p: PortfolioParams,
    options: OptionParams,
) -> None:
    """Charge the options that are taken over, and sell those that are listed."""
    spot, size = part(after, field.SPOT), part(after, p.first + GROSS_UNITS)
    penalty = part(record, account_rows.LIQUIDATION)
    spread = part(record, account_rows.OPTION_SPREAD)
    turnover = part(record, account_rows.TURNOVER)
    cash = part(totals, account_rows.TOTAL_CASH)
    for i in range(taken.size):
        penalty[i] += taken[i] * p.option_penalty * spot[i] * size[i]
    for slot in range(options.series.n_slots):
        units = part(after, units_of(slot, options))
        price, vega = (
            part(after, quote_of(slot, PRICE)),
            part(after, quote_of(slot, VEGA)),
        )
        for i in range(taken.size):
            sold = taken[i] * units[i]
            half = options.spread_vega * vega[i] + options.spread_value * price[i]
            penalty[i] += p.option_penalty * spot[i] * abs(sold)
            spread[i] += half * abs(sold)
            turnover[i] += price[i] * abs(sold)
            cash[i] += price[i] * sold
            units[i] -= sold


@kernel
def write_portfolio(
    before: Tile,
    after: Tile,
    record: Tile,
    p: PortfolioParams,
    options: OptionParams,
    price_row: int,
) -> None:
    """Write the equity at the next decision, and the share of it that is tied up.

    Args:
        before: Rows at the decision.
        after: Rows at the next one; where the equity goes, what was posted anew is.
        record: What the decision did, in full.
        p: Constants.
        options: Of the listed options.
        price_row: Of the perpetual.
    """
    equity, found = part(after, field.MARGIN_EQUITY), _equity(before, record)
    for i in range(equity.size):
        equity[i] += found[i]
    write_use(after, p, options, price_row)
