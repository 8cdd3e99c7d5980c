"""Components of the cost of a trade that are a rate: of its value, or of its being one.

Each is declared once: the row of the accounts that it is booked in, its rates per
traded value and per transaction, and the market row that these are a multiple of, if
they move. Everything else follows: `desk/charges` bills it at every trade, and what
does not move is in the rows `proportional_cost` and `fixed_cost` that a policy sees.
Impact, which is no rate, is billed in `desk/charges` by name.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final, NamedTuple

from hedge_env.base import account_rows, field
from hedge_env.config import BASIS_POINT, ExecutionConfig

CONSTANT: Final = -1  # in place of a market row


def _nothing(execution: ExecutionConfig) -> float:
    return 0.0


def _one(execution: ExecutionConfig) -> float:
    return 1.0


def _if_sandwiched(execution: ExecutionConfig) -> float:
    return 0.0 if execution.sandwich is None else 1.0


def _if_kept(execution: ExecutionConfig) -> float:
    return 0.0 if execution.keeper is None else 1.0


def _fixed(execution: ExecutionConfig) -> float:
    return execution.fixed_cost_bp * BASIS_POINT * execution.transactions


def _unlimited(execution: ExecutionConfig) -> float:
    return inf


def fee_limit(execution: ExecutionConfig) -> float:
    """The most that the fee of a trade is [notional]; infinite without a limit."""
    limit = execution.fee_limit_bp
    return inf if limit is None else limit * BASIS_POINT


class Charged(NamedTuple):
    """One component of cost.

    Attributes:
        component: Row of the accounts.
        per_value: Rate per traded value [-]; a negative one is paid to the trader.
        per_trade: Cost of a transaction of any size [notional].
        row: Market row that both are a multiple of; CONSTANT: they stay as they are.
        most: Limit of what is a rate per value, of one that stays as it is [notional].
    """

    component: int
    per_value: Callable[[ExecutionConfig], float] = _nothing
    per_trade: Callable[[ExecutionConfig], float] = _nothing
    row: int = CONSTANT
    most: Callable[[ExecutionConfig], float] = _unlimited


CHARGED: Final = (
    Charged(
        account_rows.FEE,
        per_value=lambda e: e.fee_bp * BASIS_POINT,
        most=fee_limit,
    ),
    Charged(account_rows.SPREAD, per_value=_one, row=field.HALF_SPREAD),
    Charged(account_rows.GAS, per_trade=_one, row=field.GAS_COST),
    Charged(account_rows.FIXED, per_trade=_fixed),
    Charged(account_rows.SANDWICH, per_value=_if_sandwiched, row=field.SANDWICH_RATE),
    Charged(account_rows.KEEPER, per_trade=_if_kept, row=field.KEEPER_COST),
)


class Rate(NamedTuple):
    """What a component costs under a config."""

    component: int  # row of the accounts
    row: int  # market row that the rates are a multiple of, or CONSTANT
    per_value: float  # [-]
    per_trade: float  # [notional]
    most: float  # of what is a rate per value, where the row is CONSTANT [notional]


def rates_of(execution: ExecutionConfig) -> tuple[Rate, ...]:
    """The components that cost, or pay, anything; the others are charged nothing."""
    rates = (
        Rate(
            component=one.component,
            row=one.row,
            per_value=one.per_value(execution),
            per_trade=one.per_trade(execution),
            most=one.most(execution),
        )
        for one in CHARGED
    )
    return tuple(r for r in rates if r.per_value != 0.0 or r.per_trade != 0.0)


def constant_rates(execution: ExecutionConfig) -> tuple[float, float]:
    """Sums of what does not move: per traded value [-], per transaction [notional]."""
    constant = [rate for rate in rates_of(execution) if rate.row == CONSTANT]
    return (
        sum((rate.per_value for rate in constant), 0.0),
        sum((rate.per_trade for rate in constant), 0.0),
    )
