"""Rows of the accounts: of one decision (record), and summed over an episode (totals).

All amounts are fractions of notional. Each row is declared once, as in `field`; the
components of cost come first in both arrays, under the same numbers.
"""

from __future__ import annotations

from typing import Final

from hedge_env.base import row_table
from hedge_env.base.row_table import RowTable

_AMOUNT = "notional"

# Components of cost.
_components = RowTable()
FEE: Final = _components.row(_AMOUNT, "fee of the venue")
SPREAD: Final = _components.row(_AMOUNT, "half a spread")
IMPACT: Final = _components.row(_AMOUNT, "impact on the price")
GAS: Final = _components.row(_AMOUNT, "gas of a transaction")
FIXED: Final = _components.row(_AMOUNT, "fixed cost of a transaction besides gas")
FUNDING: Final = _components.row(_AMOUNT, "funding paid on a perpetual")
OPTION_SPREAD: Final = _components.row(_AMOUNT, "half a spread of listed options")
FAILED_GAS: Final = _components.row(
    _AMOUNT, "gas of orders that failed", when="execution.may_fail"
)
SANDWICH: Final = _components.row(
    _AMOUNT, "lost to sandwiches", when="execution.sandwich"
)
LIQUIDATION: Final = _components.row(
    _AMOUNT, "penalty of a position closed by force", when="execution.margin"
)
INSURANCE: Final = _components.row(
    _AMOUNT, "owed beyond the collateral, paid by a fund", when="execution.margin"
)
KEEPER: Final = _components.row(
    _AMOUNT, "premium on gas and tips of a keeper", when="execution.keeper"
)
FRONT_RUN: Final = _components.row(
    _AMOUNT, "lost to who trades ahead", when="execution.front_runner"
)
BRIDGE: Final = _components.row(
    _AMOUNT, "fees and gas of moving inventory", when="execution.rollup"
)
OWN_MOVE: Final = _components.row(
    _AMOUNT,
    "lost by what is held as own orders move the perpetual",
    when="execution.moves_perpetual",
)
RECENTRING: Final = _components.row(
    _AMOUNT,
    "swap and gas of moving a range of liquidity",
    when="book.recentred_by_policy",
)
COMPONENT_ROWS: Final = _components.declared(globals())

# Rest of the record of one decision.
_record = RowTable(first=len(COMPONENT_ROWS))
COST: Final = _record.row(_AMOUNT, "sum of the components")
HEDGE_PNL: Final = _record.row(_AMOUNT, "profit of the holdings before cost")
BOOK_PNL: Final = _record.row(_AMOUNT, "change of the book's value")
TRACKING_INCREMENT: Final = _record.row(_AMOUNT, "hedge_pnl + book_pnl")
TRADED: Final = _record.row("-", "units bought by the decision; negative: sold")
TURNOVER: Final = _record.row(_AMOUNT, "value traded, liquidation included")
OPTION_TRADED: Final = _record.row(
    "-", "units bought of the option listed now", when="execution.option"
)
OPTION_PNL: Final = _record.row(
    _AMOUNT, "part of hedge_pnl that listed options made", when="execution.option"
)
RECORD_ROWS: Final = COMPONENT_ROWS + _record.declared(globals())

# Rest of the totals of an episode.
_totals = RowTable(first=len(COMPONENT_ROWS), prefix="TOTAL_")
TOTAL_HEDGE_PNL: Final = _totals.row(_AMOUNT, "sum of hedge_pnl")
TOTAL_BOOK_PNL: Final = _totals.row(_AMOUNT, "sum of book_pnl")
TOTAL_SQUARED_INCREMENTS: Final = _totals.row("notional^2", "of tracking increments")
TOTAL_TRADES: Final = _totals.row("-", "decisions that traded")
TOTAL_TURNOVER: Final = _totals.row(_AMOUNT, "sum of turnover")
TOTAL_CASH: Final = _totals.row(
    _AMOUNT, "cash account; what is held at the start is paid"
)
TOTAL_ROWS: Final = COMPONENT_ROWS + _totals.declared(globals())

COST_COMPONENTS: Final = tuple(row.name for row in COMPONENT_ROWS)
RECORD: Final = tuple(row.name for row in RECORD_ROWS)
TOTALS: Final = tuple(row.name for row in TOTAL_ROWS)
N_COMPONENTS: Final = len(COST_COMPONENTS)
N_RECORD: Final = len(RECORD)
N_TOTALS: Final = len(TOTALS)


def count_components(config: object) -> int:
    """Leading components that hold all that can occur under an `EnvConfig`."""
    return 1 + row_table.present(COMPONENT_ROWS, config)[-1].number
