"""Quotes what a trade costs now: gas, spread and impact, and the rate of funding.

The part of `feeds/quotes` that knows no options. Policies see these rows;
`desk/charges` bills a trade by them.
"""

from __future__ import annotations

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.book import tile
from hedge_env.market.engine import market_state
from hedge_env.market.engine.clustering import shift_gas
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.gas.gas_price import gas_price, log_gas_deviation
from hedge_env.market.liquidity import liquidity_multiplier
from hedge_env.market.spot.regime import multiply_in_stress
from hedge_env.venues.venue import VenueParams


@kernel
def quote_gas(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    venue: VenueParams,
    p: MarketParams,
) -> None:
    """Quote gas and the fixed cost of a transaction."""
    price, deviation = part(rows, field.GAS_PRICE), part(rows, field.LOG_GAS)
    cost, fixed = part(rows, field.GAS_COST), part(rows, field.FIXED_COST)
    spot, share = part(rows, field.SPOT), scratch[tile.DAY_SHARE]
    slow, fast = part(x, market_state.GAS_SLOW), part(x, market_state.GAS_FAST)
    burst, season = part(x, market_state.GAS_BURST), part(rows, field.GAS_SEASON)
    part(rows, field.MEAN_FIXED_COST)[:] = venue.mean_fixed_cost
    if not p.parts.gas:
        price[:] = 0.0
        deviation[:] = 0.0
        season[:] = 0.0
        cost[:] = 0.0
        fixed[:] = venue.fixed
        return
    gas = p.gas
    if gas.weekend != 0.0 or p.parts.regime:
        index = part(rows, field.STEP)
        shift_gas(scratch[tile.BURST], burst, index, x, p)
        burst = scratch[tile.BURST]
    for i in range(season.size):
        season[i] = log_gas_deviation(0.0, 0.0, 0.0, share[i], gas)
    for i in range(price.size):
        deviation[i] = log_gas_deviation(slow[i], fast[i], burst[i], share[i], gas)
        price[i] = gas_price(deviation[i], gas)
        cost[i] = venue.gas_factor * price[i] * spot[i] + venue.gas_toll * price[i]
        fixed[i] = venue.fixed + cost[i]


@kernel
def quote_costs(
    rows: Tile,
    x: Tile,
    venue: VenueParams,
    p: MarketParams,
) -> None:
    """Quote what is paid per traded value."""
    volatility = part(x, market_state.VOLATILITY)
    proportional = part(rows, field.PROPORTIONAL_COST)
    spread = part(rows, field.HALF_SPREAD)
    linear = part(rows, field.IMPACT_LINEAR)
    root = part(rows, field.IMPACT_SQRT)
    for i in range(volatility.size):
        multiplier = liquidity_multiplier(volatility[i], p.liquidity)
        spread[i] = venue.half_spread * multiplier
        proportional[i] = venue.proportional + spread[i]
        linear[i] = venue.impact_linear * multiplier
        root[i] = venue.impact_sqrt * volatility[i] * venue.sqrt_day * multiplier
    if p.parts.regime:
        stress = part(x, market_state.STRESS)
        for costs in (spread, linear, root):
            multiply_in_stress(costs, stress, p.regime.liquidity)
        for i in range(stress.size):
            proportional[i] = venue.proportional + spread[i]
