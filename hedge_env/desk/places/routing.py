"""Orders that are split over several venues: what fills of them, and what they cost.

Takes the place of `charges` where `execution.venues` lists several places to trade in.
How an order is cut is in `venues/order_split`, what a venue costs in
`venues/cost_curve`; policies see the same in the rows of `venues/route_quotes`. With
`execution.split: policy` an order is cut by the shares that come with its target. One
without any, of a rule, and what has to be closed are split at least cost then as well.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.venues.cost_curve import (
    KEPT,
    LINEAR,
    N_TERMS,
    QUADRATIC,
    RESERVE,
    variable_cost,
)
from hedge_env.venues.order_split import cut_by_shares, cut_order
from hedge_env.venues.routes import (
    IMPROVED,
    MISSED,
    RouteParams,
    count_waiting,
    curves_at,
    leave_out_uncertain,
    outcome_at,
)


@kernel
def route_trade(
    before: Tile,
    after: Tile,
    target: FloatArray,
    fill_price: FloatArray,
    record: Tile,
    price_row: int,
    opening: float,
    p: RouteParams,
) -> None:
    """Send the order that a decision led to, and charge what fills of it.

    Args:
        before: Rows at the decision, whose costs are charged.
        after: Rows at the next one; holdings and steps since the last trade are those
            of an order that fills, and are corrected.
        target: Of all paths, shape (n_columns, n); the last rows may be shares.
        fill_price: Of the trade, shape (paths,) [S_0].
        record: Units traded are corrected; cost and turnover are written.
        price_row: Of the hedge instrument.
        opening: Share of the first trade's cost that is charged [-].
        p: Constants.
    """
    n, step = p.places.size, part(before, field.STEP)
    curves, parts, trial = np.empty((N_TERMS, n)), np.empty(n), np.empty(n)
    price, luck = part(before, price_row), part(before, field.VENUE_LUCK)
    traded = part(record, account_rows.TRADED)
    turnover = part(record, account_rows.TURNOVER)
    aversion = part(before, field.RISK_AVERSION)
    implied = part(before, field.IMPLIED_VOLATILITY)
    for i in range(step.size):
        turnover[i] = 0.0
        if traded[i] == 0.0:
            continue
        curves_at(before, i, curves, p.venues)
        value, buys = abs(traded[i]) * price[i], traded[i] > 0.0
        if not (p.by_policy and _is_shared(value, target, before.low + i, parts)):
            count_waiting(curves, aversion[i], implied[i], p)
            cut_order(value, curves, buys, p.single, parts, trial)
        if _drop_missed(parts, luck[i]):
            _fill(before, after, i, _sum(parts) / price[i], buys, traded)
        turnover[i] = abs(traded[i]) * fill_price[i]
        share = opening if step[i] == 0.0 else 1.0
        late = fill_price[i] / price[i]
        _charge_parts(before, i, parts, late, share, luck[i], buys, curves, record, p)


@kernel
def route_closing(
    costs: Tile, bought: FloatArray, value: FloatArray, record: Tile, p: RouteParams
) -> None:
    """Add the cost of an order that has to fill, over the venues that are sure to.

    Args:
        costs: Rows of the batch.
        bought: Units, negative where sold, shape (paths,).
        value: Value charged for, at least 0, shape (paths,) [notional].
        record: Its components of cost are added to.
        p: Constants.
    """
    n = p.places.size
    curves, parts, trial = np.empty((N_TERMS, n)), np.empty(n), np.empty(n)
    luck = part(costs, field.VENUE_LUCK)
    for i in range(value.size):
        if value[i] == 0.0:
            continue
        curves_at(costs, i, curves, p.venues)
        leave_out_uncertain(curves, p.venues)
        buys = bought[i] > 0.0
        cut_order(value[i], curves, buys, p.single, parts, trial)
        _charge_parts(costs, i, parts, 1.0, 1.0, luck[i], buys, curves, record, p)


@kernel
def _is_shared(value: float, target: FloatArray, i: int, parts: FloatArray) -> bool:
    """Cut an order by the shares in the last rows of a target, if there are any.

    Args:
        value: Of the order, positive [notional].
        target: Of all paths, shape (n_columns, n).
        i: Which of them.
        parts: Shape (n_venues,), written [notional].
    """
    first = target.shape[0] - parts.size
    for j in range(parts.size):
        parts[j] = target[first + j, i]
    return cut_by_shares(value, parts)


@kernel
def _drop_missed(parts: FloatArray, luck: float) -> bool:
    """Set what does not fill to zero; whether there was any."""
    is_missed = False
    for j in range(parts.size):
        if parts[j] > 0.0 and outcome_at(luck, j) == MISSED:
            parts[j] = 0.0
            is_missed = True
    return is_missed


@kernel
def _sum(parts: FloatArray) -> float:
    total = 0.0
    for j in range(parts.size):
        total += parts[j]
    return total


@scalar_kernel
def _fill(
    before: Tile, after: Tile, i: int, units: float, buys: bool, traded: FloatArray
) -> None:
    """Have `units` of the order filled, at least 0, on one path."""
    held, new_held = part(before, field.HOLDINGS), part(after, field.HOLDINGS)
    new_held[i] = held[i] + units if buys else held[i] - units
    traded[i] = new_held[i] - held[i]
    if traded[i] == 0.0:
        idle = part(before, field.STEPS_SINCE_TRADE)
        part(after, field.STEPS_SINCE_TRADE)[i] = 1.0 + idle[i]


@kernel
def _charge_parts(
    costs: Tile,
    i: int,
    parts: FloatArray,
    late: float,
    share: float,
    luck: float,
    buys: bool,
    curves: FloatArray,
    record: Tile,
    p: RouteParams,
) -> None:
    """Add the cost of the parts of one order, by component.

    Args:
        costs: Rows of the batch.
        i: Which path of the tile.
        parts: Value at each venue at the decision, shape (n_venues,) [notional].
        late: Price at the fill over that at the decision [-].
        share: Of the cost that is charged [-].
        luck: What befell the parts.
        buys: Whether the underlying was bought.
        curves: Of the venues at the decision; what waiting risks is taken out of them.
        record: Added to.
        p: Constants.
    """
    v, liquidity = p.venues, part(costs, field.LIQUIDITY)[i]
    depth = liquidity * part(costs, field.NOTIONAL_RATIO)[i]
    gas = part(costs, field.GAS_PRICE)[i] * part(costs, field.SPOT)[i]
    for j in range(parts.size):
        if parts[j] == 0.0:
            continue
        value = parts[j] * late
        curves[QUADRATIC, j] = v.quadratic[j] * depth
        fee = v.fee[j] + pool_fee(curves, j, buys)
        spread = v.half_spread[j] * liquidity
        if outcome_at(luck, j) == IMPROVED:
            spread -= v.improvement[j] * liquidity
        impact = variable_cost(curves, j, value, buys)
        impact -= (curves[LINEAR, j] + fee - v.fee[j]) * value
        part(record, account_rows.FEE)[i] += share * fee * value
        part(record, account_rows.SPREAD)[i] += share * spread * value
        part(record, account_rows.IMPACT)[i] += share * impact
        part(record, account_rows.GAS)[i] += share * v.gas_factor[j] * gas
        part(record, account_rows.FIXED)[i] += share * v.fixed[j]


@scalar_kernel
def pool_fee(curves: FloatArray, j: int, buys: bool) -> float:
    """Fee of a pool per value traded [-]; 0 elsewhere. The rest of it is impact."""
    if curves[RESERVE, j] == 0.0:
        return 0.0
    kept: float = curves[KEPT, j]
    return (1.0 - kept) / kept if buys else 1.0 - kept


def require_shares(shares: FloatArray) -> None:
    """Refuse shares of venues that are none.

    Args:
        shares: In proportion to what goes where, shape (n_venues, n) [-].

    Raises:
        ValueError: If one is negative, or they add up to no number.
    """
    if not (np.isfinite(shares.sum(axis=0)).all() and (shares >= 0.0).all()):
        raise ValueError(
            "the last columns of a target are the shares of venues: give numbers of at "
            "least 0, or none but zeros for the split of least cost"
        )
