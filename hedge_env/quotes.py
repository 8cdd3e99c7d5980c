"""Turns market state into the rows that decisions are taken on.

Marks the book on the surface, takes its Greeks, and lists what a trade would cost
now. Each leg is priced at its own surface volatility; delta and gamma are
Black-Scholes at that volatility (smile-adjusted deltas are policies of their own).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env import fields as field
from hedge_env._types import FloatArray, IntArray
from hedge_env.contracts.book import BookParams
from hedge_env.execution.venue import VenueParams
from hedge_env.kernel import kernel
from hedge_env.market import state as row
from hedge_env.market.funding import funding_rate
from hedge_env.market.gas import gas_price, log_gas_deviation
from hedge_env.market.liquidity import liquidity_multiplier
from hedge_env.market.parameters import MarketParams
from hedge_env.market.simulator import TILE, advance_tile
from hedge_env.numerics.special import exp, sincos_two_pi
from hedge_env.pricing.black_scholes import (
    call_delta,
    call_value,
    d1_of,
    gamma_of,
    vega_of,
)
from hedge_env.pricing.ssvi import (
    bounded_variance,
    ssvi_correlation,
    ssvi_total_variance,
    ssvi_wing,
)

_HOURS_PER_DAY = 24.0

# Rows of the scratch of one tile.
_CORRELATION, _WING, _LEVEL, _YEARS, _SD, _ALIVE = 0, 1, 2, 3, 4, 5
_FAIR = 6  # and the four rows after it
_DAY_SHARE, _D1 = 11, 12
_N_SCRATCH = 13


class QuoteParams(NamedTuple):
    """Constants of the quotes."""

    market: MarketParams
    book: BookParams
    venue: VenueParams


@kernel
def write_quotes(
    rows: FloatArray,
    state: FloatArray,
    settled: FloatArray,
    steps: IntArray,
    path_ids: IntArray,
    counters: IntArray,
    key: tuple[np.uint32, np.uint32],
    advance: bool,
    q: QuoteParams,
) -> None:
    """Write the market rows of all paths, at their present or their next decision.

    Market and quotes share a pass over each tile, which is still in the cache. Rows
    that a market never changes are written at the present decision only. A path
    that has ended keeps its decision index.

    Args:
        rows: Shape (at least N_MARKET_FIELDS, n), written.
        state: Market state, shape (N_STATES, n); its accrued funding is moved to
            the rows and set to zero.
        settled: Payoff of each leg once it expired, shape (n_legs, n), updated
            [S_0].
        steps: Decision index of each path, shape (n,), updated.
        path_ids: Shape (n,).
        counters: Market steps already taken, shape (n,), updated.
        key: Of the random stream.
        advance: Whether to move on to the next decision first. One kernel for both,
            because compiling it takes seconds.
        q: Constants.
    """
    n = rows.shape[1]
    for low in range(0, n, TILE):
        high = min(low + TILE, n)
        if advance:
            advance_tile(state, path_ids, counters, low, high, key, q.market)
            for i in range(low, high):
                steps[i] = min(steps[i] + 1, q.market.clock.decisions)
        _quote_tile(rows, state, settled, steps, low, high, not advance, q)


@kernel
def _quote_tile(
    rows: FloatArray,
    state: FloatArray,
    settled: FloatArray,
    steps: IntArray,
    low: int,
    high: int,
    everything: bool,
    q: QuoteParams,
) -> None:
    """Write the rows of one tile; the constant ones only if asked for."""
    scratch = np.empty((_N_SCRATCH, high - low))
    log_spot = state[row.LOG_SPOT, low:high]
    spot = rows[field.SPOT, low:high]
    for i in range(high - low):
        spot[i] = exp(log_spot[i])
    _read_surface(scratch, state, low, high, q.market)
    _clear_book(rows, low, high)
    for leg in range(q.book.quantity.shape[0]):
        _read_grid(scratch, steps, low, leg, q.book)
        _total_sd(scratch, state, low, high, q.book.log_strike[leg], q.market)
        _pay_out(rows, scratch, settled, low, high, leg, q.book)
        _add_leg(rows, scratch, state, settled, low, high, leg, q.book)
    _quote_volatility(rows, scratch, state, steps, low, high, q)
    _quote_clock(rows, scratch, state, steps, low, high, q)
    parts, liquidity = q.market.parts, q.market.liquidity
    if everything or parts.surface:
        _quote_skew(rows, scratch, low, high, q.market)
    if everything or parts.gas:
        _quote_gas(rows, scratch, state, low, high, q)
    if everything or liquidity.exponent != 0.0 or q.venue.impact_sqrt != 0.0:
        _quote_costs(rows, state, low, high, q.venue, q.market)
    if everything or parts.funding:
        _quote_funding(rows, state, low, high, q.market)


@kernel
def _read_surface(
    scratch: FloatArray, x: FloatArray, low: int, high: int, p: MarketParams
) -> None:
    """Write correlation, wing parameter and level of the surface."""
    if not p.parts.surface:
        return
    correlation, wing, level = (
        scratch[_CORRELATION],
        scratch[_WING],
        scratch[_LEVEL],
    )
    skew_factor = x[row.SKEW, low:high]
    curvature_factor = x[row.CURVATURE, low:high]
    level_factor = x[row.LEVEL, low:high]
    for i in range(high - low):
        correlation[i] = ssvi_correlation(skew_factor[i], p.surface.skew_mean)
        wing[i] = ssvi_wing(curvature_factor[i], p.surface.curvature_mean)
        level[i] = p.surface.variance_premium * exp(2.0 * level_factor[i])


@kernel
def _clear_book(rows: FloatArray, low: int, high: int) -> None:
    rows[field.BOOK_VALUE, low:high] = 0.0
    rows[field.DELTA, low:high] = 0.0
    rows[field.GAMMA, low:high] = 0.0
    rows[field.VEGA, low:high] = 0.0


@kernel
def _read_grid(
    scratch: FloatArray, steps: IntArray, low: int, leg: int, book: BookParams
) -> None:
    """Copy time left and fair-variance loadings of one leg to the tile."""
    n_legs = book.quantity.shape[0]
    expiry = book.expiry_step[leg] if leg < n_legs else np.inf
    for i in range(scratch.shape[1]):
        step = steps[low + i]
        scratch[_YEARS, i] = book.years[leg, step]
        scratch[_FAIR, i] = book.fair[leg, 0, step]
        scratch[_FAIR + 1, i] = book.fair[leg, 1, step]
        scratch[_FAIR + 2, i] = book.fair[leg, 2, step]
        scratch[_FAIR + 3, i] = book.fair[leg, 3, step]
        scratch[_FAIR + 4, i] = book.fair[leg, 4, step]
        scratch[_ALIVE, i] = expiry - step


@kernel
def _total_sd(
    scratch: FloatArray,
    x: FloatArray,
    low: int,
    high: int,
    log_strike: float,
    p: MarketParams,
) -> None:
    """Write implied volatility times root of time left at one strike.

    A NaN strike stands for at the money.
    """
    sd, years = scratch[_SD], scratch[_YEARS]
    if not p.parts.surface:
        for i in range(high - low):
            sd[i] = p.surface.flat_volatility * np.sqrt(years[i])
        return
    correlation, wing, level = (
        scratch[_CORRELATION],
        scratch[_WING],
        scratch[_LEVEL],
    )
    base, scale = scratch[_FAIR], scratch[_FAIR + 1]
    fast_loading, slow_loading = scratch[_FAIR + 2], scratch[_FAIR + 3]
    intraday, intraday_loading = x[row.INTRADAY, low:high], scratch[_FAIR + 4]
    log_spot = x[row.LOG_SPOT, low:high]
    fast, slow = x[row.FAST, low:high], x[row.SLOW, low:high]
    for i in range(high - low):
        factors = fast_loading[i] * fast[i] + slow_loading[i] * slow[i]
        factors += intraday_loading[i] * intraday[i]
        fair = base[i] + scale[i] * exp(2.0 * factors)
        theta = bounded_variance(level[i] * fair * years[i])
        k = log_strike - log_spot[i]
        w = ssvi_total_variance(k, theta, correlation[i], wing[i])
        sd[i] = np.sqrt(theta if np.isnan(log_strike) else w)


@kernel
def _pay_out(
    rows: FloatArray,
    scratch: FloatArray,
    settled: FloatArray,
    low: int,
    high: int,
    leg: int,
    book: BookParams,
) -> None:
    """Fix the payoff of one leg where it expires at this decision."""
    strike, is_call = book.strike[leg], book.is_call[leg]
    spot, paid = rows[field.SPOT, low:high], settled[leg, low:high]
    alive = scratch[_ALIVE]
    for i in range(high - low):
        gain = spot[i] - strike if is_call > 0.0 else strike - spot[i]
        payoff = gain if gain > 0.0 else 0.0
        paid[i] = payoff if alive[i] == 0.0 else paid[i]


@kernel
def _add_leg(
    rows: FloatArray,
    scratch: FloatArray,
    x: FloatArray,
    settled: FloatArray,
    low: int,
    high: int,
    leg: int,
    book: BookParams,
) -> None:
    """Add one leg to value and Greeks of the book.

    One output a loop: LLVM gives up on vectorising a loop in which it would have
    to check more than eight pairs of arrays for overlap.
    """
    quantity, strike = book.quantity[leg], book.strike[leg]
    log_strike, put = book.log_strike[leg], 1.0 - book.is_call[leg]
    log_spot, spot = x[row.LOG_SPOT, low:high], rows[field.SPOT, low:high]
    sd, years, alive = scratch[_SD], scratch[_YEARS], scratch[_ALIVE]
    d1, paid = scratch[_D1], settled[leg, low:high]
    for i in range(high - low):
        d1[i] = d1_of(log_spot[i] - log_strike, sd[i])
    value = rows[field.BOOK_VALUE, low:high]
    for i in range(high - low):
        live = call_value(spot[i], strike, d1[i], sd[i]) - put * (spot[i] - strike)
        value[i] += quantity * (live if alive[i] > 0.0 else paid[i])
    delta = rows[field.DELTA, low:high]
    for i in range(high - low):
        live = call_delta(d1[i]) - put
        delta[i] -= quantity * (live if alive[i] > 0.0 else 0.0)
    gamma = rows[field.GAMMA, low:high]
    for i in range(high - low):
        live = gamma_of(spot[i], d1[i], sd[i])
        gamma[i] -= quantity * (live if alive[i] > 0.0 else 0.0)
    vega = rows[field.VEGA, low:high]
    for i in range(high - low):
        live = vega_of(spot[i], d1[i], years[i])
        vega[i] += quantity * (live if alive[i] > 0.0 else 0.0)


@kernel
def _quote_volatility(
    rows: FloatArray,
    scratch: FloatArray,
    x: FloatArray,
    steps: IntArray,
    low: int,
    high: int,
    q: QuoteParams,
) -> None:
    longest = q.book.quantity.shape[0]
    _read_grid(scratch, steps, low, longest, q.book)
    years, sd = scratch[_YEARS], scratch[_SD]
    # Volatility at the money is quoted one step before expiry at the latest.
    for i in range(high - low):
        years[i] = years[i] if years[i] > 0.0 else q.book.least_years
    _total_sd(scratch, x, low, high, np.nan, q.market)
    implied = rows[field.IMPLIED_VOLATILITY, low:high]
    realised = rows[field.REALISED_VOLATILITY, low:high]
    true = rows[field.TRUE_VOLATILITY, low:high]
    variance = x[row.REALISED_VARIANCE, low:high]
    volatility = x[row.VOLATILITY, low:high]
    for i in range(high - low):
        implied[i] = sd[i] / np.sqrt(years[i])
        realised[i] = np.sqrt(variance[i])
        true[i] = volatility[i]


@kernel
def _quote_skew(
    rows: FloatArray, scratch: FloatArray, low: int, high: int, p: MarketParams
) -> None:
    skew = rows[field.SKEW, low:high]
    if not p.parts.surface:
        skew[:] = 0.0
        return
    correlation, wing = scratch[_CORRELATION], scratch[_WING]
    for i in range(high - low):
        skew[i] = 0.5 * correlation[i] * wing[i]


@kernel
def _quote_clock(
    rows: FloatArray,
    scratch: FloatArray,
    x: FloatArray,
    steps: IntArray,
    low: int,
    high: int,
    q: QuoteParams,
) -> None:
    clock = q.market.clock
    hours_per_decision = clock.market_steps * clock.hours_per_step
    longest = q.book.quantity.shape[0]
    start, share = x[row.START_HOUR, low:high], scratch[_DAY_SHARE]
    log_spot = x[row.LOG_SPOT, low:high]
    left, fraction = (
        rows[field.TIME_TO_MATURITY, low:high],
        rows[field.TIME_FRACTION, low:high],
    )
    index, moneyness = rows[field.STEP, low:high], rows[field.LOG_MONEYNESS, low:high]
    sine, cosine = rows[field.HOUR_SIN, low:high], rows[field.HOUR_COS, low:high]
    for i in range(high - low):
        step = steps[low + i]
        left[i] = q.book.years[longest, step]
        index[i] = step
    for i in range(high - low):
        days = (start[i] + index[i] * hours_per_decision) / _HOURS_PER_DAY
        share[i] = days - np.floor(days)
        sine[i], cosine[i] = sincos_two_pi(share[i])
        fraction[i] = 1.0 - index[i] / clock.decisions
        moneyness[i] = log_spot[i] - q.book.mean_log_strike


@kernel
def _quote_gas(
    rows: FloatArray,
    scratch: FloatArray,
    x: FloatArray,
    low: int,
    high: int,
    q: QuoteParams,
) -> None:
    price, deviation = rows[field.GAS_PRICE, low:high], rows[field.LOG_GAS, low:high]
    cost, fixed = rows[field.GAS_COST, low:high], rows[field.FIXED_COST, low:high]
    spot, share = rows[field.SPOT, low:high], scratch[_DAY_SHARE]
    slow, fast = x[row.GAS_SLOW, low:high], x[row.GAS_FAST, low:high]
    burst = x[row.GAS_BURST, low:high]
    rows[field.MEAN_FIXED_COST, low:high] = q.venue.mean_fixed_cost
    if not q.market.parts.gas:
        price[:] = 0.0
        deviation[:] = 0.0
        cost[:] = 0.0
        fixed[:] = q.venue.fixed
        return
    for i in range(high - low):
        deviation[i] = log_gas_deviation(
            slow[i], fast[i], burst[i], share[i], q.market.gas
        )
        price[i] = gas_price(deviation[i], q.market.gas)
        cost[i] = q.venue.gas_factor * price[i] * spot[i]
        fixed[i] = q.venue.fixed + cost[i]


@kernel
def _quote_costs(
    rows: FloatArray,
    x: FloatArray,
    low: int,
    high: int,
    venue: VenueParams,
    p: MarketParams,
) -> None:
    volatility = x[row.VOLATILITY, low:high]
    proportional = rows[field.PROPORTIONAL_COST, low:high]
    spread = rows[field.HALF_SPREAD, low:high]
    linear = rows[field.IMPACT_LINEAR, low:high]
    root = rows[field.IMPACT_SQRT, low:high]
    for i in range(high - low):
        multiplier = liquidity_multiplier(volatility[i], p.liquidity)
        spread[i] = venue.half_spread * multiplier
        proportional[i] = venue.fee + spread[i]
        linear[i] = venue.impact_linear * multiplier
        root[i] = venue.impact_sqrt * volatility[i] * venue.sqrt_day * multiplier


@kernel
def _quote_funding(
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
