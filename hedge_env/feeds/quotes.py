"""Turns market state into the rows that decisions are taken on.

Marks the book on the surface, takes its Greeks, and lists what a trade would cost
now. Each leg is priced at its own surface volatility; delta and gamma are
Black-Scholes at that volatility (smile-adjusted deltas are policies of their own).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.held import Held
from hedge_env.base.kernel import inlined_kernel, kernel
from hedge_env.base.tile import TILE, Tile, part, rows_from
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book import european, smile, tile
from hedge_env.book.client_orders import order_rows
from hedge_env.book.european import BookParams
from hedge_env.book.listed_options import least_rows
from hedge_env.book.series import OrdersParams, SeriesParams
from hedge_env.book.series_quotes import quote_struck
from hedge_env.book.smile import heston_skew, sabr_skew
from hedge_env.feeds.forecasts import quote_forecasts
from hedge_env.market.engine import market_state
from hedge_env.market.engine.noise import new_noise
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.engine.simulator import advance_tile
from hedge_env.numerics.special import exp, sincos_two_pi
from hedge_env.venues.cost_quotes import quote_costs, quote_gas
from hedge_env.venues.disruptions import ConditionParams, write_conditions
from hedge_env.venues.perpetual import quote_funding
from hedge_env.venues.venue import VenueParams

_HOURS_PER_DAY = 24.0


class QuoteParams(NamedTuple):
    """Constants of the quotes."""

    market: MarketParams
    book: BookParams
    venue: VenueParams
    conditions: ConditionParams
    listed: SeriesParams  # the option that can be traded
    orders: OrdersParams  # of clients, while the book is hedged


def memory_rows(q: QuoteParams) -> int:
    """Number of rows that the quotes remember from one decision to the next."""
    return int(q.book.quantity.size) + q.listed.n_slots + order_rows(q.orders)


def require_rows(rows: FloatArray, q: QuoteParams) -> None:
    """Refuse an array that is too small: a kernel would write beyond its end.

    Raises:
        ValueError: If rows are missing.
    """
    if rows.shape[0] < least_rows(q.listed.n_slots):
        raise ValueError(
            f"a market with {q.listed.n_slots} listed options writes to "
            f"{least_rows(q.listed.n_slots)} rows, not {rows.shape[0]}"
        )


@kernel
def write_quotes(
    rows: FloatArray,
    state: FloatArray,
    memory: FloatArray,
    steps: IntArray,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    advance: bool,
    constants: Held[QuoteParams],
) -> None:
    """Write the market rows of all paths, at their present or their next decision.

    Market and quotes share a pass over each tile, which is still in the cache. Rows
    that a market never changes are written at the present decision only. A path
    that has ended keeps its decision index.

    Args:
        rows: Shape (at least N_MARKET_FIELDS, n), written; the rows after N_FIELDS
            if an option is listed.
        state: Market state, shape (N_STATES, n); its accrued funding is moved to
            the rows and set to zero.
        memory: Shape (memory_rows, n), updated: payoff of each leg once it expired
            [S_0], log strikes of the listed options, orders of clients.
        steps: Decision index of each path, shape (n,), updated.
        path_ids: Shape (n,).
        counters: Market steps already taken, shape (n,), updated.
        key: Of the random stream.
        advance: Whether to move on to the next decision first. One kernel for both,
            because compiling it takes seconds.
        constants: Of market, book and venue.
    """
    q = constants.value
    n = rows.shape[1]
    noise = new_noise(min(TILE, n))
    for low in range(0, n, TILE):
        high = min(low + TILE, n)
        here, market = Tile(rows, low, high), Tile(state, low, high)
        kept = Tile(memory, low, high)
        if advance:
            if noise.shape[1] != high - low:
                noise = new_noise(high - low)
            _advance_tile(market, noise, path_ids, counters, key, constants)
            for i in range(low, high):
                steps[i] = min(steps[i] + 1, q.market.clock.decisions)
        _quote_tile(here, market, kept, steps, path_ids, counters, key, not advance, q)
        if q.conditions.any:
            write_conditions(
                here, market, path_ids, counters, key, q.conditions, q.market, q.venue
            )


@kernel
def _advance_tile(
    state: Tile,
    noise: FloatArray,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    constants: Held[QuoteParams],
) -> None:
    """See `advance_tile`; in the same function as `_quote_tile` it compiles slowly."""
    advance_tile(state, noise, path_ids, counters, key, constants.value.market)


@inlined_kernel
def _quote_tile(
    rows: Tile,
    state: Tile,
    memory: Tile,
    steps: IntArray,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    everything: bool,
    q: QuoteParams,
) -> None:
    """Write the rows of one tile; the constant ones only if asked for."""
    log_spot, spot = part(state, market_state.LOG_SPOT), part(rows, field.SPOT)
    scratch = np.empty((tile.N_SCRATCH, spot.size))
    for i in range(spot.size):
        spot[i] = exp(log_spot[i])
    smile.read_surface(scratch, state, q.market)
    _clear_book(rows)
    european.value_legs(rows, scratch, state, memory, steps, q.book, q.market)
    if q.listed.n_slots + q.orders.series.n_slots > 0:
        quote_struck(
            rows,
            scratch,
            state,
            rows_from(memory, q.book.quantity.shape[0]),
            steps,
            path_ids,
            counters,
            key,
            q.listed,
            q.orders,
            q.market,
        )
    _quote_volatility(rows, scratch, state, steps, q)
    _quote_clock(rows, scratch, state, steps, q)
    parts = q.market.parts
    costs_move = q.market.liquidity.exponent != 0.0 or parts.regime
    if everything or parts.surface or parts.sabr or parts.heston_surface:
        _quote_skew(rows, scratch, state, q.market)
    if everything or parts.gas:
        quote_gas(rows, scratch, state, q.venue, q.market)
    if everything or costs_move or q.venue.impact_sqrt != 0.0:
        quote_costs(rows, state, q.venue, q.market)
    if everything or parts.funding:
        quote_funding(rows, state, q.market)
    if q.market.volatility_forecast.on or q.market.gas_forecast.on:
        quote_forecasts(rows, scratch, state, q.market)


@kernel
def _clear_book(rows: Tile) -> None:
    for row in (field.BOOK_VALUE, field.DELTA, field.GAMMA, field.VEGA):
        part(rows, row)[:] = 0.0


@kernel
def _quote_volatility(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    steps: IntArray,
    q: QuoteParams,
) -> None:
    longest = q.book.quantity.shape[0]
    european.read_leg(scratch, steps[rows.low : rows.high], longest, q.book)
    years, sd = scratch[tile.YEARS], scratch[tile.SD]
    log_spot = part(x, market_state.LOG_SPOT)
    # Volatility at the money is quoted one step before expiry at the latest.
    for i in range(log_spot.size):
        years[i] = years[i] if years[i] > 0.0 else q.book.least_years
    smile.total_sd(scratch, x, log_spot, np.nan, q.market)
    implied = part(rows, field.IMPLIED_VOLATILITY)
    realised = part(rows, field.REALISED_VOLATILITY)
    true = part(rows, field.TRUE_VOLATILITY)
    variance = part(x, market_state.REALISED_VARIANCE)
    volatility = part(x, market_state.VOLATILITY)
    for i in range(implied.size):
        implied[i] = sd[i] / np.sqrt(years[i])
        realised[i] = np.sqrt(variance[i])
        true[i] = volatility[i]


@kernel
def _quote_skew(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    p: MarketParams,
) -> None:
    """Quote the slope of the smile; times left are those of at-the-money volatility."""
    skew = part(rows, field.SKEW)
    volatility, years = part(x, market_state.VOLATILITY), scratch[tile.YEARS]
    if p.parts.sabr:
        sabr_skew(skew, volatility, years, p.sabr)
        return
    if p.parts.heston_surface:
        heston_skew(skew, volatility, years, p.heston_smile)
        return
    if not p.parts.surface:
        skew[:] = 0.0
        return
    correlation, wing = scratch[tile.CORRELATION], scratch[tile.WING]
    for i in range(skew.size):
        skew[i] = 0.5 * correlation[i] * wing[i]


@kernel
def _quote_clock(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    steps: IntArray,
    q: QuoteParams,
) -> None:
    clock = q.market.clock
    hours_per_decision = clock.market_steps * clock.hours_per_step
    longest = q.book.quantity.shape[0]
    start, share = part(x, market_state.START_HOUR), scratch[tile.DAY_SHARE]
    log_spot = part(x, market_state.LOG_SPOT)
    left = part(rows, field.TIME_TO_MATURITY)
    fraction = part(rows, field.TIME_FRACTION)
    index, moneyness = part(rows, field.STEP), part(rows, field.LOG_MONEYNESS)
    sine, cosine = part(rows, field.HOUR_SIN), part(rows, field.HOUR_COS)
    for i in range(left.size):
        step = steps[rows.low + i]
        left[i] = q.book.years[longest, step]
        index[i] = step
    for i in range(index.size):
        days = (start[i] + index[i] * hours_per_decision) / _HOURS_PER_DAY
        share[i] = days - np.floor(days)
        sine[i], cosine[i] = sincos_two_pi(share[i])
        fraction[i] = 1.0 - index[i] / clock.decisions
        moneyness[i] = log_spot[i] - q.book.mean_log_strike
