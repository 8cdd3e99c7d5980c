"""Books every trade, mark and payment of a batch of episodes.

For each path and decision: cost by component, hedge and book profit, and an
independent cash account, so that the identity

    cash + holdings * spot + book value
        = initial book value + hedge P&L + book P&L - cost

can be checked to rounding. All amounts are fractions of notional.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from hedge_env import fields as field
from hedge_env._types import BoolArray, FloatArray
from hedge_env.config import EnvConfig
from hedge_env.execution.venue import trade_cost
from hedge_env.kernel import kernel

COST_COMPONENTS: Final = ("fee", "spread", "impact", "gas", "fixed", "funding")
N_COMPONENTS: Final = len(COST_COMPONENTS)

# Rows of the record of one decision; the cost components come first.
RECORD: Final = (
    *COST_COMPONENTS,
    "hedge_pnl",
    "book_pnl",
    "traded",  # units bought (negative: sold) by the decision itself
    "turnover",  # value traded, liquidation included
)
N_RECORD: Final = len(RECORD)
_FEE, _SPREAD, _IMPACT, _GAS, _FIXED, _FUNDING, _HEDGE, _BOOK, _TRADED, _TURNOVER = (
    range(N_RECORD)
)

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
_SQUARES, _TRADES, _T_TURNOVER, _CASH = 8, 9, 10, 11


class LedgerParams(NamedTuple):
    """Constants of the ledger."""

    decisions: int
    fee: float  # per traded value [-]
    fixed: float  # per transaction [notional]
    pays_funding: float  # 1 for a perp, 0 for spot
    charge_opening: float  # 1 or 0
    charge_liquidation: float  # 1 or 0
    low: float  # bounds of holdings [-]
    high: float


def ledger_params(config: EnvConfig, fee: float, fixed: float) -> LedgerParams:
    """Compile the ledger; `fee` and `fixed` as the venue charges them."""
    execution = config.execution
    low, high = config.holdings_bounds
    return LedgerParams(
        config.episode.decisions,
        fee,
        fixed,
        1.0 if execution.instrument == "perp" else 0.0,
        1.0 if execution.charge_opening else 0.0,
        1.0 if execution.charge_liquidation else 0.0,
        float(low),
        float(high),
    )


@kernel
def book_decision(
    before: FloatArray,
    after: FloatArray,
    target: FloatArray,
    record: FloatArray,
    totals: FloatArray,
    p: LedgerParams,
) -> None:
    """Trade to `target`, hold over the interval, and liquidate at expiry.

    Args:
        before: Rows at the decision, shape (N_FIELDS, n).
        after: Rows at the next decision; its holdings are written.
        target: Holdings asked for, shape (n,), finite; clipped into the bounds.
        record: Shape (N_RECORD, n), written.
        totals: Shape (N_TOTALS, n), added to.
        p: Constants.
    """
    _book_trade(before, after, target, record, totals[_CASH], p)
    _book_interval(before, after, record, totals[_CASH], p)
    _book_expiry(after, record, totals[_CASH], p)
    _add_up(record, totals)


@kernel
def _book_trade(
    before: FloatArray,
    after: FloatArray,
    target: FloatArray,
    record: FloatArray,
    cash: FloatArray,
    p: LedgerParams,
) -> None:
    spot, held, idle = (
        before[field.SPOT],
        before[field.HOLDINGS],
        before[field.STEPS_SINCE_TRADE],
    )
    step, spread, gas = (
        before[field.STEP],
        before[field.HALF_SPREAD],
        before[field.GAS_COST],
    )
    linear, root = before[field.IMPACT_LINEAR], before[field.IMPACT_SQRT]
    new_held, new_idle = after[field.HOLDINGS], after[field.STEPS_SINCE_TRADE]
    for i in range(target.shape[0]):
        wanted = p.low if target[i] < p.low else target[i]
        wanted = p.high if wanted > p.high else wanted
        wanted = wanted if step[i] < p.decisions else held[i]
        trade = wanted - held[i]
        charged = p.charge_opening if step[i] == 0.0 else 1.0
        value = abs(trade) * spot[i]
        c = trade_cost(
            value * charged, p.fee, spread[i], linear[i], root[i], gas[i], p.fixed
        )
        record[_FEE, i] = c.fee
        record[_SPREAD, i] = c.spread
        record[_IMPACT, i] = c.impact
        record[_GAS, i] = c.gas
        record[_FIXED, i] = c.fixed
        record[_TRADED, i] = trade
        record[_TURNOVER, i] = value
        cash[i] -= trade * spot[i] + (c.fee + c.spread + c.impact + c.gas + c.fixed)
        new_held[i] = wanted
        new_idle[i] = idle[i] + 1.0 if trade == 0.0 else 1.0


@kernel
def _book_interval(
    before: FloatArray,
    after: FloatArray,
    record: FloatArray,
    cash: FloatArray,
    p: LedgerParams,
) -> None:
    held, accrued = after[field.HOLDINGS], after[field.FUNDING_ACCRUED]
    spot, new_spot = before[field.SPOT], after[field.SPOT]
    value, new_value = before[field.BOOK_VALUE], after[field.BOOK_VALUE]
    step = before[field.STEP]
    for i in range(held.shape[0]):
        lives = 1.0 if step[i] < p.decisions else 0.0
        funding = p.pays_funding * held[i] * accrued[i]
        record[_FUNDING, i] = funding
        record[_HEDGE, i] = held[i] * (new_spot[i] - spot[i])
        record[_BOOK, i] = lives * (new_value[i] - value[i])
        cash[i] -= funding


@kernel
def _book_expiry(
    after: FloatArray, record: FloatArray, cash: FloatArray, p: LedgerParams
) -> None:
    """Sell what is held where the last decision has been taken."""
    held, spot, step = after[field.HOLDINGS], after[field.SPOT], after[field.STEP]
    spread, gas = after[field.HALF_SPREAD], after[field.GAS_COST]
    linear, root = after[field.IMPACT_LINEAR], after[field.IMPACT_SQRT]
    for i in range(held.shape[0]):
        sold = held[i] if step[i] >= p.decisions else 0.0
        value = abs(sold) * spot[i]
        c = trade_cost(
            value * p.charge_liquidation,
            p.fee,
            spread[i],
            linear[i],
            root[i],
            gas[i],
            p.fixed,
        )
        record[_FEE, i] += c.fee
        record[_SPREAD, i] += c.spread
        record[_IMPACT, i] += c.impact
        record[_GAS, i] += c.gas
        record[_FIXED, i] += c.fixed
        record[_TURNOVER, i] += value
        cash[i] += sold * spot[i] - (c.fee + c.spread + c.impact + c.gas + c.fixed)
        held[i] -= sold


@kernel
def _add_up(record: FloatArray, totals: FloatArray) -> None:
    for component in range(N_COMPONENTS):
        for i in range(record.shape[1]):
            totals[component, i] += record[component, i]
    for i in range(record.shape[1]):
        hedge, book = record[_HEDGE, i], record[_BOOK, i]
        totals[_HEDGE, i] += hedge
        totals[_BOOK, i] += book
        totals[_SQUARES, i] += (hedge + book) * (hedge + book)
        totals[_TRADES, i] += 1.0 if record[_TRADED, i] != 0.0 else 0.0
        totals[_T_TURNOVER, i] += record[_TURNOVER, i]


class StepRecord(NamedTuple):
    """What one decision did, arrays over paths in fractions of notional."""

    cost_components: FloatArray  # (N_COMPONENTS, n), in the order COST_COMPONENTS
    cost: FloatArray  # (n,)
    hedge_pnl: FloatArray  # (n,)
    book_pnl: FloatArray  # (n,)
    tracking_increment: FloatArray  # (n,) hedge_pnl + book_pnl
    traded: FloatArray  # (n,) units
    done: BoolArray  # (n,) the episode has ended


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
        cost: FloatArray = self.cost_components.sum(axis=0)
        return cost

    @property
    def hedge_pnl(self) -> FloatArray:
        """Profit of the holdings before cost, shape (n,)."""
        return self._row(_HEDGE)

    @property
    def book_pnl(self) -> FloatArray:
        """Change of the book's value, shape (n,)."""
        return self._row(_BOOK)

    @property
    def tracking(self) -> FloatArray:
        """Sum of tracking increments, shape (n,)."""
        return self.hedge_pnl + self.book_pnl

    @property
    def squared_increments(self) -> FloatArray:
        """Sum of squared tracking increments, shape (n,)."""
        return self._row(_SQUARES)

    @property
    def trades(self) -> FloatArray:
        """Number of decisions that traded, shape (n,)."""
        return self._row(_TRADES)

    @property
    def turnover(self) -> FloatArray:
        """Value traded, liquidation included, shape (n,)."""
        return self._row(_T_TURNOVER)

    @property
    def cash(self) -> FloatArray:
        """Cash account, zero at the start, shape (n,)."""
        return self._row(_CASH)

    @property
    def net_loss(self) -> FloatArray:
        """Minus the profit after cost, premium included, shape (n,)."""
        return self.cost - self.tracking
