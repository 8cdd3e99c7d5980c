"""What a trade is charged by component, and its cash.

Every trade is charged here: `booking` for what a policy decides, `margin` for what is
closed by force. The prices are those of `price_list`.
"""

from __future__ import annotations

from typing import NamedTuple

from hedge_env import fields as field
from hedge_env import ledger as row
from hedge_env._types import FloatArray
from hedge_env.execution.venue import impact_cost
from hedge_env.kernel import kernel


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
    fee, spread = record[row.FEE, low:high], record[row.SPREAD, low:high]
    for i in range(high - low):
        fee[i] += p.fee * value[i]
    half_spread = rows[field.HALF_SPREAD, low:high]
    for i in range(high - low):
        spread[i] += half_spread[i] * value[i]
    linear, root = (
        rows[field.IMPACT_LINEAR, low:high],
        rows[field.IMPACT_SQRT, low:high],
    )
    impact = record[row.IMPACT, low:high]
    for i in range(high - low):
        impact[i] += impact_cost(value[i], linear[i], root[i])
    gas, gas_now = record[row.GAS, low:high], rows[field.GAS_COST, low:high]
    for i in range(high - low):
        gas[i] += gas_now[i] if value[i] > 0.0 else 0.0
    fixed = record[row.FIXED, low:high]
    for i in range(high - low):
        fixed[i] += p.fixed if value[i] > 0.0 else 0.0
    if p.sandwiches:
        lost, rate = (
            record[row.SANDWICH, low:high],
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
    lost, gas = record[row.FAILED_GAS, low:high], rows[field.GAS_COST, low:high]
    step = rows[field.STEP, low:high]
    for i in range(high - low):
        lost[i] = failed[i] * gas[i] * (charge_opening if step[i] == 0.0 else 1.0)


@kernel
def pay(price: FloatArray, bought: FloatArray, cash: FloatArray) -> None:
    """Pay for the units bought, all arrays of the same shape (n,)."""
    for i in range(price.shape[0]):
        cash[i] -= bought[i] * price[i]
