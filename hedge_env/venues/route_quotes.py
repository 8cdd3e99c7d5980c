"""Quotes what an order costs that is split over several venues.

Rules and agents see a fixed and a proportional cost: of the order
`execution.quoted_order`, bought, split as any other. Its fixed cost is that of the
venues it uses, the rest is per value. So bands reckon with what the ledger charges for
an order of that size.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import EnvConfig
from hedge_env.market.engine import market_state
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.liquidity import liquidity_multiplier
from hedge_env.market.spot.regime import multiply_in_stress
from hedge_env.numerics.philox import fill_uniforms
from hedge_env.numerics.random_blocks import VENUES_BLOCK
from hedge_env.venues.cost_curve import FIXED, N_TERMS, variable_cost
from hedge_env.venues.kinds import Venues
from hedge_env.venues.order_split import Split, cut_by_shares, cut_order
from hedge_env.venues.routes import (
    RouteParams,
    count_waiting,
    curves_at,
    encode_luck,
    several_venues,
    write_curves,
)


@kernel
def quote_venues(
    rows: Tile,
    x: Tile,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    p: RouteParams | None,
    market: MarketParams,
) -> None:
    """Write the rows of one tile, after its other quotes.

    Args:
        rows: Of a tile; `notional_ratio` is read, costs and luck are written.
        x: Market state of the tile.
        path_ids: Shape (n,).
        counters: Market steps already taken, shape (n,).
        key: Of the random stream.
        p: Constants; None: there is one venue, and nothing is written.
        market: Constants of the market.
    """
    if p is None:
        return
    volatility, liquidity = (
        part(x, market_state.VOLATILITY),
        part(rows, field.LIQUIDITY),
    )
    for i in range(volatility.size):
        liquidity[i] = liquidity_multiplier(volatility[i], market.liquidity)
    if market.parts.regime:
        stress = part(x, market_state.STRESS)
        multiply_in_stress(liquidity, stress, market.regime.liquidity)
    _quote_order(rows, p)
    ids, steps = path_ids[rows.low : rows.high], counters[rows.low : rows.high]
    u, luck = np.empty((4, ids.size)), part(rows, field.VENUE_LUCK)
    fill_uniforms(u, ids, steps, VENUES_BLOCK, key[0], key[1])
    for i in range(luck.size):
        luck[i] = encode_luck(u, i, p)


@kernel
def _quote_order(rows: Tile, p: RouteParams) -> None:
    """Write the cost of the quoted order as a policy sees it."""
    n = p.places.size
    curves, parts, trial = np.empty((N_TERMS, n)), np.empty(n), np.empty(n)
    fixed, gas = part(rows, field.FIXED_COST), part(rows, field.GAS_COST)
    rate = part(rows, field.PROPORTIONAL_COST)
    for i in range(fixed.size):
        curves_at(rows, i, curves, p.venues)
        cost = cut_order(p.quoted, curves, True, p.single, parts, trial)
        fixed[i] = fixed_cost(curves, parts)
        gas[i] = fixed[i] - fixed_besides_gas(p.venues, parts)
        rate[i] = (cost - fixed[i]) / p.quoted


@kernel
def fixed_cost(curves: FloatArray, parts: FloatArray) -> float:
    """Fixed cost of the venues that an order uses [notional]."""
    total = 0.0
    for j in range(parts.size):
        total += curves[FIXED, j] if parts[j] > 0.0 else 0.0
    return total


@kernel
def fixed_besides_gas(v: Venues, parts: FloatArray) -> float:
    """The part of `fixed_cost` that is no gas [notional]."""
    total = 0.0
    for j in range(parts.size):
        total += v.fixed[j] if parts[j] > 0.0 else 0.0
    return total


def quote_split(
    rows: FloatArray, value: float, p: RouteParams, shares: FloatArray | None = None
) -> Split:
    """Cut an order as the desk does, at the first path of `rows`.

    Args:
        rows: Of the batch, shape (at least N_FIELDS, n).
        value: Bought, negative where sold [notional].
        p: Constants.
        shares: That a policy gives with it, shape (n_venues,) [-]; None: it gives none.

    Returns:
        The parts, and what they are expected to cost if all of them fill.
    """
    n, tile = p.places.size, Tile(rows, 0, rows.shape[1])
    curves, parts = np.empty((N_TERMS, n)), np.zeros(n)
    curves_at(tile, 0, curves, p.venues)
    charged = curves.copy()
    aversion, implied = rows[field.RISK_AVERSION, 0], rows[field.IMPLIED_VOLATILITY, 0]
    count_waiting(curves, float(aversion), float(implied), p)
    parts[:] = 0.0 if shares is None else shares
    if not cut_by_shares(abs(value), parts):
        cut_order(abs(value), curves, value > 0.0, p.single, parts, np.empty(n))
    return Split(parts, float(cost_of_parts(charged, parts, value > 0.0)))


@kernel
def cost_of_parts(curves: FloatArray, parts: FloatArray, buys: bool) -> float:
    """What the parts of an order cost, fixed cost included [notional]."""
    total = fixed_cost(curves, parts)
    for j in range(parts.size):
        total += variable_cost(curves, j, parts[j], buys)
    return total


def usual_fixed_cost(config: EnvConfig, mean_gas_price: float) -> float:
    """Fixed cost of the quoted order at reference liquidity [notional].

    Args:
        config: The hedging problem.
        mean_gas_price: In gwei.
    """
    p = several_venues(config)
    n = p.places.size
    curves, parts = np.empty((N_TERMS, n)), np.empty(n)
    volatility = config.market.liquidity.reference_volatility
    write_curves(curves, p.venues, 1.0, 1.0, volatility, mean_gas_price)
    cut_order(p.quoted, curves, True, p.single, parts, np.empty(n))
    return float(fixed_cost(curves, parts))
