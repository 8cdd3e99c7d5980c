"""The accounts: what one decision did, and the sums of an episode so far.

All amounts are fractions of notional. Their rows are in `base/account_rows`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base.account_rows import (
    BOOK_PNL,
    COST,
    HEDGE_PNL,
    N_COMPONENTS,
    N_TOTALS,
    TOTAL_BOOK_PNL,
    TOTAL_CASH,
    TOTAL_HEDGE_PNL,
    TOTAL_SQUARED_INCREMENTS,
    TOTAL_TRADES,
    TOTAL_TURNOVER,
    TRACKING_INCREMENT,
    TRADED,
)
from hedge_env.base.types import BoolArray, FloatArray


class StepRecord(NamedTuple):
    """What one decision did, arrays over paths in fractions of notional."""

    cost_components: FloatArray  # (N_COMPONENTS, n), in the order COST_COMPONENTS
    cost: FloatArray  # (n,)
    hedge_pnl: FloatArray  # (n,)
    book_pnl: FloatArray  # (n,)
    tracking_increment: FloatArray  # (n,) hedge_pnl + book_pnl
    traded: FloatArray  # (n,) units
    done: BoolArray  # (n,) the episode has ended


def step_record(record: FloatArray, done: BoolArray) -> StepRecord:
    """Name the rows of a record; views, no copies."""
    return StepRecord(
        cost_components=record[:N_COMPONENTS],
        cost=record[COST],
        hedge_pnl=record[HEDGE_PNL],
        book_pnl=record[BOOK_PNL],
        tracking_increment=record[TRACKING_INCREMENT],
        traded=record[TRADED],
        done=done,
    )


def add_components(components: FloatArray) -> FloatArray:
    """Sum over the components (N_COMPONENTS, n), in their order.

    NumPy's own sum groups the terms by the shape of the array, so that one path alone
    would get other bits than in a batch.
    """
    total: FloatArray = components[0].copy()
    for component in components[1:]:
        total += component
    return total


class Totals:
    """Sums of an episode so far, arrays over paths in fractions of notional."""

    def __init__(self, n_paths: int) -> None:
        self.rows: FloatArray = np.zeros((N_TOTALS, n_paths))

    def _row(self, index: int) -> FloatArray:
        row: FloatArray = self.rows[index]
        return row

    @property
    def cost_components(self) -> FloatArray:
        """Cost by component, shape (N_COMPONENTS, n)."""
        return self.rows[:N_COMPONENTS]

    @property
    def cost(self) -> FloatArray:
        """Everything friction took, shape (n,)."""
        return add_components(self.cost_components)

    @property
    def hedge_pnl(self) -> FloatArray:
        """Profit of the holdings before cost, shape (n,)."""
        return self._row(TOTAL_HEDGE_PNL)

    @property
    def book_pnl(self) -> FloatArray:
        """Change of the book's value, shape (n,)."""
        return self._row(TOTAL_BOOK_PNL)

    @property
    def tracking(self) -> FloatArray:
        """Sum of tracking increments, shape (n,)."""
        return self.hedge_pnl + self.book_pnl

    @property
    def squared_increments(self) -> FloatArray:
        """Sum of squared tracking increments, shape (n,)."""
        return self._row(TOTAL_SQUARED_INCREMENTS)

    @property
    def trades(self) -> FloatArray:
        """Number of decisions that traded, shape (n,)."""
        return self._row(TOTAL_TRADES)

    @property
    def turnover(self) -> FloatArray:
        """Value traded, liquidation included, shape (n,)."""
        return self._row(TOTAL_TURNOVER)

    @property
    def cash(self) -> FloatArray:
        """Cash account, zero at the start, shape (n,)."""
        return self._row(TOTAL_CASH)

    @property
    def net_loss(self) -> FloatArray:
        """Minus the profit after cost, premium included, shape (n,)."""
        return self.cost - self.tracking
