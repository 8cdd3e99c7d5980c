"""Rows of the accounts: of one decision, and summed over an episode.

All amounts are fractions of notional.
"""

from __future__ import annotations

from typing import Final

COST_COMPONENTS: Final = (
    "fee",
    "spread",
    "impact",
    "gas",
    "fixed",
    "funding",
    "option_spread",
    "failed_gas",
    "sandwich",
    "liquidation",
)
N_COMPONENTS: Final = len(COST_COMPONENTS)

# Rows of the record of one decision; the cost components come first.
RECORD: Final = (
    *COST_COMPONENTS,
    "cost",  # sum of the components
    "hedge_pnl",
    "book_pnl",
    "tracking_increment",  # hedge_pnl + book_pnl
    "traded",  # units bought (negative: sold) by the decision itself
    "turnover",  # value traded, liquidation included
    "option_traded",  # units of the option listed now, bought (negative: sold)
)
N_RECORD: Final = len(RECORD)
(
    FEE,
    SPREAD,
    IMPACT,
    GAS,
    FIXED,
    FUNDING,
    OPTION_SPREAD,
    FAILED_GAS,
    SANDWICH,
    LIQUIDATION,
    COST,
    HEDGE_PNL,
    BOOK_PNL,
    INCREMENT,
    TRADED,
    TURNOVER,
    OPTION_TRADED,
) = range(N_RECORD)

# Rows of the totals of an episode; the cost components come first.
TOTALS: Final = (
    *COST_COMPONENTS,
    "hedge_pnl",
    "book_pnl",
    "squared_increments",
    "trades",  # decisions that traded
    "turnover",
    "cash",
)
N_TOTALS: Final = len(TOTALS)
(
    TOTAL_HEDGE_PNL,
    TOTAL_BOOK_PNL,
    TOTAL_SQUARES,
    TOTAL_TRADES,
    TOTAL_TURNOVER,
    TOTAL_CASH,
) = range(N_COMPONENTS, N_TOTALS)
