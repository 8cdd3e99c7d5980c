"""What is held earns over the interval, and the book moves against it."""

from __future__ import annotations

from typing import NamedTuple

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray


class HoldingParams(NamedTuple):
    """Constants of what is held over an interval."""

    pays_funding: float  # 1 for a perp, 0 for spot
    is_late: bool  # a trade fills after the decision


@kernel
def hold(
    before: Tile,
    after: Tile,
    fill_price: FloatArray,
    record: Tile,
    price_row: int,
    p: HoldingParams,
) -> None:
    """Write funding and the profit of the hedge over the interval.

    Where a trade fills late, the holdings of before are kept until then.

    Args:
        before: Rows at the decision.
        after: Rows at the next one, and the holdings after the trade.
        fill_price: Of the trade, shape (paths,) [S_0].
        record: Funding and hedge_pnl are written.
        price_row: Of the hedge instrument.
        p: Constants.
    """
    if p.is_late:
        _hold_late(before, after, fill_price, record, price_row, p)
        return
    held, accrued = part(after, field.HOLDINGS), part(after, field.FUNDING_ACCRUED)
    funding = part(record, account_rows.FUNDING)
    for i in range(held.size):
        funding[i] = p.pays_funding * held[i] * accrued[i]
    price, new_price = part(before, price_row), part(after, price_row)
    earned = part(record, account_rows.HEDGE_PNL)
    for i in range(held.size):
        earned[i] = held[i] * (new_price[i] - price[i])


@kernel
def _hold_late(
    before: Tile,
    after: Tile,
    fill_price: FloatArray,
    record: Tile,
    price_row: int,
    p: HoldingParams,
) -> None:
    old, held = part(before, field.HOLDINGS), part(after, field.HOLDINGS)
    accrued = part(after, field.FUNDING_ACCRUED)
    until_fill = part(after, field.FILL_FUNDING)
    funding = part(record, account_rows.FUNDING)
    for i in range(held.size):
        paid = old[i] * until_fill[i] + held[i] * (accrued[i] - until_fill[i])
        funding[i] = p.pays_funding * paid
    price, new_price = part(before, price_row), part(after, price_row)
    earned = part(record, account_rows.HEDGE_PNL)
    for i in range(held.size):
        earlier = old[i] * (fill_price[i] - price[i])
        earned[i] = earlier + held[i] * (new_price[i] - fill_price[i])


@kernel
def mark_book(before: Tile, after: Tile, record: Tile, decisions: int) -> None:
    """Write the profit of the book over the interval, and the tracking increment.

    Args:
        before: Rows at the decision.
        after: Rows at the next one.
        record: Its book_pnl and tracking_increment are written; hedge_pnl is read.
        decisions: Of an episode; a path that has ended earns nothing.
    """
    value, new_value = part(before, field.BOOK_VALUE), part(after, field.BOOK_VALUE)
    step, book = part(before, field.STEP), part(record, account_rows.BOOK_PNL)
    for i in range(step.size):
        change = new_value[i] - value[i]
        book[i] = change if step[i] < decisions else 0.0
    hedge = part(record, account_rows.HEDGE_PNL)
    increment = part(record, account_rows.TRACKING_INCREMENT)
    for i in range(step.size):
        increment[i] = hedge[i] + book[i]
