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
from hedge_env.execution.venue import impact_cost
from hedge_env.kernel import kernel

COST_COMPONENTS: Final = ("fee", "spread", "impact", "gas", "fixed", "funding")
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
)
N_RECORD: Final = len(RECORD)
(
    _FEE,
    _SPREAD,
    _IMPACT,
    _GAS,
    _FIXED,
    _FUNDING,
    _COST,
    _HEDGE,
    _BOOK,
    _INCREMENT,
    _TRADED,
    _TURNOVER,
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
_T_HEDGE, _T_BOOK, _T_SQUARES, _T_TRADES, _T_TURNOVER, _T_CASH = range(
    N_COMPONENTS, N_TOTALS
)


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
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Trade to `target`, hold over the interval, and liquidate at expiry.

    The loops are short, one output each, so that the compiler vectorises them.

    Args:
        before: Rows at the decision, shape (N_FIELDS, n).
        after: Rows at the next decision; its holdings are written.
        target: Holdings asked for, shape (n,), finite; clipped into the bounds.
        record: Shape (N_RECORD, n), written.
        totals: Shape (N_TOTALS, n), added to.
        low: First path to book.
        high: Path after the last.
        p: Constants.
    """
    value = np.empty(high - low)
    record[:N_COMPONENTS, low:high] = 0.0
    _trade(before, after, target, record, value, low, high, p)
    _charge(before, value, record, low, high, p)
    _hold(before, after, record, low, high, p)
    cash = totals[_T_CASH, low:high]
    _pay(before, record[_TRADED, low:high], cash, low, high)
    step, ends = after[field.STEP, low:high], False
    for i in range(high - low):
        ends |= step[i] >= p.decisions
    if ends:
        _liquidate(after, record, cash, value, low, high, p)
    _add_up(record, totals, low, high)


@kernel
def _trade(
    before: FloatArray,
    after: FloatArray,
    target: FloatArray,
    record: FloatArray,
    value: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Write new holdings, units and value traded, and the value to charge for."""
    wanted, held = target[low:high], before[field.HOLDINGS, low:high]
    new_held, step = after[field.HOLDINGS, low:high], before[field.STEP, low:high]
    for i in range(high - low):
        clipped = p.low if wanted[i] < p.low else wanted[i]
        clipped = p.high if clipped > p.high else clipped
        new_held[i] = clipped if step[i] < p.decisions else held[i]
    traded = record[_TRADED, low:high]
    for i in range(high - low):
        traded[i] = new_held[i] - held[i]
    turnover, spot = record[_TURNOVER, low:high], before[field.SPOT, low:high]
    for i in range(high - low):
        turnover[i] = abs(traded[i]) * spot[i]
    for i in range(high - low):
        value[i] = turnover[i] * (p.charge_opening if step[i] == 0.0 else 1.0)
    idle = before[field.STEPS_SINCE_TRADE, low:high]
    new_idle = after[field.STEPS_SINCE_TRADE, low:high]
    for i in range(high - low):
        new_idle[i] = 1.0 + (idle[i] if traded[i] == 0.0 else 0.0)


@kernel
def _charge(
    rows: FloatArray,
    value: FloatArray,
    record: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Add the cost of trading `value` (n,) at the price list of `rows`."""
    fee, spread = record[_FEE, low:high], record[_SPREAD, low:high]
    for i in range(high - low):
        fee[i] += p.fee * value[i]
    half_spread = rows[field.HALF_SPREAD, low:high]
    for i in range(high - low):
        spread[i] += half_spread[i] * value[i]
    linear, root = (
        rows[field.IMPACT_LINEAR, low:high],
        rows[field.IMPACT_SQRT, low:high],
    )
    impact = record[_IMPACT, low:high]
    for i in range(high - low):
        impact[i] += impact_cost(value[i], linear[i], root[i])
    gas, gas_now = record[_GAS, low:high], rows[field.GAS_COST, low:high]
    for i in range(high - low):
        gas[i] += gas_now[i] if value[i] > 0.0 else 0.0
    fixed = record[_FIXED, low:high]
    for i in range(high - low):
        fixed[i] += p.fixed if value[i] > 0.0 else 0.0


@kernel
def _hold(
    before: FloatArray,
    after: FloatArray,
    record: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Write funding and the profit of hedge and book over the interval."""
    held, accrued = (
        after[field.HOLDINGS, low:high],
        after[field.FUNDING_ACCRUED, low:high],
    )
    funding, hedge = record[_FUNDING, low:high], record[_HEDGE, low:high]
    for i in range(high - low):
        funding[i] = p.pays_funding * held[i] * accrued[i]
    spot, new_spot = before[field.SPOT, low:high], after[field.SPOT, low:high]
    for i in range(high - low):
        hedge[i] = held[i] * (new_spot[i] - spot[i])
    value = before[field.BOOK_VALUE, low:high]
    new_value = after[field.BOOK_VALUE, low:high]
    step, book = before[field.STEP, low:high], record[_BOOK, low:high]
    for i in range(high - low):
        change = new_value[i] - value[i]
        book[i] = change if step[i] < p.decisions else 0.0
    increment = record[_INCREMENT, low:high]
    for i in range(high - low):
        increment[i] = hedge[i] + book[i]


@kernel
def _pay(
    rows: FloatArray, bought: FloatArray, cash: FloatArray, low: int, high: int
) -> None:
    """Pay for the units bought, shape (high - low,), at the spot of `rows`."""
    spot = rows[field.SPOT, low:high]
    for i in range(high - low):
        cash[i] -= bought[i] * spot[i]


@kernel
def _liquidate(
    after: FloatArray,
    record: FloatArray,
    cash: FloatArray,
    value: FloatArray,
    low: int,
    high: int,
    p: LedgerParams,
) -> None:
    """Sell what is held where the last decision has been taken."""
    held, step = after[field.HOLDINGS, low:high], after[field.STEP, low:high]
    spot, turnover = after[field.SPOT, low:high], record[_TURNOVER, low:high]
    bought = np.empty(high - low)
    for i in range(high - low):
        bought[i] = -held[i] if step[i] >= p.decisions else 0.0
        value[i] = abs(bought[i]) * spot[i]
        turnover[i] += value[i]
        value[i] *= p.charge_liquidation
        held[i] += bought[i]
    _charge(after, value, record, low, high, p)
    _pay(after, bought, cash, low, high)


@kernel
def _add_up(record: FloatArray, totals: FloatArray, low: int, high: int) -> None:
    cost = record[_COST, low:high]
    cost[:] = 0.0
    for component in range(N_COMPONENTS):
        part, total = record[component, low:high], totals[component, low:high]
        for i in range(high - low):
            cost[i] += part[i]
        for i in range(high - low):
            total[i] += part[i]
    cash = totals[_T_CASH, low:high]
    for i in range(high - low):
        cash[i] -= cost[i]
    for source, goal in (
        (_HEDGE, _T_HEDGE),
        (_BOOK, _T_BOOK),
        (_TURNOVER, _T_TURNOVER),
    ):
        part, total = record[source, low:high], totals[goal, low:high]
        for i in range(high - low):
            total[i] += part[i]
    increment, squares = record[_INCREMENT, low:high], totals[_T_SQUARES, low:high]
    for i in range(high - low):
        squares[i] += increment[i] * increment[i]
    traded, trades = record[_TRADED, low:high], totals[_T_TRADES, low:high]
    for i in range(high - low):
        trades[i] += 1.0 if traded[i] != 0.0 else 0.0


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
        cost=record[_COST],
        hedge_pnl=record[_HEDGE],
        book_pnl=record[_BOOK],
        tracking_increment=record[_INCREMENT],
        traded=record[_TRADED],
        done=done,
    )


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
        return self._row(_T_HEDGE)

    @property
    def book_pnl(self) -> FloatArray:
        """Change of the book's value, shape (n,)."""
        return self._row(_T_BOOK)

    @property
    def tracking(self) -> FloatArray:
        """Sum of tracking increments, shape (n,)."""
        return self.hedge_pnl + self.book_pnl

    @property
    def squared_increments(self) -> FloatArray:
        """Sum of squared tracking increments, shape (n,)."""
        return self._row(_T_SQUARES)

    @property
    def trades(self) -> FloatArray:
        """Number of decisions that traded, shape (n,)."""
        return self._row(_T_TRADES)

    @property
    def turnover(self) -> FloatArray:
        """Value traded, liquidation included, shape (n,)."""
        return self._row(_T_TURNOVER)

    @property
    def cash(self) -> FloatArray:
        """Cash account, zero at the start, shape (n,)."""
        return self._row(_T_CASH)

    @property
    def net_loss(self) -> FloatArray:
        """Minus the profit after cost, premium included, shape (n,)."""
        return self.cost - self.tracking
