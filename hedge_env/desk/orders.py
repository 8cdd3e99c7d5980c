"""What becomes of an order: the holdings that a target leads to.

In this order: the target is clipped into the bounds of the holdings; it is cut down
to what the margin account can carry; the order is rounded down to whole lots, and is
none at all below the least order; it is ignored while something stops it, such as a
halt of trading or a keeper who is away; it fails.
All of that is known at the decision, so that a market may answer to the trade.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import EnvConfig, IsolatedMargin
from hedge_env.desk.instruments import instruments_of

_LOT_TOLERANCE = 1e-9  # lots: an order for .3 in lots of .1 is one for three


class OrderParams(NamedTuple):
    """Constants of the orders."""

    decisions: int
    low: float  # bounds of holdings [-]
    high: float
    price_row: int  # of the hedge instrument
    fails: bool
    stops: IntArray  # rows of which a positive one stops an order
    margin: bool
    initial: float  # equity needed to open, over the position's value [-]
    reopen: bool
    lot: float  # orders are multiples of it; 0: of any size [-]
    least: float  # smallest order [-]


def order_params(config: EnvConfig) -> OrderParams:
    """Compile the orders."""
    execution = config.execution
    underlying, account = instruments_of(config)[0], execution.margin
    # One of the whole portfolio has cut the target already: `portfolio_margin`.
    margin = account if isinstance(account, IsolatedMargin) else None
    return OrderParams(
        decisions=config.episode.decisions,
        low=underlying.low,
        high=underlying.high,
        price_row=underlying.price,
        fails=execution.failure is not None,
        stops=stopping_rows(config),
        margin=margin is not None,
        initial=0.0 if margin is None else float(margin.initial),
        reopen=margin is None or margin.reopen,
        lot=execution.lot / config.book.contracts,
        least=execution.least_order / config.book.contracts,
    )


def stopping_rows(config: EnvConfig) -> IntArray:
    """Rows that stop orders under a config, shape (n_rows,)."""
    rows = field.present(config, field.STOPPING_ROWS)
    return np.array([row.number for row in rows], dtype=np.int64)


@kernel
def fill_orders(
    before: Tile,
    after: Tile,
    target: FloatArray,
    failed: FloatArray,
    record: Tile,
    p: OrderParams,
) -> None:
    """Write what the orders of one decision lead to.

    Args:
        before: Rows at the decision.
        after: Rows at the next one; holdings and steps_since_trade are written.
        target: Holdings asked for, shape (paths,); ignored after the last decision.
        failed: Shape (paths,), written if orders can fail: 1 where one did.
        record: Units traded are written.
        p: Constants.
    """
    held, new_held = part(before, field.HOLDINGS), part(after, field.HOLDINGS)
    write_holdings(before, target, new_held, failed, p)
    traded = part(record, account_rows.TRADED)
    for i in range(held.size):
        traded[i] = new_held[i] - held[i]
    idle = part(before, field.STEPS_SINCE_TRADE)
    new_idle = part(after, field.STEPS_SINCE_TRADE)
    for i in range(held.size):
        new_idle[i] = 1.0 + (idle[i] if traded[i] == 0.0 else 0.0)


@kernel
def write_holdings(
    before: Tile,
    target: FloatArray,
    new_held: FloatArray,
    failed: FloatArray,
    p: OrderParams,
) -> None:
    """Write the holdings after the orders of one decision, in the order of the module.

    Args:
        before: Rows at the decision.
        target: Holdings asked for, shape (paths,); ignored after the last decision.
        new_held: Shape (paths,), written.
        failed: Shape (paths,), written if orders can fail: 1 where one did.
        p: Constants.
    """
    held, step = part(before, field.HOLDINGS), part(before, field.STEP)
    for i in range(held.size):
        clipped = p.low if target[i] < p.low else target[i]
        clipped = p.high if clipped > p.high else clipped
        new_held[i] = clipped if step[i] < p.decisions else held[i]
    if p.margin:
        equity = part(before, field.MARGIN_EQUITY)
        calls, price = part(before, field.MARGIN_CALLS), part(before, p.price_row)
        for i in range(held.size):
            limit = equity[i] / (p.initial * price[i])
            limit = limit if p.reopen or calls[i] == 0.0 else 0.0
            new_held[i] = affordable(new_held[i], held[i], limit)
    _round_orders(held, new_held, p)
    for k in range(p.stops.size):
        stopped = part(before, p.stops[k])
        for i in range(held.size):
            new_held[i] = held[i] if stopped[i] > 0.0 else new_held[i]
    if p.fails:
        fails = part(before, field.ORDER_FAILS)
        for i in range(held.size):
            failed[i] = fails[i] if new_held[i] != held[i] else 0.0
        for i in range(held.size):
            new_held[i] = held[i] if failed[i] > 0.0 else new_held[i]


@kernel
def _round_orders(held: FloatArray, new_held: FloatArray, p: OrderParams) -> None:
    """Round orders down to whole lots, and drop those below the least."""
    if p.lot > 0.0:
        for i in range(held.shape[0]):
            new_held[i] = whole_lots(new_held[i], held[i], p)
    for i in range(held.shape[0]):
        is_dust = abs(new_held[i] - held[i]) < p.least
        new_held[i] = held[i] if is_dust else new_held[i]


@scalar_kernel
def whole_lots(wanted: float, held: float, p: OrderParams) -> float:
    """Holdings after the order for `wanted`, rounded down to whole lots.

    They are between what is held and what is wanted, and so within the bounds. What is
    held is counted in lots again each time, so that rounding errors do not add up.
    """
    order = wanted - held
    lots = np.floor(abs(order) / p.lot + _LOT_TOLERANCE)
    now = np.floor(held / p.lot + 0.5)
    goal = (now + lots if order > 0.0 else now - lots) * p.lot
    goal = p.low if goal < p.low else goal  # rounding alone leads beyond the bounds
    goal = p.high if goal > p.high else goal
    return goal if lots > 0.0 else held


@scalar_kernel
def affordable(wanted: float, held: float, limit: float) -> float:
    """Holdings nearest to `wanted` that margin allows.

    A position may always be reduced; beyond what is held, its size is at most
    `limit`, which may be negative.
    """
    limit = 0.0 if limit < 0.0 else limit
    size = abs(wanted)
    kept = abs(held) if wanted * held > 0.0 else 0.0
    most = kept if kept > limit else limit
    most = size if size < most else most
    return most if wanted > 0.0 else 0.0 - most


@kernel
def trades_of(before: FloatArray, target: FloatArray, p: OrderParams) -> FloatArray:
    """Value bought (negative: sold) on each path, by order and by margin call.

    Args:
        before: Rows at the decision, shape (N_FIELDS, n).
        target: Holdings asked for, shape (n,).
        p: Constants.

    Returns:
        Shape (n,) [notional].
    """
    n = target.size
    value: FloatArray = before[p.price_row].copy()
    failed, new_held = np.empty(n), np.empty(n)
    write_holdings(Tile(before, 0, n), target, new_held, failed, p)
    held, closed = before[field.HOLDINGS], before[field.MARGIN_CLOSED]
    for i in range(n):
        value[i] *= new_held[i] - held[i] + closed[i]
    return value
