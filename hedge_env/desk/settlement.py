"""What is held earns over the interval, and the book moves against it."""

from __future__ import annotations

from typing import NamedTuple

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.config import MOST_OWN_MOVE, EnvConfig
from hedge_env.numerics.special import exp


class HoldingParams(NamedTuple):
    """Constants of what is held over an interval."""

    pays_funding: float  # 1 for a perp, 0 for spot
    is_late: bool  # a trade fills after the decision
    own_move: float  # of the perpetual's log price per value traded; 0: of none


def own_move(config: EnvConfig) -> float:
    """Log move of the perpetual per value traded, 0 if own orders do not move it."""
    execution = config.execution
    if not execution.moves_perpetual:
        return 0.0
    notional = config.market.spot * config.book.contracts
    return execution.permanent_impact * notional / execution.daily_volume


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
def charge_own_move(
    before: Tile,
    fill_price: FloatArray,
    after: Tile,
    record: Tile,
    totals: Tile,
    price_row: int,
    p: HoldingParams,
) -> None:
    r"""Call a cost what holdings gain and lose as own orders move the perpetual.

    An order that moves the log price by :math:`m` at its fill at :math:`P` takes
    :math:`- h P (e^m - 1)` of the holdings :math:`h` after it. It is part of the change
    of the price, and so is taken out of the profit of the hedge: neither luck nor risk.
    Nobody is paid for it: cash, out of which all cost is paid, is given it back.

    Args:
        before: Rows at the decision.
        fill_price: Of the trade, shape (paths,) [S_0].
        after: Rows at the next one, and the holdings after the trade.
        record: Units traded are read, hedge_pnl and own_move changed.
        totals: Cash is changed.
        price_row: Of the hedge instrument.
        p: Constants.
    """
    price, closed = part(before, price_row), part(before, field.MARGIN_CLOSED)
    held, traded = part(after, field.HOLDINGS), part(record, account_rows.TRADED)
    earned = part(record, account_rows.HEDGE_PNL)
    cost = part(record, account_rows.OWN_MOVE)
    cash = part(totals, account_rows.TOTAL_CASH)
    for i in range(held.size):
        move = p.own_move * price[i] * (traded[i] + closed[i])
        move = -MOST_OWN_MOVE if move < -MOST_OWN_MOVE else move
        move = MOST_OWN_MOVE if move > MOST_OWN_MOVE else move
        gain = held[i] * fill_price[i] * (exp(move) - 1.0)
        earned[i] -= gain
        cost[i] -= gain
        cash[i] -= gain


@kernel
def charge_recentring(
    before: Tile, order: FloatArray, record: Tile, decisions: int
) -> None:
    """Charge a decision what moving a range of liquidity cost, as it was quoted.

    Args:
        before: Rows at the decision.
        order: Positive where the range was moved, shape (paths,).
        record: Its component is written.
        decisions: Of an episode; after the last one nothing is moved.
    """
    step, quoted = part(before, field.STEP), part(before, field.RECENTRING_COST)
    cost = part(record, account_rows.RECENTRING)
    for i in range(cost.size):
        if order[i] > 0.0 and step[i] < decisions:
            cost[i] = quoted[i]


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
