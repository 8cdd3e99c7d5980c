"""Quotes what a trade costs now: gas, spread and impact, and the rate of funding.

The part of `quotes` that knows no options. Policies see these rows; `charges` bills a
trade by them.
"""

from __future__ import annotations

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.book import tile
from hedge_env.market.engine import market_state
from hedge_env.market.engine.clustering import shift_gas
from hedge_env.market.engine.parameters import MarketParams
from hedge_env.market.gas.gas_price import gas_price, log_gas_deviation
from hedge_env.market.liquidity import liquidity_multiplier
from hedge_env.market.spot.regime import multiply_in_stress
from hedge_env.venues.venue import VenueParams


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
    spot, share = rows[field.SPOT, low:high], scratch[tile.DAY_SHARE]
    slow, fast = x[market_state.GAS_SLOW, low:high], x[market_state.GAS_FAST, low:high]
    burst, season = (
        x[market_state.GAS_BURST, low:high],
        rows[field.GAS_SEASON, low:high],
    )
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
        shift_gas(scratch[tile.BURST], burst, index, x, low, high, p)
        burst = scratch[tile.BURST]
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
    volatility = x[market_state.VOLATILITY, low:high]
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
        stress = x[market_state.STRESS, low:high]
        for costs in (spread, linear, root):
            multiply_in_stress(costs, stress, p.regime.liquidity)
        for i in range(high - low):
            proportional[i] = venue.proportional + spread[i]
