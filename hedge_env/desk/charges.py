"""What a trade is charged by component, and its cash.

Every trade is charged here: what a policy decides, and what is closed by force or
after the last decision (`closing`). The prices are those of `venues/cost_quotes`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import EnvConfig
from hedge_env.desk.places.routing import route_closing, route_trade
from hedge_env.venues.cost_components import CONSTANT, rates_of
from hedge_env.venues.routes import RouteParams, route_params
from hedge_env.venues.venue import SliceEffect, impact_cost, slice_effect

WHOLE: Final = SliceEffect(fixed=1.0, linear=1.0, root=1.0)


class ChargeParams(NamedTuple):
    """Constants of the charges."""

    # Of the components that are a rate, shape (n_rates,); see `venues/cost_components`.
    components: IntArray  # rows of the record
    rows: IntArray  # market rows that the rates are a multiple of, or CONSTANT
    per_value: FloatArray  # [-]
    per_trade: FloatArray  # [notional]
    most: FloatArray  # of what is a rate per value that stays as it is [notional]
    opening: float  # share of the first trade's cost that is charged, 1 or 0
    liquidation: float  # share of the last sale's cost that is charged, 1 or 0
    fails: bool
    slices: SliceEffect  # in what trades are quoted at, and not in what is closed
    routes: RouteParams | None  # where there are several venues: see `routing`


def charge_params(config: EnvConfig) -> ChargeParams:
    """Compile the charges."""
    execution = config.execution
    rates = rates_of(execution)
    return ChargeParams(
        components=np.array([rate.component for rate in rates], dtype=np.int64),
        rows=np.array([rate.row for rate in rates], dtype=np.int64),
        per_value=np.array([rate.per_value for rate in rates], dtype=np.float64),
        per_trade=np.array([rate.per_trade for rate in rates], dtype=np.float64),
        most=np.array([rate.most for rate in rates], dtype=np.float64),
        opening=1.0 if execution.charge_opening else 0.0,
        liquidation=1.0 if execution.charge_liquidation else 0.0,
        fails=execution.failure is not None,
        slices=slice_effect(execution),
        routes=route_params(config),
    )


@kernel
def charge_trade(
    before: Tile,
    after: Tile,
    target: FloatArray,
    price: FloatArray,
    failed: FloatArray,
    record: Tile,
    price_row: int,
    p: ChargeParams,
) -> None:
    """Charge the trade that a decision led to, and the gas of an order that failed.

    Args:
        before: Rows at the decision, whose costs are charged.
        after: Rows at the next one; of several venues, where less may fill than was
            ordered, the holdings are corrected.
        target: Of all paths, shape (n_columns, n); read where a policy splits orders.
        price: At which the trade is filled, shape (paths,) [S_0].
        failed: 1 where an order failed, shape (paths,); read if orders can fail.
        record: Its components of cost and turnover are written.
        price_row: Of the hedge instrument.
        p: Constants.
    """
    routes = p.routes
    _charge_trade(before, after, target, price, failed, record, price_row, p, routes)


@kernel
def _charge_trade(
    before: Tile,
    after: Tile,
    target: FloatArray,
    price: FloatArray,
    failed: FloatArray,
    record: Tile,
    price_row: int,
    p: ChargeParams,
    routes: RouteParams | None,
) -> None:
    if routes is not None:
        route_trade(before, after, target, price, record, price_row, p.opening, routes)
        return
    traded, turnover = (
        part(record, account_rows.TRADED),
        part(record, account_rows.TURNOVER),
    )
    for i in range(price.size):
        turnover[i] = abs(traded[i]) * price[i]
    step, value = part(before, field.STEP), np.empty(price.size)
    for i in range(price.size):
        value[i] = turnover[i] * (p.opening if step[i] == 0.0 else 1.0)
    if p.fails:
        lost, gas = part(record, account_rows.FAILED_GAS), part(before, field.GAS_COST)
        for i in range(price.size):
            lost[i] = failed[i] * gas[i] * (p.opening if step[i] == 0.0 else 1.0)
    charge(before, value, record, p, WHOLE)


@kernel
def charge_closing(
    after: Tile, bought: FloatArray, value: FloatArray, record: Tile, p: ChargeParams
) -> None:
    """Add the cost of what has to fill at once.

    Args:
        after: Rows of the batch.
        bought: Units, negative where sold, shape (paths,).
        value: Value charged for, at least 0, shape (paths,) [notional].
        record: Its components of cost are added to.
        p: Constants.
    """
    _charge_closing(after, bought, value, record, p, p.routes)


@kernel
def _charge_closing(
    after: Tile,
    bought: FloatArray,
    value: FloatArray,
    record: Tile,
    p: ChargeParams,
    routes: RouteParams | None,
) -> None:
    if routes is not None:
        route_closing(after, bought, value, record, routes)
    else:
        charge(after, value, record, p, p.slices)


@kernel
def charge(
    costs: Tile, value: FloatArray, record: Tile, p: ChargeParams, over: SliceEffect
) -> None:
    """Add the cost of trading `value` at what a trade costs in `costs`.

    Args:
        costs: Rows of the batch.
        value: Value traded, at least 0; where it is 0 nothing is charged, shape
            (paths,) [notional].
        record: Its components of cost are added to.
        p: Constants.
        over: What the quoted costs are divided by: WHOLE, or the effect of slices for
            what is not filled in any.
    """
    for k in range(p.components.size):
        cost, rate = part(record, p.components[k]), p.per_value[k]
        toll = p.per_trade[k] / over.fixed
        if p.rows[k] == CONSTANT:
            most = p.most[k]
            for i in range(value.size):
                part_of_value = min(rate * value[i], most)
                cost[i] += part_of_value + (toll if value[i] > 0.0 else 0.0)
        else:
            moving = part(costs, p.rows[k])
            for i in range(value.size):
                once = toll if value[i] > 0.0 else 0.0
                cost[i] += moving[i] * (rate * value[i] + once)
    linear, root = part(costs, field.IMPACT_LINEAR), part(costs, field.IMPACT_SQRT)
    impact = part(record, account_rows.IMPACT)
    of_linear, of_root = 1.0 / over.linear, 1.0 / over.root
    for i in range(value.size):
        a, b = linear[i] * of_linear, root[i] * of_root
        impact[i] += impact_cost(value[i], a, b)


@kernel
def pay(price: FloatArray, bought: FloatArray, totals: Tile) -> None:
    """Pay for the units bought out of cash; `price` and `bought` of shape (paths,)."""
    cash = part(totals, account_rows.TOTAL_CASH)
    for i in range(price.size):
        cash[i] -= bought[i] * price[i]
