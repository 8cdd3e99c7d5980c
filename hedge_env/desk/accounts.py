"""The accounts: what one decision did, and the sums of an episode so far.

All amounts are fractions of notional. Their rows are in `base/account_rows`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from hedge_env.base import field
from hedge_env.base.account_rows import (
    BOOK_PNL,
    COST,
    HEDGE_PNL,
    N_COMPONENTS,
    N_TOTALS,
    OPTION_PNL,
    OPTION_TRADED,
    TOTAL_BOOK_PNL,
    TOTAL_CASH,
    TOTAL_HEDGE_PNL,
    TOTAL_SQUARED_INCREMENTS,
    TOTAL_TRADES,
    TOTAL_TURNOVER,
    TRACKING_INCREMENT,
    TRADED,
    TURNOVER,
)
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import BoolArray, FloatArray


class StepRecord(NamedTuple):
    """What one decision did, arrays over paths in fractions of notional."""

    cost_components: FloatArray  # (N_COMPONENTS, n), in the order COST_COMPONENTS
    cost: FloatArray  # (n,)
    hedge_pnl: FloatArray  # (n,)
    book_pnl: FloatArray  # (n,)
    tracking_increment: FloatArray  # (n,) hedge_pnl + book_pnl
    traded: FloatArray  # (n,) units
    option_traded: FloatArray  # (n,) units of the option listed now
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
        option_traded=record[OPTION_TRADED],
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


class EpisodeSums(Protocol):
    """Sums of episodes, arrays over paths; cost, loss and objective follow."""

    @property
    def cost_components(self) -> FloatArray:
        """Cost by component, shape (N_COMPONENTS, n) [notional]."""

    @property
    def tracking(self) -> FloatArray:
        """Sum of tracking increments, shape (n,) [notional]."""

    @property
    def squared_increments(self) -> FloatArray:
        """Sum of their squares, shape (n,) [notional^2]."""


def total_cost(sums: EpisodeSums) -> FloatArray:
    """Everything friction took, shape (n,) [notional]."""
    return add_components(sums.cost_components)


def net_loss(sums: EpisodeSums) -> FloatArray:
    """Minus the profit after cost, premium included, shape (n,) [notional]."""
    return total_cost(sums) - sums.tracking


def objective(sums: EpisodeSums, risk_aversion: FloatArray) -> FloatArray:
    r"""Cost plus lambda times the squared tracking increments, shape (n,) [notional].

    .. math:: J = C + \lambda \sum_k x_k^2

    Args:
        sums: Of the episodes.
        risk_aversion: lambda, shape (n,) [1/notional].
    """
    return total_cost(sums) + risk_aversion * sums.squared_increments


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
        return total_cost(self)

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
        """Cash account, at the start less what is held then, shape (n,)."""
        return self._row(TOTAL_CASH)

    @property
    def net_loss(self) -> FloatArray:
        """Minus the profit after cost, premium included, shape (n,)."""
        return net_loss(self)


@kernel
def clear(record: Tile) -> None:
    """Set to zero what a decision adds to, or writes only where it trades."""
    record.rows[:N_COMPONENTS, record.low : record.high] = 0.0
    part(record, OPTION_TRADED)[:] = 0.0
    part(record, OPTION_PNL)[:] = 0.0


@kernel
def add_up(record: Tile, totals: Tile, n_components: int) -> None:
    """Sum the cost of one decision, and add the record to the totals.

    Args:
        record: All but the cost is read, the cost is written.
        totals: Added to; the cost is paid out of cash.
        n_components: Of cost that can occur: the first ones.
    """
    cost = part(record, COST)
    cost[:] = 0.0
    for component in range(n_components):
        _add(cost, part(record, component))
        _add(part(totals, component), part(record, component))
    cash = part(totals, TOTAL_CASH)
    for i in range(cost.size):
        cash[i] -= cost[i]
    _add(part(totals, TOTAL_HEDGE_PNL), part(record, HEDGE_PNL))
    _add(part(totals, TOTAL_BOOK_PNL), part(record, BOOK_PNL))
    _add(part(totals, TOTAL_TURNOVER), part(record, TURNOVER))
    increment = part(record, TRACKING_INCREMENT)
    squares = part(totals, TOTAL_SQUARED_INCREMENTS)
    for i in range(cost.size):
        squares[i] += increment[i] * increment[i]
    traded, trades = part(record, TRADED), part(totals, TOTAL_TRADES)
    for i in range(cost.size):
        trades[i] += 1.0 if traded[i] != 0.0 else 0.0


@kernel
def add_loss(before: Tile, after: Tile, record: Tile) -> None:
    """Write the net loss since the start of the episode: cost less profit.

    Args:
        before: Rows at the decision.
        after: Rows at the next one, written.
        record: What the decision did.
    """
    lost, loss = part(before, field.NET_LOSS), part(after, field.NET_LOSS)
    cost, increment = part(record, COST), part(record, TRACKING_INCREMENT)
    for i in range(loss.size):
        loss[i] = lost[i] + (cost[i] - increment[i])


@kernel
def _add(total: FloatArray, amount: FloatArray) -> None:
    for i in range(total.size):
        total[i] += amount[i]
