"""What a trade is charged by component, and its cash.

Every trade is charged here: `booking` for what a policy decides, `margin` for what is
closed by force. The prices are those of `price_list`.
"""

from __future__ import annotations

from typing import NamedTuple

from hedge_env.base import account_rows, field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.venues.venue import impact_cost


class ChargeParams(NamedTuple):
    """Constants of the charges."""

    fee: float  # per traded value [-]
    fixed: float  # per transaction [notional]
    sandwiches: bool


@kernel
def charge(
    rows: FloatArray,
    value: FloatArray,
    record: FloatArray,
    low: int,
    high: int,
    p: ChargeParams,
) -> None:
    """Add the cost of trading `value` (high - low,) at the price list of `rows`.

    Args:
        rows: Shape (N_FIELDS, n).
        value: Value traded, at least 0; where it is 0 nothing is charged [notional].
        record: Shape (N_RECORD, n), added to.
        low: First path.
        high: Path after the last.
        p: Constants.
    """
    fee, spread = (
        record[account_rows.FEE, low:high],
        record[account_rows.SPREAD, low:high],
    )
    for i in range(high - low):
        fee[i] += p.fee * value[i]
    half_spread = rows[field.HALF_SPREAD, low:high]
    for i in range(high - low):
        spread[i] += half_spread[i] * value[i]
    linear, root = (
        rows[field.IMPACT_LINEAR, low:high],
        rows[field.IMPACT_SQRT, low:high],
    )
    impact = record[account_rows.IMPACT, low:high]
    for i in range(high - low):
        impact[i] += impact_cost(value[i], linear[i], root[i])
    gas, gas_now = record[account_rows.GAS, low:high], rows[field.GAS_COST, low:high]
    for i in range(high - low):
        gas[i] += gas_now[i] if value[i] > 0.0 else 0.0
    fixed = record[account_rows.FIXED, low:high]
    for i in range(high - low):
        fixed[i] += p.fixed if value[i] > 0.0 else 0.0
    if p.sandwiches:
        lost, rate = (
            record[account_rows.SANDWICH, low:high],
            rows[field.SANDWICH_RATE, low:high],
        )
        for i in range(high - low):
            lost[i] += rate[i] * value[i]


@kernel
def charge_failures(
    rows: FloatArray,
    failed: FloatArray,
    record: FloatArray,
    low: int,
    high: int,
    charge_opening: float,
) -> None:
    """Add the gas of the orders that failed, `failed` (high - low,) being 1 there."""
    lost, gas = (
        record[account_rows.FAILED_GAS, low:high],
        rows[field.GAS_COST, low:high],
    )
    step = rows[field.STEP, low:high]
    for i in range(high - low):
        lost[i] = failed[i] * gas[i] * (charge_opening if step[i] == 0.0 else 1.0)


@kernel
def pay(price: FloatArray, bought: FloatArray, cash: FloatArray) -> None:
    """Pay for the units bought, all arrays of the same shape (n,)."""
    for i in range(price.shape[0]):
        cash[i] -= bought[i] * price[i]
