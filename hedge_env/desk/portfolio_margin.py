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

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.book.listed_options import DELTA
from hedge_env.book.margin_scenarios import (
    GROSS_DELTA,
    N_BOOK_ROWS,
    first_scenario_row,
)
from hedge_env.book.series import count_listed
from hedge_env.config import BASIS_POINT, EnvConfig, PortfolioMargin
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
NET: Final = NET_DELTA_RATE - 0.5 * HEDGED_DELTA_RATE
GROSS: Final = 0.5 * HEDGED_DELTA_RATE
SIGNS: Final = (-1.0, 1.0)


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


@kernel
def fill_requirement(
    rows: Tile, rest: Rest, price_row: int, p: PortfolioParams, needed: FloatArray
) -> None:
    """Write R, the equity that is needed to open what is held.

    Args:
        rows: Of a tile: holdings, spot and price are read.
        rest: Of the same tile.
        price_row: Of the perpetual.
        p: Constants.
        needed: Shape (m,), written [notional].
    """
    held, spot = part(rows, field.HOLDINGS), part(rows, field.SPOT)
    price = part(rows, price_row)
    for i in range(held.size):
        gross = rest.gross[i] + abs(held[i])
        needed[i] = delta_floor(held[i] - rest.delta[i], gross, spot[i])
    for s in range(N_SCENARIOS):
        profit, weight, move = rest.profit[s], p.weights[s], p.moves[s]
        for i in range(held.size):
            loss = 0.0 - weight * (profit[i] + held[i] * price[i] * move)
            needed[i] = loss if loss > needed[i] else needed[i]


@scalar_kernel
def _below(
    intercept: float, slope: float, level: float, least: float, most: float
) -> tuple[float, float]:
    """Part of [least, most] where a line is at most `level`; empty if least > most."""
    if slope > 0.0:
        end = (level - intercept) / slope
        return least, end if end < most else most
    if slope < 0.0:
        end = (level - intercept) / slope
        return end if end > least else least, most
    return (least, most) if intercept <= level else (np.inf, -np.inf)


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
    for net in SIGNS:
        for gross in SIGNS:
            intercept = spot * (GROSS * rest.gross[i] - net * NET * rest.delta[i])
            slope = spot * (net * NET + gross * GROSS)
            low, high = _below(intercept, slope, level, low, high)
    return low, high


@kernel
def write_use(
    rows: Tile, p: PortfolioParams, options: OptionParams, price_row: int
) -> None:
    """Write maintenance margin over equity; `rows` before `observe_options`."""
    use, equity = part(rows, field.MARGIN_USE), part(rows, field.MARGIN_EQUITY)
    rest, needed = rest_of(rows, p, options), np.empty(use.size)
    fill_requirement(rows, rest, price_row, p, needed)
    for i in range(use.size):
        tied = p.maintenance * needed[i]
        use[i] = tied / equity[i] if tied > 0.0 else 0.0
