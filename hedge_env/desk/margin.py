r"""Isolated margin: the account of a perpetual position alone.

Equity is the collateral plus the profit of the perpetual after all its cost; listed
options are in no account, and neither is the book. At each decision time, after the
market has moved, a position :math:`h` at price :math:`F` is closed at the market if

.. math:: E < m |h| F

with maintenance margin :math:`m`: the trade is charged like any other, and a penalty
on its value besides. Losses beyond the collateral are still owed. Equity is looked at
once a decision, and not after the last one, when everything is sold anyway.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.config import BASIS_POINT, EnvConfig, IsolatedMargin
from hedge_env.desk.charges import ChargeParams
from hedge_env.desk.closing import close
from hedge_env.desk.option_trades import OptionParams
from hedge_env.desk.orders import OrderParams
from hedge_env.desk.portfolio_calls import call_portfolio, write_portfolio
from hedge_env.desk.portfolio_margin import PortfolioParams, portfolio_params


class MarginParams(NamedTuple):
    """Constants of the margin account, of whichever kind it is."""

    on: bool
    maintenance: float  # over the position's value [-]
    penalty: float  # of the value closed [-]
    portfolio: PortfolioParams


def margin_params(config: EnvConfig) -> MarginParams:
    """Compile the margin account."""
    margin, portfolio = config.execution.margin, portfolio_params(config)
    if not isinstance(margin, IsolatedMargin):
        on = portfolio.on
        return MarginParams(on=on, maintenance=0.0, penalty=0.0, portfolio=portfolio)
    return MarginParams(
        on=True,
        maintenance=float(margin.maintenance),
        penalty=margin.penalty_bp * BASIS_POINT,
        portfolio=portfolio,
    )


@kernel
def call_margin(
    before: Tile,
    after: Tile,
    record: Tile,
    totals: Tile,
    p: MarginParams,
    orders: OrderParams,
    charges: ChargeParams,
    options: OptionParams,
) -> None:
    """Close positions that the equity no longer carries.

    Args:
        before: Rows at the decision.
        after: Rows at the next one; holdings, calls and units closed are written.
        record: Cost and turnover are added to; all but the closing is in it.
        totals: Cash is paid from.
        p: Constants.
        orders: Constants of the orders.
        charges: Constants of the charges.
        options: Constants of the listed options.
    """
    if p.portfolio.on:
        call_portfolio(
            before, after, record, totals, p.portfolio, orders, charges, options
        )
        return
    start = part(before, field.MARGIN_EQUITY)
    equity, value = np.empty(start.size), np.empty(start.size)
    earned, of_options = (
        part(record, account_rows.HEDGE_PNL),
        part(record, account_rows.OPTION_PNL),
    )
    for i in range(start.size):
        equity[i] = start[i] + (earned[i] - of_options[i])
    for component in range(account_rows.N_COMPONENTS):
        if component != account_rows.OPTION_SPREAD:
            cost = part(record, component)
            for i in range(start.size):
                equity[i] -= cost[i]
    held, step = part(after, field.HOLDINGS), part(after, field.STEP)
    price, bought = part(after, orders.price_row), part(after, field.MARGIN_CLOSED)
    for i in range(start.size):
        is_short = equity[i] < p.maintenance * abs(held[i]) * price[i]
        bought[i] = -held[i] if is_short and step[i] < orders.decisions else 0.0
    close(after, bought, value, record, totals, 1.0, orders, charges)
    penalty = part(record, account_rows.LIQUIDATION)
    for i in range(start.size):
        penalty[i] += p.penalty * value[i]
    calls, earlier = part(after, field.MARGIN_CALLS), part(before, field.MARGIN_CALLS)
    for i in range(start.size):
        calls[i] = earlier[i] + (1.0 if bought[i] != 0.0 else 0.0)


@kernel
def write_equity(
    before: Tile,
    after: Tile,
    record: Tile,
    p: MarginParams,
    price_row: int,
    options: OptionParams,
) -> None:
    """Write the equity at the next decision and the share of it that is tied up."""
    if p.portfolio.on:
        write_portfolio(before, after, record, p.portfolio, options, price_row)
        return
    start, equity = part(before, field.MARGIN_EQUITY), part(after, field.MARGIN_EQUITY)
    earned, cost = part(record, account_rows.HEDGE_PNL), part(record, account_rows.COST)
    of_options, spread = (
        part(record, account_rows.OPTION_PNL),
        part(record, account_rows.OPTION_SPREAD),
    )
    for i in range(start.size):
        equity[i] = start[i] + (earned[i] - of_options[i]) - (cost[i] - spread[i])
    held, use = part(after, field.HOLDINGS), part(after, field.MARGIN_USE)
    price = part(after, price_row)
    for i in range(held.size):
        tied = p.maintenance * abs(held[i]) * price[i]
        use[i] = tied / equity[i] if tied > 0.0 else 0.0
