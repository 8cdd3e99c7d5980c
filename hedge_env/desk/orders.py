"""What becomes of an order: the holdings that a target leads to.

In this order: the target is clipped into the bounds of the holdings; it is cut down
to what the margin account can carry; the order is rounded down to whole lots, and is
none at all below the least order; it is ignored while trading is halted; it fails.
All of that is known at the decision, so that a market may answer to the trade.

Lots and the least order are about what a policy decides. What is held at the end, or
closed by force, is closed whatever its size; a rest below the least order, which no
order could have sold, is converted at the price and charged nothing: dust pays no
fixed cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig

_LOT_TOLERANCE = 1e-9  # lots: an order for .3 in lots of .1 is one for three


class OrderParams(NamedTuple):
    """Constants of the orders."""

    decisions: int
    low: float  # bounds of holdings [-]
    high: float
    price_row: int  # of the hedge instrument
    fails: bool
    halts: bool
    margin: bool
    initial: float  # equity needed to open, over the position's value [-]
    reopen: bool
    lot: float  # orders are multiples of it; 0: of any size [-]
    least: float  # smallest order [-]


def order_params(config: EnvConfig) -> OrderParams:
    """Compile the orders."""
    execution = config.execution
    low, high = config.holdings_bounds
    margin = execution.margin
    return OrderParams(
        config.episode.decisions,
        float(low),
        float(high),
        field.SPOT if config.market.basis is None else field.HEDGE_PRICE,
        execution.failure is not None,
        execution.halt is not None,
        margin is not None,
        0.0 if margin is None else float(margin.initial),
        margin is None or margin.reopen,
        execution.lot / config.book.contracts,
        execution.least_order / config.book.contracts,
    )


@kernel
def fill_orders(
    before: FloatArray,
    target: FloatArray,
    new_held: FloatArray,
    failed: FloatArray,
    low: int,
    high: int,
    p: OrderParams,
) -> None:
    """Write the holdings after the orders of one decision.

    Args:
        before: Rows at the decision, shape (N_FIELDS, n).
        target: Holdings asked for, shape (n,); ignored after the last decision.
        new_held: Shape (high - low,), written.
        failed: Shape (high - low,), written if orders can fail: 1 where one did.
        low: First path.
        high: Path after the last.
        p: Constants.
    """
    wanted, held = target[low:high], before[field.HOLDINGS, low:high]
    step = before[field.STEP, low:high]
    for i in range(high - low):
        clipped = p.low if wanted[i] < p.low else wanted[i]
        clipped = p.high if clipped > p.high else clipped
        new_held[i] = clipped if step[i] < p.decisions else held[i]
    if p.margin:
        equity, calls = (
            before[field.MARGIN_EQUITY, low:high],
            before[field.MARGIN_CALLS, low:high],
        )
        price = before[p.price_row, low:high]
        for i in range(high - low):
            limit = equity[i] / (p.initial * price[i])
            limit = limit if p.reopen or calls[i] == 0.0 else 0.0
            new_held[i] = affordable(new_held[i], held[i], limit)
    _round_orders(held, new_held, p)
    if p.halts:
        halted = before[field.HALTED, low:high]
        for i in range(high - low):
            new_held[i] = held[i] if halted[i] > 0.0 else new_held[i]
    if p.fails:
        fails = before[field.ORDER_FAILS, low:high]
        for i in range(high - low):
            failed[i] = fails[i] if new_held[i] != held[i] else 0.0
        for i in range(high - low):
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
def closing_value(bought: float, price: float, p: OrderParams) -> float:
    """Value that closing a position is charged for; 0 if it is dust; see the module."""
    return 0.0 if abs(bought) < p.least else abs(bought) * price


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
    fill_orders(before, target, new_held, failed, 0, n, p)
    held, closed = before[field.HOLDINGS], before[field.MARGIN_CLOSED]
    for i in range(n):
        value[i] *= new_held[i] - held[i] + closed[i]
    return value
