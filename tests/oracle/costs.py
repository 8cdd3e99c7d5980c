"""What trading costs now, what a trade costs, and what befalls an order on chain."""

from __future__ import annotations

from itertools import pairwise
from math import exp, inf, sinh, sqrt

from hedge_env.config import ExecutionConfig
from tests.oracle.execution.keeper import takes
from tests.oracle.execution.mishaps import mishaps
from tests.oracle.fees import log_paid
from tests.oracle.market.gas import gas_over_mean
from tests.oracle.market.regime import in_stress
from tests.oracle.market.volatility import volatility
from tests.oracle.state import BP, State
from tests.oracle.venues import quoted

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
    "insurance",
    "keeper",
    "front_run",
    "bridge",
)


def costs(world: State) -> dict[str, float]:
    """What trading costs now."""
    config, execution = world.config, world.config.execution
    liquidity, vol = config.market.liquidity, volatility(world)
    worse = (vol / liquidity.reference_volatility) ** liquidity.exponent
    worse *= in_stress(world, "liquidity")
    notional = config.market.spot * config.book.contracts
    gas = config.market.gas
    price = 0.0 if gas is None else gas.median_gwei * exp(log_paid(world))
    eth = execution.gas_units * price * 1e-9
    daily = vol / sqrt(config.episode.days_per_year)
    share = sqrt(notional / execution.daily_volume)
    slices = slice_shares(execution)
    depth = inf if execution.depth is None else execution.depth
    gas_cost = len(slices) * eth * exp(world.log_spot) / config.book.contracts
    gas_cost += len(slices) * execution.gas_cost_bp * BP * gas_over_mean(world)
    if execution.venues:
        known = {"gas_price": price, "keeper_cost": 0.0}
        return known | quoted(world, worse, price)
    return {
        "gas_price": price,
        "gas_cost": gas_cost,
        "keeper_cost": takes(world, gas_cost),
        "half_spread": execution.half_spread_bp * BP * worse,
        "sandwich_rate": mishaps(world)[1],
        "impact_linear": notional / depth * worse * sum(part**2 for part in slices),
        "impact_sqrt": execution.square_root_impact
        * daily
        * share
        * worse
        * sum(part**1.5 for part in slices),
    }


def slice_shares(execution: ExecutionConfig) -> tuple[float, ...]:
    """Shares of an order that fill at each market step, the first at the earliest."""
    slicing = execution.slicing
    if slicing is None:
        return (1.0,)
    n, left = slicing.slices, [1.0]
    for done in range(1, n + 1):
        if slicing.schedule == "twap":
            left.append(1.0 - done / n)
        else:
            k = slicing.urgency
            left.append(sinh(k * (n - done)) / sinh(k * n))
    return tuple(a - b for a, b in pairwise(left))


def cost_of_trade(
    world: State,
    traded: float,
    price: float,
    now: dict[str, float],
    shares: tuple[float, ...],
) -> dict[str, float]:
    """Cost of a trade by component, at the `costs` of its decision, slice by slice."""
    execution, value = world.config.execution, abs(traded) * price
    cost = dict.fromkeys(COMPONENTS, 0.0)
    if value > 0.0:
        sizes = [share * value for share in shares]
        whole = slice_shares(execution)  # the quotes are those of an order in slices
        linear = now["impact_linear"] / sum(share**2 for share in whole)
        root = now["impact_sqrt"] / sum(share**1.5 for share in whole)
        limit = execution.fee_limit_bp
        cost |= {
            "fee": min(
                execution.fee_bp * BP * value, inf if limit is None else limit * BP
            ),
            "spread": now["half_spread"] * value,
            "impact": sum(linear * size**2 + root * size**1.5 for size in sizes),
            "gas": now["gas_cost"] / len(whole) * len(sizes),
            "fixed": execution.fixed_cost_bp * BP * len(sizes),
            "sandwich": now["sandwich_rate"] * value,
            "keeper": now["keeper_cost"],
        }
    return cost
