"""Quotes what a trade costs now: gas, spread and impact, and the rate of funding.

The part of `quotes` that knows no options. Policies see these rows; `charges` bills a
trade by them.
"""

from __future__ import annotations

from hedge_env import fields as field
from hedge_env import marking as mark
from hedge_env._types import FloatArray
from hedge_env.execution.venue import VenueParams
from hedge_env.kernel import kernel
from hedge_env.market import state as row
from hedge_env.market.clustering import shift_gas
from hedge_env.market.funding import funding_rate
from hedge_env.market.gas import gas_price, log_gas_deviation
from hedge_env.market.liquidity import liquidity_multiplier
from hedge_env.market.parameters import MarketParams
from hedge_env.market.regime import multiply_in_stress


@kernel
def quote_gas(
    rows: FloatArray,
    scratch: FloatArray,
    x: FloatArray,
    low: int,
    high: int,
    venue: VenueParams,
    p: MarketParams,
) -> None:
    """Quote gas and the fixed cost of a transaction."""
    price, deviation = rows[field.GAS_PRICE, low:high], rows[field.LOG_GAS, low:high]
    cost, fixed = rows[field.GAS_COST, low:high], rows[field.FIXED_COST, low:high]
    spot, share = rows[field.SPOT, low:high], scratch[mark.DAY_SHARE]
    slow, fast = x[row.GAS_SLOW, low:high], x[row.GAS_FAST, low:high]
    burst, season = x[row.GAS_BURST, low:high], rows[field.GAS_SEASON, low:high]
    rows[field.MEAN_FIXED_COST, low:high] = venue.mean_fixed_cost
    if not p.parts.gas:
        price[:] = 0.0
        deviation[:] = 0.0
        season[:] = 0.0
        cost[:] = 0.0
        fixed[:] = venue.fixed
        return
    gas = p.gas
    if gas.weekend != 0.0 or p.parts.regime:
        index = rows[field.STEP, low:high]
        shift_gas(scratch[mark.BURST], burst, index, x, low, high, p)
        burst = scratch[mark.BURST]
    for i in range(high - low):
        season[i] = log_gas_deviation(0.0, 0.0, 0.0, share[i], gas)
    for i in range(high - low):
        deviation[i] = log_gas_deviation(slow[i], fast[i], burst[i], share[i], gas)
        price[i] = gas_price(deviation[i], gas)
        cost[i] = venue.gas_factor * price[i] * spot[i] + venue.gas_toll * price[i]
        fixed[i] = venue.fixed + cost[i]


@kernel
def quote_costs(
    rows: FloatArray,
    x: FloatArray,
    low: int,
    high: int,
    venue: VenueParams,
    p: MarketParams,
) -> None:
    """Quote what is paid per traded value."""
    volatility = x[row.VOLATILITY, low:high]
    proportional = rows[field.PROPORTIONAL_COST, low:high]
    spread = rows[field.HALF_SPREAD, low:high]
    linear = rows[field.IMPACT_LINEAR, low:high]
    root = rows[field.IMPACT_SQRT, low:high]
    for i in range(high - low):
        multiplier = liquidity_multiplier(volatility[i], p.liquidity)
        spread[i] = venue.half_spread * multiplier
        proportional[i] = venue.proportional + spread[i]
        linear[i] = venue.impact_linear * multiplier
        root[i] = venue.impact_sqrt * volatility[i] * venue.sqrt_day * multiplier
    if p.parts.regime:
        stress = x[row.STRESS, low:high]
        for costs in (spread, linear, root):
            multiply_in_stress(costs, stress, p.regime.liquidity)
        for i in range(high - low):
            proportional[i] = venue.proportional + spread[i]


@kernel
def quote_funding(
    rows: FloatArray, x: FloatArray, low: int, high: int, p: MarketParams
) -> None:
    """Quote the rate and hand over what was settled since the last decision."""
    rate = rows[field.FUNDING_RATE, low:high]
    accrued = rows[field.FUNDING_ACCRUED, low:high]
    premium, owed = x[row.PREMIUM, low:high], x[row.FUNDING_ACCRUED, low:high]
    trailing = x[row.TRAILING_RETURN, low:high]
    for i in range(high - low):
        rate[i] = funding_rate(premium[i], trailing[i], p.funding)
        accrued[i] = owed[i]
        owed[i] = 0.0
