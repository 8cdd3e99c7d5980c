"""Market rows of what is out of the ordinary: basis, halts, mishaps, chains, a keeper.

The last part of `quotes`, for markets that have any of these, or several venues (their
rows are written in `route_quotes`); orders and accounts read them. A part that is off
writes nothing. Whether an order fails or is sandwiched is drawn here, per path and
decision, and hidden from policies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, copy_row, part
from hedge_env.base.types import IntArray
from hedge_env.config import EnvConfig
from hedge_env.market.engine import market_state
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.spot.crowd import CrowdParams, crowd_feedback
from hedge_env.numerics.philox import fill_uniforms
from hedge_env.numerics.random_blocks import MISHAPS_BLOCK
from hedge_env.numerics.special import exp
from hedge_env.venues.chain_quotes import (
    RollupParams,
    quote_fees,
    quote_rollup,
    rollup_params,
)
from hedge_env.venues.keeper import KeeperParams, keeper_params, write_keeper
from hedge_env.venues.mishaps import MishapParams, failure_probability, mishap_params
from hedge_env.venues.perpetual import _quote_basis
from hedge_env.venues.route_quotes import quote_venues
from hedge_env.venues.routes import RouteParams, route_params
from hedge_env.venues.venue import VenueParams


class ConditionParams(NamedTuple):
    """Constants of the conditions."""

    any: bool
    mishaps: MishapParams
    routes: RouteParams | None  # of several venues
    keeper: KeeperParams
    rollup: RollupParams


def condition_params(
    config: EnvConfig, venue: VenueParams, mean_gas_price: float
) -> ConditionParams:
    """Compile the conditions of a venue; `mean_gas_price` in gwei."""
    return ConditionParams(
        any=has_conditions(config),
        mishaps=mishap_params(config.execution),
        routes=route_params(config),
        keeper=keeper_params(config, venue, mean_gas_price),
        rollup=rollup_params(config),
    )


def has_conditions(config: EnvConfig) -> bool:
    """Whether a market has any of these: a row that others lack, or a crowd."""
    market = field.present(config, field.ROWS[: field.N_MARKET_FIELDS])
    return market != field.CERTAIN_ROWS or config.market.crowd is not None


@kernel
def write_conditions(
    rows: Tile,
    x: Tile,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    p: ConditionParams,
    market: MarketParams,
    venue: VenueParams,
) -> None:
    """Write the rows of one tile, after its quotes.

    Args:
        rows: Of a tile, written.
        x: Market state of the tile; the crowd's feedback is written.
        path_ids: Shape (n,).
        counters: Market steps already taken, shape (n,).
        key: Of the random stream.
        p: Constants.
        market: Constants of the market.
        venue: And of the venue.
    """
    if market.parts.basis:
        _quote_basis(rows, x, market)
    if market.fees.on:
        quote_fees(rows, x, market, venue)
    if market.interval.fills:
        fill = part(rows, field.FILL_PRICE)
        price = part(x, market_state.FILL_LOG_PRICE)
        for i in range(fill.size):
            fill[i] = exp(price[i])
        funding = part(x, market_state.FILL_FUNDING)
        copy_row(funding, part(rows, field.FILL_FUNDING))
    if market.interval.halt:
        _quote_halt(rows, x)
    if market.parts.crowd:
        follow_crowd(rows, x, market.crowd)
    if p.mishaps.fails or p.mishaps.sandwiches:
        _draw_mishaps(rows, path_ids, counters, key, p.mishaps)
    quote_venues(rows, x, path_ids, counters, key, p.routes, market)
    if p.keeper.on:
        write_keeper(rows, path_ids, counters, key, p.keeper, venue)
    if p.rollup.on:
        quote_rollup(rows, x, path_ids, counters, key, p.rollup, market)


@kernel
def _quote_halt(rows: Tile, x: Tile) -> None:
    halted, left = part(rows, field.HALTED), part(x, market_state.HALTED)
    for i in range(halted.size):
        halted[i] = 1.0 if left[i] > 0.0 else 0.0


@kernel
def follow_crowd(rows: Tile, x: Tile, p: CrowdParams) -> None:
    """Write the feedback of a crowd that hedges as large a gamma as the book's."""
    gamma, spot = part(rows, field.GAMMA), part(rows, field.SPOT)
    crowd = part(x, market_state.CROWD)
    for i in range(crowd.size):
        crowd[i] = crowd_feedback(gamma[i], spot[i], p)


@kernel
def _draw_mishaps(
    rows: Tile,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    p: MishapParams,
) -> None:
    ids, steps = path_ids[rows.low : rows.high], counters[rows.low : rows.high]
    u = np.empty((4, ids.size))
    fill_uniforms(u, ids, steps, MISHAPS_BLOCK, key[0], key[1])
    log_gas, fails = part(rows, field.LOG_GAS), part(rows, field.ORDER_FAILS)
    if p.fails:
        for i in range(fails.size):
            fails[i] = 1.0 if u[0, i] < failure_probability(log_gas[i], p) else 0.0
    rate = part(rows, field.SANDWICH_RATE)
    for i in range(rate.size):
        rate[i] = p.sandwich_loss if u[1, i] < p.sandwich_probability else 0.0
