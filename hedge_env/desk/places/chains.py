r"""Trading on two chains, and moving inventory between them.

A target has two columns: holdings in all, and what of them is to be on the rollup. With
changes :math:`d_0, d_1` that this asks for on the first chain and on the rollup, those
of one sign are bought or sold where they are wanted; of two signs, what cancels is
moved over a bridge and the rest is traded:

.. math:: m = \mathrm{sign}(d_1) \min(|d_0|, |d_1|) \text{ if } d_0 d_1 < 0,
          \quad t_0 = d_0 + m, \quad t_1 = d_1 - m.

Nobody buys on one chain what is sold on the other. Holdings in all change by
:math:`t_0 + t_1` alone: what is moved is hedged with on its way. A treasury sells no
more than it has free and buys no more than it has cash for; what comes over a bridge
takes up room at either end until it is there. What is on the first chain is what is
neither on the rollup nor in a bridge, so that nothing can be lost between them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.desk.charges import WHOLE, ChargeParams, charge
from hedge_env.desk.closing import closing_value
from hedge_env.desk.orders import OrderParams
from hedge_env.desk.places.bridges import (
    BridgeParams,
    bridge_params,
    move_inventory,
)
from hedge_env.desk.places.treasuries import (
    TreasuryParams,
    plan_orders,
    treasury_params,
    write_stocks,
)


class ChainParams(NamedTuple):
    """Constants of two chains; None stands in its place where there is one."""

    treasuries: TreasuryParams
    fee: float  # per value traded on the rollup [-]
    fixed: float  # per transaction there [notional]
    fails: bool
    home_is_late: bool
    is_late: bool
    bridges: BridgeParams


def chain_params(config: EnvConfig) -> ChainParams | None:
    """Compile two chains; None where there is one."""
    execution = config.execution
    rollup = execution.rollup
    if rollup is None:
        return None
    return ChainParams(
        treasuries=treasury_params(rollup),
        fee=rollup.fee_bp * BASIS_POINT,
        fixed=rollup.fixed_cost_bp * BASIS_POINT,
        fails=rollup.failure > 0.0,
        home_is_late=execution.fills_late,
        is_late=rollup.latency_steps > 0,
        bridges=bridge_params(config, rollup.bridges),
    )


def start_chains(rows: FloatArray, chosen: BoolArray, p: ChainParams) -> None:
    """Start with nothing on the rollup or under way, and all that bridges can carry.

    Args:
        rows: Of the batch, written.
        chosen: Which paths start, shape (n,).
        p: Constants.
    """
    rows[field.ROLLUP_HOLDINGS : field.SECOND_BRIDGE_ROOM + 1, chosen] = 0.0
    for j, capacity in enumerate(p.bridges.capacity):
        rows[field.BRIDGE_ROOM + 3 * j, chosen] = capacity
    write_stocks(Tile(rows, 0, rows.shape[1]), p.treasuries)


@kernel
def trade_on_chains(
    before: Tile,
    after: Tile,
    target: FloatArray,
    record: Tile,
    totals: Tile,
    orders: OrderParams,
    charges: ChargeParams,
    p: ChainParams,
) -> None:
    """Trade, move inventory, charge both, and write what the holdings earned.

    Args:
        before: Rows at the decision.
        after: Rows at the next one; those of what is held are written.
        target: Of all paths of the batch, shape (2, n).
        record: Cost, trade, turnover and hedge_pnl are written.
        totals: Cash is paid out of.
        orders: Constants of the orders.
        charges: Of what a trade costs at home.
        p: Of both chains.
    """
    n = part(before, field.STEP).size
    bought, moved = np.zeros((2, n)), np.zeros(n)
    plan_orders(before, target, bought, moved, orders)
    _fail(before, bought, record, charges, p)
    move_inventory(before, after, bought, moved, record, orders.least, p.bridges)
    _settle(before, after, bought, record, totals, charges, p)
    write_stocks(after, p.treasuries)


@kernel
def _fail(
    before: Tile,
    bought: FloatArray,
    record: Tile,
    charges: ChargeParams,
    p: ChainParams,
) -> None:
    """Undo orders that fail, and charge their gas."""
    lost, step = part(record, account_rows.FAILED_GAS), part(before, field.STEP)
    for chain in range(2):
        fails = part(before, field.ORDER_FAILS if chain == 0 else field.ROLLUP_FAILS)
        gas = part(before, field.GAS_COST if chain == 0 else field.ROLLUP_GAS_COST)
        if not (charges.fails if chain == 0 else p.fails):
            continue
        for i in range(lost.size):
            if bought[chain, i] != 0.0 and fails[i] > 0.0:
                bought[chain, i] = 0.0
                lost[i] += gas[i] * (charges.opening if step[i] == 0.0 else 1.0)


@kernel
def _settle(
    before: Tile,
    after: Tile,
    bought: FloatArray,
    record: Tile,
    totals: Tile,
    charges: ChargeParams,
    p: ChainParams,
) -> None:
    """Charge and pay the trades, and write holdings, trade and profit."""
    n, price = bought.shape[1], part(before, field.SPOT)
    new_price, step = part(after, field.SPOT), part(before, field.STEP)
    fill, far = price, price
    if p.home_is_late:
        fill = part(after, field.FILL_PRICE)
    if p.is_late:
        far = part(after, field.ROLLUP_FILL_PRICE)
    held, new_held = part(before, field.HOLDINGS), part(after, field.HOLDINGS)
    earned, traded = (
        part(record, account_rows.HEDGE_PNL),
        part(record, account_rows.TRADED),
    )
    turnover, cash = (
        part(record, account_rows.TURNOVER),
        part(totals, account_rows.TOTAL_CASH),
    )
    value, there = np.empty(n), np.empty(n)
    for i in range(n):
        home, away = bought[0, i], bought[1, i]
        traded[i] = home + away
        new_held[i] = held[i] + traded[i]
        cash[i] -= home * fill[i] + away * far[i]
        share = charges.opening if step[i] == 0.0 else 1.0
        value[i], there[i] = abs(home) * fill[i], abs(away) * far[i]
        turnover[i] = value[i] + there[i]
        value[i] *= share
        there[i] *= share
        gain = home * (new_price[i] - fill[i]) + away * (new_price[i] - far[i])
        earned[i] = held[i] * (new_price[i] - price[i]) + gain
    idle = part(before, field.STEPS_SINCE_TRADE)
    new_idle = part(after, field.STEPS_SINCE_TRADE)
    for i in range(n):
        new_idle[i] = 1.0 + (idle[i] if traded[i] == 0.0 else 0.0)
    charge(before, value, record, charges, WHOLE)
    _charge_there(before, there, record, p)


@kernel
def _charge_there(costs: Tile, value: FloatArray, record: Tile, p: ChainParams) -> None:
    """Add the cost of trading `value` (n,) on the rollup, by component."""
    fee, spread = part(record, account_rows.FEE), part(record, account_rows.SPREAD)
    impact, gas = part(record, account_rows.IMPACT), part(record, account_rows.GAS)
    fixed, half = (
        part(record, account_rows.FIXED),
        part(costs, field.ROLLUP_HALF_SPREAD),
    )
    linear, toll = part(costs, field.ROLLUP_IMPACT), part(costs, field.ROLLUP_GAS_COST)
    for i in range(value.size):
        once = 1.0 if value[i] > 0.0 else 0.0
        fee[i] += p.fee * value[i]
        spread[i] += half[i] * value[i]
        impact[i] += linear[i] * value[i] * value[i]
        gas[i] += once * toll[i]
        fixed[i] += once * p.fixed


@kernel
def liquidate_on_chains(
    after: Tile,
    record: Tile,
    totals: Tile,
    orders: OrderParams,
    charges: ChargeParams,
    p: ChainParams,
) -> None:
    """Sell what is held where the last decision has been taken, each unit where it is.

    What is still in a bridge is sold on the first chain.

    Args:
        after: Rows at the next decision; those of what is held are written.
        record: Cost and turnover are added to.
        totals: Cash is.
        orders: Constants of the orders: when the episode ends, and what is dust.
        charges: Of what a trade costs at home.
        p: Of both chains.
    """
    step, price = part(after, field.STEP), part(after, field.SPOT)
    held, there = part(after, field.HOLDINGS), part(after, field.ROLLUP_HOLDINGS)
    turnover, cash = (
        part(record, account_rows.TURNOVER),
        part(totals, account_rows.TOTAL_CASH),
    )
    value, away = np.zeros(step.size), np.zeros(step.size)
    for i in range(step.size):
        if step[i] < orders.decisions:
            continue
        value[i] = closing_value(held[i] - there[i], price[i], orders.least)
        away[i] = closing_value(there[i], price[i], orders.least)
        turnover[i] += value[i] + away[i]
        value[i] *= charges.liquidation
        away[i] *= charges.liquidation
        cash[i] += held[i] * price[i]
        for row in range(field.ROLLUP_HOLDINGS, field.SECOND_BRIDGE_UNITS + 2):
            if row != field.BRIDGE_ROOM:
                part(after, row)[i] = 0.0
        held[i] = 0.0
    charge(after, value, record, charges, WHOLE)
    _charge_there(after, away, record, p)
