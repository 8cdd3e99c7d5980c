r"""Quotes of two chains: what a transaction costs on each, and the rollup's trades.

A transaction on the first chain pays, for a unit of gas, base fee and tip; where blocks
are full, what the last one in them is willing to pay, half of what space is worth:

.. math:: \max(f, v / 2) + t.

One on the rollup pays for its own gas there, and for the blob gas that its data takes.
Its half-spread and impact worsen with volatility and stress as those at home do.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import IntArray
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.market.engine import market_state
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.liquidity import liquidity_multiplier
from hedge_env.market.spot.regime import multiply_in_stress
from hedge_env.numerics.philox import fill_uniforms
from hedge_env.numerics.random_blocks import ROLLUP_BLOCK
from hedge_env.numerics.special import exp, log
from hedge_env.pricing.fee_rules import ELASTICITY
from hedge_env.venues.venue import VenueParams

_GWEI = 1e-9  # of the gas token, which is the underlying


class RollupParams(NamedTuple):
    """Constants of the rollup's quotes."""

    on: bool
    fee: float  # per traded value [-]
    half_spread: float  # per traded value at reference liquidity [-]
    fixed: float  # per transaction [notional]
    impact: float  # at reference liquidity [1/notional]
    gas: float  # cost per gwei and unit of relative spot [notional]
    blob: float  # the same of blob gas [notional]
    fails: float  # probability [-]
    is_late: bool


NO_ROLLUP: Final = RollupParams(
    on=False,
    fee=0.0,
    half_spread=0.0,
    fixed=0.0,
    impact=0.0,
    gas=0.0,
    blob=0.0,
    fails=0.0,
    is_late=False,
)


def rollup_params(config: EnvConfig) -> RollupParams:
    """Compile the rollup of a config."""
    rollup, contracts = config.execution.rollup, config.book.contracts
    if rollup is None:
        return NO_ROLLUP
    notional = config.market.spot * contracts
    return RollupParams(
        on=True,
        fee=rollup.fee_bp * BASIS_POINT,
        half_spread=rollup.half_spread_bp * BASIS_POINT,
        fixed=rollup.fixed_cost_bp * BASIS_POINT,
        impact=0.0 if rollup.depth is None else notional / rollup.depth,
        gas=rollup.gas_units * _GWEI / contracts,
        blob=rollup.blob_gas * _GWEI / contracts,
        fails=float(rollup.failure),
        is_late=rollup.latency_steps > 0,
    )


@kernel
def quote_fees(rows: Tile, x: Tile, p: MarketParams, venue: VenueParams) -> None:
    """Let gas at home cost what the rules of its chain make of it; after `quote_gas`.

    Args:
        rows: Of a tile; the gas price is what space is worth, and is written anew.
        x: Market state of the tile.
        p: Constants of the market.
        venue: And of the venue.
    """
    price, base = part(rows, field.GAS_PRICE), part(rows, field.BASE_FEE)
    ratio, blob = part(x, market_state.BASE_RATIO), part(rows, field.BLOB_FEE)
    deviation, fee = part(rows, field.LOG_GAS), part(x, market_state.BLOB_FEE)
    cost, fixed = part(rows, field.GAS_COST), part(rows, field.FIXED_COST)
    spot, mean = part(rows, field.SPOT), part(rows, field.MEAN_FIXED_COST)
    for i in range(price.size):
        worth = p.gas.median * exp(deviation[i])
        base[i] = worth * ratio[i]
        last = worth / ELASTICITY
        price[i] = (last if last > base[i] else base[i]) + p.fees.tip
        deviation[i] = log(price[i] / p.gas.median)
        cost[i] = venue.gas_factor * price[i] * spot[i] + venue.gas_toll * price[i]
        fixed[i] = venue.fixed + cost[i]
        mean[i] = venue.mean_fixed_cost + venue.gas_factor * p.fees.tip
        blob[i] = fee[i]


@kernel
def quote_rollup(
    rows: Tile,
    x: Tile,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    q: RollupParams,
    p: MarketParams,
) -> None:
    """Write what a trade on the rollup costs, and whether one sent now would fail.

    Args:
        rows: Of a tile, after the quotes of home; those of the rollup are written.
        x: Market state of the tile.
        path_ids: Shape (n,).
        counters: Market steps already taken, shape (n,).
        key: Of the random stream.
        q: Constants of the rollup.
        p: Of the market.
    """
    spread, impact = (
        part(rows, field.ROLLUP_HALF_SPREAD),
        part(rows, field.ROLLUP_IMPACT),
    )
    volatility = part(x, market_state.VOLATILITY)
    for i in range(spread.size):
        worse = liquidity_multiplier(volatility[i], p.liquidity)
        spread[i], impact[i] = q.half_spread * worse, q.impact * worse
    if p.parts.regime:
        stress = part(x, market_state.STRESS)
        multiply_in_stress(spread, stress, p.regime.liquidity)
        multiply_in_stress(impact, stress, p.regime.liquidity)
    rate, gas = (
        part(rows, field.ROLLUP_PROPORTIONAL_COST),
        part(rows, field.ROLLUP_GAS_COST),
    )
    fixed, spot = part(rows, field.ROLLUP_FIXED_COST), part(rows, field.SPOT)
    own, blob = part(x, market_state.ROLLUP_GAS), part(x, market_state.BLOB_FEE)
    for i in range(gas.size):
        rate[i] = q.fee + spread[i]
        price = p.fees.rollup_median * exp(own[i])
        gas[i] = (q.gas * price + q.blob * blob[i]) * spot[i]
        fixed[i] = q.fixed + gas[i]
    if q.fails > 0.0:
        ids, steps = path_ids[rows.low : rows.high], counters[rows.low : rows.high]
        u, fails = np.empty((4, ids.size)), part(rows, field.ROLLUP_FAILS)
        fill_uniforms(u, ids, steps, ROLLUP_BLOCK, key[0], key[1])
        for i in range(fails.size):
            fails[i] = 1.0 if u[0, i] < q.fails else 0.0
    if q.is_late:
        price_at_fill = part(rows, field.ROLLUP_FILL_PRICE)
        log_price = part(x, market_state.ROLLUP_FILL_LOG_PRICE)
        for i in range(log_price.size):
            price_at_fill[i] = exp(log_price[i])
