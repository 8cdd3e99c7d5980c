"""What trading costs now, and what a trade costs."""

from __future__ import annotations

from math import exp, inf, sqrt

from tests.oracle.execution.keeper import takes
from tests.oracle.execution.mishaps import mishaps
from tests.oracle.gas import gas_over_mean, log_gas
from tests.oracle.regime import in_stress
from tests.oracle.state import BP, State
from tests.oracle.volatility import volatility

COMPONENTS = (
    "fee",
    "spread",
    "impact",
    "gas",
    "fixed",
    "funding",
    "option_spread",
    "failed_gas",
    "sandwich",
    "liquidation",
    "keeper",
    "front_run",
)


def costs(world: State) -> dict[str, float]:
    """What trading costs now."""
    config, execution = world.config, world.config.execution
    liquidity, vol = config.market.liquidity, volatility(world)
    worse = (vol / liquidity.reference_volatility) ** liquidity.exponent
    worse *= in_stress(world, "liquidity")
    notional = config.market.spot * config.book.contracts
    gas = config.market.gas
    price = 0.0 if gas is None else gas.median_gwei * exp(log_gas(world))
    eth = execution.gas_units * price * 1e-9
    daily = vol / sqrt(config.episode.days_per_year)
    share = sqrt(notional / execution.daily_volume)
    depth = inf if execution.depth is None else execution.depth
    gas_cost = eth * exp(world.log_spot) / config.book.contracts
    gas_cost += execution.gas_cost_bp * BP * gas_over_mean(world)
    return {
        "gas_price": price,
        "gas_cost": gas_cost,
        "keeper_cost": takes(world, gas_cost),
        "half_spread": execution.half_spread_bp * BP * worse,
        "sandwich_rate": mishaps(world)[1],
        "impact_linear": notional / depth * worse,
        "impact_sqrt": execution.square_root_impact * daily * share * worse,
    }


def cost_of_trade(
    world: State, traded: float, price: float, now: dict[str, float]
) -> dict[str, float]:
    """Cost of a trade by component, at the `costs` of its decision."""
    execution, value = world.config.execution, abs(traded) * price
    cost = dict.fromkeys(COMPONENTS, 0.0)
    if value > 0.0:
        root = now["impact_sqrt"] * value**1.5
        cost |= {
            "fee": execution.fee_bp * BP * value,
            "spread": now["half_spread"] * value,
            "impact": now["impact_linear"] * value**2 + root,
            "gas": now["gas_cost"],
            "fixed": execution.fixed_cost_bp * BP,
            "sandwich": now["sandwich_rate"] * value,
            "keeper": now["keeper_cost"],
        }
    return cost
