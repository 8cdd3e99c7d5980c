"""One decision of a batch after the market has moved: book it, then look again.

What `batch` does at every step: the accounts (`booking`), and then the rows that follow
from the new holdings (`position`).
"""

from __future__ import annotations

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.desk.band_position import _TILE, write_position
from hedge_env.desk.charges import charge, pay
from hedge_env.desk.margin import call_margin, write_equity
from hedge_env.desk.option_trades import (
    book_options,
    observe_options,
)
from hedge_env.desk.settlement import (
    LedgerParams,
    _add_up,
    _hold,
    _hold_late,
    _liquidate,
    _mark_book,
    _trade,
)


@kernel
def settle_decision(
    before: FloatArray,
    after: FloatArray,
    target: FloatArray,
    record: FloatArray,
    totals: FloatArray,
    p: LedgerParams,
) -> None:
    """Book a decision and write the position rows, tile by tile.

    Args:
        before: Rows at the decision, shape (N_FIELDS, n).
        after: Rows at the next decision: market rows read, the others written.
        target: Holdings asked for, shape (n,), finite.
        record: Shape (N_RECORD, n), written.
        totals: Shape (N_TOTALS, n), added to.
        p: Constants of the ledger.
    """
    n = before.shape[1]
    for low in range(0, n, _TILE):
        high = min(low + _TILE, n)
        book_decision(before, after, target, record, totals, low, high, p)
        if p.options.series.n_slots > 0:
            observe_options(after, low, high, p.options)
        write_position(after, low, high)


@kernel
def book_decision(
    before: FloatArray,
    after: FloatArray,
    target: FloatArray,
    record: FloatArray,
    totals: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Trade to `target`, hold over the interval, and liquidate at expiry.

    The loops are short, one output each, so that the compiler vectorises them.

    Args:
        before: Rows at the decision, shape (N_FIELDS, n).
        after: Rows at the next decision; its holdings are written.
        target: Holdings asked for, shape (n,), finite; clipped into the bounds.
        record: Shape (N_RECORD, n), written.
        totals: Shape (N_TOTALS, n), added to.
        low: First path to book.
        high: Path after the last.
        p: Constants.
    """
    value = np.empty(high - low)
    record[: account_rows.N_COMPONENTS, low:high] = 0.0
    record[account_rows.OPTION_TRADED, low:high] = 0.0
    price, new_price = before[p.price_row, low:high], after[p.price_row, low:high]
    fill = after[field.FILL_PRICE, low:high] if p.is_late else price
    _trade(before, after, target, record, fill, value, low, high, p)
    charge(before, value, record, low, high, p.charges)
    if p.is_late:
        _hold_late(before, after, record, fill, low, high, p)
    else:
        _hold(before, after, record, low, high, p)
    if p.options.series.n_slots > 0:
        book_options(before, after, record, totals, low, high, p.options)
    _mark_book(before, after, record, low, high, p)
    cash = totals[account_rows.TOTAL_CASH, low:high]
    pay(fill, record[account_rows.TRADED, low:high], cash)
    if p.margin.on:
        charges, orders = p.charges, p.orders
        call_margin(
            before, after, record, cash, new_price, low, high, charges, orders, p.margin
        )
    step, ends = after[field.STEP, low:high], False
    for i in range(high - low):
        ends |= step[i] >= p.decisions
    if ends:
        _liquidate(after, record, cash, value, low, high, p)
    _add_up(record, totals, low, high, p.n_components)
    if p.margin.on:
        write_equity(before, after, record, new_price, low, high, p.margin)
