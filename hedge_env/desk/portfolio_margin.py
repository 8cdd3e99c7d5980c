r"""One margin account of all that the desk holds and owes: hedge, listed options, book.

Equity is the collateral plus the profit of hedge and book after all cost. What the
account must hold, :math:`R(h)`, is the matrix of `pricing/portfolio_margin`. At
holdings h of the perpetual of price F every loss in it is a straight line, and so is
the floor by deltas for each choice of signs: R is the largest of 28 lines in h.

An order is cut to the largest share of it at which R is at most the equity, or what it
was before: an order that lowers R is never refused. It is the same share for all
instruments. At each decision time, after the market has moved, equity E below
:math:`m R` is answered in one of two ways, with m the maintenance share:

1. the perpetual is traded, as little as it takes, to holdings at which :math:`m R(h)
   \le E`, a penalty on the value traded besides (exchanges trade futures before
   options, and stop as soon as the account is in order);
2. where no holdings do, everything is taken over: the perpetual and the listed options
   are sold, and the options of the book closed, for a penalty on the underlying's
   value of each. What is owed beyond the collateral is paid by an insurance fund, if
   there is one. The desk, which still owes the book, opens it again with the
   collateral of the start.

Source of the order of the two: Deribit, "Auto Liquidation"
(www.deribit.com/docs/auto-liquidation), of the fund: "The Deribit insurance fund"
(insights.deribit.com/education), which sets a negative equity back to zero.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.book.listed_options import DELTA, PRICE, VEGA
from hedge_env.book.margin_scenarios import (
    GROSS_DELTA,
    GROSS_UNITS,
    N_BOOK_ROWS,
    first_scenario_row,
)
from hedge_env.book.series import count_listed, slot_now
from hedge_env.config import BASIS_POINT, EnvConfig, PortfolioMargin
from hedge_env.desk.charges import ChargeParams
from hedge_env.desk.closing import close
from hedge_env.desk.option_trades import OptionParams, quote_of, units_of
from hedge_env.desk.orders import OrderParams
from hedge_env.pricing.portfolio_margin import (
    HEDGED_DELTA_RATE,
    N_SCENARIOS,
    NET_DELTA_RATE,
    SCENARIOS,
    delta_floor,
)

# The floor is S (a |net| + b gross) with these.
_NET: Final = NET_DELTA_RATE - 0.5 * HEDGED_DELTA_RATE
_GROSS: Final = 0.5 * HEDGED_DELTA_RATE
_SIGNS: Final = (-1.0, 1.0)


class PortfolioParams(NamedTuple):
    """Constants of the account."""

    on: bool
    first: int  # row of the book's first scenario
    moves: FloatArray  # (N_SCENARIOS,) of spot, as a share of it
    weights: FloatArray  # (N_SCENARIOS,) of the losses
    collateral: float  # [notional]
    maintenance: float  # m [-]
    penalty: float  # of the value of the perpetual closed [-]
    option_penalty: float  # of the underlying's value for each option taken over [-]
    is_insured: bool


OFF: Final = PortfolioParams(
    on=False,
    first=0,
    moves=np.zeros(0),
    weights=np.zeros(0),
    collateral=0.0,
    maintenance=0.0,
    penalty=0.0,
    option_penalty=0.0,
    is_insured=False,
)


def portfolio_params(config: EnvConfig) -> PortfolioParams:
    """Compile the account; off unless the config has one."""
    margin = config.execution.margin
    if not isinstance(margin, PortfolioMargin):
        return OFF
    return PortfolioParams(
        on=True,
        first=first_scenario_row(count_listed(config)),
        moves=np.array([scenario.spot for scenario in SCENARIOS]),
        weights=np.array([scenario.weight for scenario in SCENARIOS]),
        collateral=float(margin.collateral),
        maintenance=float(margin.maintenance),
        penalty=margin.penalty_bp * BASIS_POINT,
        option_penalty=margin.option_penalty_bp * BASIS_POINT,
        is_insured=margin.insurance,
    )


class Rest(NamedTuple):
    """Everything in the account but the perpetual, on a tile of m paths."""

    profit: FloatArray  # (N_SCENARIOS, m) [notional]
    delta: FloatArray  # (m,) holdings that neutralise it [-]
    gross: FloatArray  # (m,) sizes of its positions' deltas, added up [-]


@kernel
def rest_of(rows: Tile, p: PortfolioParams, options: OptionParams) -> Rest:
    """Add the units held of each listed option to the book.

    Args:
        rows: Before `observe_options`: the delta is that of the book.
        p: Constants.
        options: Of the listed options.
    """
    m = rows.high - rows.low
    profit, delta, gross = np.empty((N_SCENARIOS, m)), np.empty(m), np.empty(m)
    for s in range(N_SCENARIOS):
        of_book = part(rows, p.first + s)
        for i in range(m):
            profit[s, i] = of_book[i]
    own, size = part(rows, field.DELTA), part(rows, p.first + GROSS_DELTA)
    for i in range(m):
        delta[i], gross[i] = own[i], size[i]
    for slot in range(options.series.n_slots):
        units = part(rows, units_of(slot, options))
        unit = part(rows, quote_of(slot, DELTA))
        for i in range(m):
            delta[i] -= units[i] * unit[i]
            gross[i] += abs(units[i] * unit[i])
        first = p.first + N_BOOK_ROWS + N_SCENARIOS * slot
        for s in range(N_SCENARIOS):
            of_option = part(rows, first + s)
            for i in range(m):
                profit[s, i] += units[i] * of_option[i]
    return Rest(profit=profit, delta=delta, gross=gross)


@scalar_kernel
def requirement(
    rest: Rest, i: int, held: float, price: float, spot: float, p: PortfolioParams
) -> float:
    """R: equity needed to open what is held on path i [notional]."""
    gross = rest.gross[i] + abs(held)
    worst = delta_floor(held - rest.delta[i], gross, spot)
    for s in range(N_SCENARIOS):
        gain = rest.profit[s, i] + held * price * p.moves[s]
        loss = 0.0 - p.weights[s] * gain
        worst = loss if loss > worst else worst
    return worst


@scalar_kernel
def _below(
    intercept: float, slope: float, level: float, low: float, high: float
) -> tuple[float, float]:
    """Part of [low, high] where a line is at most `level`; empty if low > high."""
    if slope > 0.0:
        end = (level - intercept) / slope
        return low, end if end < high else high
    if slope < 0.0:
        end = (level - intercept) / slope
        return end if end > low else low, high
    return (low, high) if intercept <= level else (np.inf, -np.inf)


@scalar_kernel
def carried(
    rest: Rest,
    i: int,
    level: float,
    price: float,
    spot: float,
    p: PortfolioParams,
    orders: OrderParams,
) -> tuple[float, float]:
    """Lowest and highest holdings in bounds at which R is at most `level`."""
    low, high = orders.low, orders.high
    for s in range(N_SCENARIOS):
        intercept = 0.0 - p.weights[s] * rest.profit[s, i]
        slope = 0.0 - p.weights[s] * price * p.moves[s]
        low, high = _below(intercept, slope, level, low, high)
    for net in _SIGNS:
        for gross in _SIGNS:
            intercept = spot * (_GROSS * rest.gross[i] - net * _NET * rest.delta[i])
            slope = spot * (net * _NET + gross * _GROSS)
            low, high = _below(intercept, slope, level, low, high)
    return low, high


@kernel
def call_portfolio(
    before: Tile,
    after: Tile,
    record: Tile,
    totals: Tile,
    p: PortfolioParams,
    orders: OrderParams,
    charges: ChargeParams,
    options: OptionParams,
) -> None:
    """Answer an equity that no longer carries the portfolio; see the module.

    Args:
        before: Rows at the decision.
        after: Rows at the next one; holdings, units of options, calls and units closed
            are written, and the capital posted anew in place of the equity.
        record: Cost and turnover are added to; all but the closing is in it.
        totals: Cash is.
        p: Constants.
        orders: Constants of the orders.
        charges: Constants of the charges.
        options: Of the listed options.
    """
    m = after.high - after.low
    taken, value = np.zeros(m), np.empty(m)
    bought = part(after, field.MARGIN_CLOSED)
    equity = _equity(before, record)
    _answer(after, equity, bought, taken, p, orders, options)
    close(after, bought, value, record, totals, 1.0, orders, charges)
    penalty = part(record, account_rows.LIQUIDATION)
    for i in range(m):
        penalty[i] += p.penalty * value[i]
    _take_over(after, taken, record, totals, p, options)
    left, posted = _equity(before, record), part(after, field.MARGIN_EQUITY)
    insurance = part(record, account_rows.INSURANCE)
    calls, earlier = part(after, field.MARGIN_CALLS), part(before, field.MARGIN_CALLS)
    for i in range(m):
        owed = left[i] if taken[i] > 0.0 and left[i] < 0.0 and p.is_insured else 0.0
        insurance[i] += owed
        posted[i] = p.collateral - left[i] + owed if taken[i] > 0.0 else 0.0
        is_called = taken[i] > 0.0 or bought[i] != 0.0
        calls[i] = earlier[i] + (1.0 if is_called else 0.0)


@kernel
def _answer(
    after: Tile,
    equity: FloatArray,
    bought: FloatArray,
    taken: FloatArray,
    p: PortfolioParams,
    orders: OrderParams,
    options: OptionParams,
) -> None:
    """Write what is bought of the perpetual, and 1 where everything is taken over."""
    held, step = part(after, field.HOLDINGS), part(after, field.STEP)
    price, spot = part(after, orders.price_row), part(after, field.SPOT)
    rest = rest_of(after, p, options)
    for i in range(held.size):
        bought[i] = 0.0
        needed = p.maintenance * requirement(rest, i, held[i], price[i], spot[i], p)
        if step[i] >= orders.decisions or equity[i] >= needed:
            continue
        level = equity[i] / p.maintenance
        low, high = carried(rest, i, level, price[i], spot[i], p, orders)
        if low > high:
            bought[i], taken[i] = -held[i], 1.0
        else:
            goal = low if held[i] < low else held[i]
            bought[i] = (high if goal > high else goal) - held[i]


@kernel
def _equity(before: Tile, record: Tile) -> FloatArray:
    """Equity of each path after what has been recorded, shape (m,) [notional]."""
    start = part(before, field.MARGIN_EQUITY)
    hedge, book = (
        part(record, account_rows.HEDGE_PNL),
        part(record, account_rows.BOOK_PNL),
    )
    equity = np.empty(start.size)
    for i in range(start.size):
        equity[i] = start[i] + hedge[i] + book[i]
    for component in range(account_rows.N_COMPONENTS):
        cost = part(record, component)
        for i in range(start.size):
            equity[i] -= cost[i]
    return equity


@kernel
def _take_over(
    after: Tile,
    taken: FloatArray,
    record: Tile,
    totals: Tile,
    p: PortfolioParams,
    options: OptionParams,
) -> None:
    """Charge the options that are taken over, and sell those that are listed."""
    spot, size = part(after, field.SPOT), part(after, p.first + GROSS_UNITS)
    penalty = part(record, account_rows.LIQUIDATION)
    spread = part(record, account_rows.OPTION_SPREAD)
    turnover = part(record, account_rows.TURNOVER)
    cash = part(totals, account_rows.TOTAL_CASH)
    for i in range(taken.size):
        penalty[i] += taken[i] * p.option_penalty * spot[i] * size[i]
    for slot in range(options.series.n_slots):
        units = part(after, units_of(slot, options))
        price, vega = (
            part(after, quote_of(slot, PRICE)),
            part(after, quote_of(slot, VEGA)),
        )
        for i in range(taken.size):
            sold = taken[i] * units[i]
            half = options.spread_vega * vega[i] + options.spread_value * price[i]
            penalty[i] += p.option_penalty * spot[i] * abs(sold)
            spread[i] += half * abs(sold)
            turnover[i] += price[i] * abs(sold)
            cash[i] += price[i] * sold
            units[i] -= sold


@kernel
def write_portfolio(
    before: Tile,
    after: Tile,
    record: Tile,
    p: PortfolioParams,
    options: OptionParams,
    price_row: int,
) -> None:
    """Write the equity at the next decision, and the share of it that is tied up.

    Args:
        before: Rows at the decision.
        after: Rows at the next one; where the equity goes, what was posted anew is.
        record: What the decision did, in full.
        p: Constants.
        options: Of the listed options.
        price_row: Of the perpetual.
    """
    equity, found = part(after, field.MARGIN_EQUITY), _equity(before, record)
    for i in range(equity.size):
        equity[i] += found[i]
    write_use(after, p, options, price_row)


@kernel
def write_use(
    rows: Tile, p: PortfolioParams, options: OptionParams, price_row: int
) -> None:
    """Write maintenance margin over equity; `rows` before `observe_options`."""
    held, use = part(rows, field.HOLDINGS), part(rows, field.MARGIN_USE)
    price, spot = part(rows, price_row), part(rows, field.SPOT)
    equity, rest = part(rows, field.MARGIN_EQUITY), rest_of(rows, p, options)
    for i in range(held.size):
        tied = p.maintenance * requirement(rest, i, held[i], price[i], spot[i], p)
        use[i] = tied / equity[i] if tied > 0.0 else 0.0


@kernel
def cut_orders(
    rows: FloatArray,
    target: FloatArray,
    p: PortfolioParams,
    orders: OrderParams,
    options: OptionParams,
) -> FloatArray:
    """Holdings asked for, cut to what the account can carry; see the module.

    Args:
        rows: Of the batch at the decision.
        target: Shape (n_instruments, n); NaN stays NaN.
        p: Constants.
        orders: Constants of the orders.
        options: Of the listed options.

    Returns:
        Shape (n_instruments, n), within the bounds of the holdings.
    """
    cut, n = target.copy(), target.shape[1]
    here = Tile(rows, 0, n)
    rest = rest_of(here, p, options)
    held, delta, step = rows[field.HOLDINGS], rows[field.DELTA], rows[field.STEP]
    for i in range(n):
        rest.delta[i] = delta[i]  # of the options held as well, at a decision
        goal = orders.low if target[0, i] < orders.low else target[0, i]
        goal = orders.high if goal > orders.high else goal
        more, slot, units, owned = goal - held[i], 0, 0.0, 0.0
        if options.series.n_slots > 0:
            slot = slot_now(int(step[i]), options.series)
            wanted = -options.limit if target[1, i] < -options.limit else target[1, i]
            wanted = options.limit if wanted > options.limit else wanted
            owned = rows[units_of(slot, options), i]
            units = wanted - owned
        share = _share_of(rows, rest, i, more, slot, owned, units, p, orders, options)
        cut[0, i] = goal if share == 1.0 else held[i] + share * more
        if options.series.n_slots > 0:
            cut[1, i] = owned + share * units
    return cut


@scalar_kernel
def _share_of(
    rows: FloatArray,
    rest: Rest,
    i: int,
    more: float,
    slot: int,
    owned: float,
    units: float,
    p: PortfolioParams,
    orders: OrderParams,
    options: OptionParams,
) -> float:
    """Largest share in [0, 1] of an order that the account of path i carries.

    Args:
        rows: Of the batch.
        rest: Of the account at the decision.
        i: The path.
        more: Units of the perpetual asked for beyond what is held.
        slot: Of the option listed now.
        owned: Units held of it.
        units: Units of it asked for beyond those.
        p: Constants.
        orders: Constants of the orders.
        options: Of the listed options.
    """
    held, spot = rows[field.HOLDINGS, i], rows[field.SPOT, i]
    price, equity = rows[orders.price_row, i], rows[field.MARGIN_EQUITY, i]
    now = requirement(rest, i, held, price, spot, p)
    level, share = equity if equity > now else now, 1.0
    first = p.first + N_BOOK_ROWS + N_SCENARIOS * slot
    for s in range(N_SCENARIOS):
        gain = rest.profit[s, i] + held * price * p.moves[s]
        rise = more * price * p.moves[s]
        if units != 0.0:
            rise += units * rows[first + s, i]
        share = _largest(-p.weights[s] * gain, -p.weights[s] * rise, level, share)
    unit = rows[quote_of(slot, DELTA), i] if options.series.n_slots > 0 else 0.0
    net, others = held - rest.delta[i], rest.gross[i] - abs(owned * unit)
    for a in _SIGNS:
        for b in _SIGNS:
            for c in _SIGNS:
                size = others + b * held + c * owned * unit
                grown = b * more + c * units * unit
                intercept = spot * (_NET * a * net + _GROSS * size)
                slope = spot * (_NET * a * (more + units * unit) + _GROSS * grown)
                share = _largest(intercept, slope, level, share)
    return share


@scalar_kernel
def _largest(intercept: float, slope: float, level: float, share: float) -> float:
    """Largest share up to `share` at which a rising line is at most `level`."""
    if slope <= 0.0:
        return share
    end = (level - intercept) / slope
    end = 0.0 if end < 0.0 else end
    return end if end < share else share
