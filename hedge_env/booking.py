"""Books every trade, mark and payment of a batch of episodes.

For each path and decision: cost by component, hedge and book profit, and an
independent cash account, so that the identity

    cash + holdings * spot + book value
        = initial book value + hedge P&L + book P&L - cost

can be checked to rounding. All amounts are fractions of notional. The rows that are
written to are those of `ledger`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env import fields as field
from hedge_env import ledger as row
from hedge_env._types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.execution.venue import impact_cost
from hedge_env.kernel import kernel


class LedgerParams(NamedTuple):
    """Constants of the ledger."""

    decisions: int
    fee: float  # per traded value [-]
    fixed: float  # per transaction [notional]
    pays_funding: float  # 1 for a perp, 0 for spot
    charge_opening: float  # 1 or 0
    charge_liquidation: float  # 1 or 0
    low: float  # bounds of holdings [-]
    high: float


def ledger_params(config: EnvConfig, fee: float, fixed: float) -> LedgerParams:
    """Compile the ledger; `fee` and `fixed` as the venue charges them."""
    execution = config.execution
    low, high = config.holdings_bounds
    return LedgerParams(
        config.episode.decisions,
        fee,
        fixed,
        1.0 if execution.instrument == "perp" else 0.0,
        1.0 if execution.charge_opening else 0.0,
        1.0 if execution.charge_liquidation else 0.0,
        float(low),
        float(high),
    )


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
    record[: row.N_COMPONENTS, low:high] = 0.0
    _trade(before, after, target, record, value, low, high, p)
    _charge(before, value, record, low, high, p)
    _hold(before, after, record, low, high, p)
    cash = totals[row.TOTAL_CASH, low:high]
    _pay(before, record[row.TRADED, low:high], cash, low, high)
    step, ends = after[field.STEP, low:high], False
    for i in range(high - low):
        ends |= step[i] >= p.decisions
    if ends:
        _liquidate(after, record, cash, value, low, high, p)
    _add_up(record, totals, low, high)


@kernel
def _trade(
    before: FloatArray,
    after: FloatArray,
    target: FloatArray,
    record: FloatArray,
    value: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Write new holdings, units and value traded, and the value to charge for."""
    wanted, held = target[low:high], before[field.HOLDINGS, low:high]
    new_held, step = after[field.HOLDINGS, low:high], before[field.STEP, low:high]
    for i in range(high - low):
        clipped = p.low if wanted[i] < p.low else wanted[i]
        clipped = p.high if clipped > p.high else clipped
        new_held[i] = clipped if step[i] < p.decisions else held[i]
    traded = record[row.TRADED, low:high]
    for i in range(high - low):
        traded[i] = new_held[i] - held[i]
    turnover, spot = record[row.TURNOVER, low:high], before[field.SPOT, low:high]
    for i in range(high - low):
        turnover[i] = abs(traded[i]) * spot[i]
    for i in range(high - low):
        value[i] = turnover[i] * (p.charge_opening if step[i] == 0.0 else 1.0)
    idle = before[field.STEPS_SINCE_TRADE, low:high]
    new_idle = after[field.STEPS_SINCE_TRADE, low:high]
    for i in range(high - low):
        new_idle[i] = 1.0 + (idle[i] if traded[i] == 0.0 else 0.0)


@kernel
def _charge(
    rows: FloatArray,
    value: FloatArray,
    record: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Add the cost of trading `value` (n,) at the price list of `rows`."""
    fee, spread = record[row.FEE, low:high], record[row.SPREAD, low:high]
    for i in range(high - low):
        fee[i] += p.fee * value[i]
    half_spread = rows[field.HALF_SPREAD, low:high]
    for i in range(high - low):
        spread[i] += half_spread[i] * value[i]
    linear, root = (
        rows[field.IMPACT_LINEAR, low:high],
        rows[field.IMPACT_SQRT, low:high],
    )
    impact = record[row.IMPACT, low:high]
    for i in range(high - low):
        impact[i] += impact_cost(value[i], linear[i], root[i])
    gas, gas_now = record[row.GAS, low:high], rows[field.GAS_COST, low:high]
    for i in range(high - low):
        gas[i] += gas_now[i] if value[i] > 0.0 else 0.0
    fixed = record[row.FIXED, low:high]
    for i in range(high - low):
        fixed[i] += p.fixed if value[i] > 0.0 else 0.0


@kernel
def _hold(
    before: FloatArray,
    after: FloatArray,
    record: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Write funding and the profit of hedge and book over the interval."""
    held, accrued = (
        after[field.HOLDINGS, low:high],
        after[field.FUNDING_ACCRUED, low:high],
    )
    funding, hedge = record[row.FUNDING, low:high], record[row.HEDGE_PNL, low:high]
    for i in range(high - low):
        funding[i] = p.pays_funding * held[i] * accrued[i]
    spot, new_spot = before[field.SPOT, low:high], after[field.SPOT, low:high]
    for i in range(high - low):
        hedge[i] = held[i] * (new_spot[i] - spot[i])
    value = before[field.BOOK_VALUE, low:high]
    new_value = after[field.BOOK_VALUE, low:high]
    step, book = before[field.STEP, low:high], record[row.BOOK_PNL, low:high]
    for i in range(high - low):
        change = new_value[i] - value[i]
        book[i] = change if step[i] < p.decisions else 0.0
    increment = record[row.INCREMENT, low:high]
    for i in range(high - low):
        increment[i] = hedge[i] + book[i]


@kernel
def _pay(
    rows: FloatArray, bought: FloatArray, cash: FloatArray, low: int, high: int
) -> None:
    """Pay for the units bought, shape (high - low,), at the spot of `rows`."""
    spot = rows[field.SPOT, low:high]
    for i in range(high - low):
        cash[i] -= bought[i] * spot[i]


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
    spot, turnover = after[field.SPOT, low:high], record[row.TURNOVER, low:high]
    bought = np.empty(high - low)
    for i in range(high - low):
        bought[i] = -held[i] if step[i] >= p.decisions else 0.0
        value[i] = abs(bought[i]) * spot[i]
        turnover[i] += value[i]
        value[i] *= p.charge_liquidation
        held[i] += bought[i]
    _charge(after, value, record, low, high, p)
    _pay(after, bought, cash, low, high)


@kernel
def _add_up(record: FloatArray, totals: FloatArray, low: int, high: int) -> None:
    cost = record[row.COST, low:high]
    cost[:] = 0.0
    for component in range(row.N_COMPONENTS):
        part, total = record[component, low:high], totals[component, low:high]
        for i in range(high - low):
            cost[i] += part[i]
        for i in range(high - low):
            total[i] += part[i]
    cash = totals[row.TOTAL_CASH, low:high]
    for i in range(high - low):
        cash[i] -= cost[i]
    for source, goal in (
        (row.HEDGE_PNL, row.TOTAL_HEDGE_PNL),
        (row.BOOK_PNL, row.TOTAL_BOOK_PNL),
        (row.TURNOVER, row.TOTAL_TURNOVER),
    ):
        part, total = record[source, low:high], totals[goal, low:high]
        for i in range(high - low):
            total[i] += part[i]
    increment, squares = (
        record[row.INCREMENT, low:high],
        totals[row.TOTAL_SQUARES, low:high],
    )
    for i in range(high - low):
        squares[i] += increment[i] * increment[i]
    traded, trades = record[row.TRADED, low:high], totals[row.TOTAL_TRADES, low:high]
    for i in range(high - low):
        trades[i] += 1.0 if traded[i] != 0.0 else 0.0
