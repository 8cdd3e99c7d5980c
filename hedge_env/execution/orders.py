"""What becomes of an order: the holdings that a target leads to.

In this order: the target is clipped into the bounds of the holdings; it is cut down
to what the margin account can carry; it is ignored while trading is halted; it fails.
All of that is known at the decision, so that a market may answer to the trade.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env import fields as field
from hedge_env._types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.kernel import kernel, scalar_kernel


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
