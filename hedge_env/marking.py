"""Prices options on the surface of a market's state, a tile of paths at a time.

Each option is priced at its own surface volatility; delta and gamma are
Black-Scholes at that volatility. Intermediate results stay in a scratch array,
shape (N_SCRATCH, paths of the tile), which the first-level cache holds.
"""

from __future__ import annotations

import numpy as np

from hedge_env import fields as field
from hedge_env._types import FloatArray, IntArray
from hedge_env.contracts.book import BookParams
from hedge_env.kernel import kernel
from hedge_env.market import state as row
from hedge_env.market.clustering import expect_clustering
from hedge_env.market.parameters import MarketParams
from hedge_env.market.surface import react
from hedge_env.numerics.special import exp
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
from hedge_env.smiles import heston_total_sd, sabr_total_sd

# Rows of the scratch of one tile.
CORRELATION, WING, LEVEL, YEARS, SD, ALIVE = 0, 1, 2, 3, 4, 5
FAIR = 6  # and the four rows after it
DAY_SHARE, D1, BURST = 11, 12, 13
# Of one option per path, whose strikes differ: see `struck`.
AGE, LOG_MONEYNESS, STRIKE = 14, 15, 16
VALUE = 17  # and its Greeks after it
UNIT_DELTA, UNIT_GAMMA, UNIT_VEGA = 18, 19, 20
N_SCRATCH = 21


@kernel
def read_surface(
    scratch: FloatArray, x: FloatArray, low: int, high: int, p: MarketParams
) -> None:
    """Write correlation, wing parameter and level of the surface."""
    if not p.parts.surface:
        return
    correlation, wing, level = (
        scratch[CORRELATION],
        scratch[WING],
        scratch[LEVEL],
    )
    skew_factor = x[row.SKEW, low:high]
    curvature_factor = x[row.CURVATURE, low:high]
    level_factor = x[row.LEVEL, low:high]
    for i in range(high - low):
        correlation[i] = ssvi_correlation(skew_factor[i], p.surface.skew_mean)
        wing[i] = ssvi_wing(curvature_factor[i], p.surface.curvature_mean)
        level[i] = p.surface.variance_premium * exp(2.0 * level_factor[i])
    if p.parts.regime:
        stress = x[row.STRESS, low:high]
        for i in range(high - low):
            factor = skew_factor[i] + p.regime.skew * stress[i]
            correlation[i] = ssvi_correlation(factor, p.surface.skew_mean)


@kernel
def read_leg(
    scratch: FloatArray, steps: IntArray, low: int, leg: int, book: BookParams
) -> None:
    """Copy what `read_grid` does of one leg, and the decisions it has left."""
    n_legs = book.quantity.shape[0]
    expiry = book.expiry_step[leg] if leg < n_legs else np.inf
    high = low + scratch.shape[1]
    read_grid(scratch, steps[low:high], book.years[leg], book.fair[leg])
    for i in range(scratch.shape[1]):
        scratch[ALIVE, i] = expiry - steps[low + i]


@kernel
def read_grid(
    scratch: FloatArray, places: IntArray, years: FloatArray, fair: FloatArray
) -> None:
    """Copy time left and fair-variance loadings of one option to the tile.

    Args:
        scratch: Shape (N_SCRATCH, m), written.
        places: Where each path is on the grid, shape (m,).
        years: Time left, shape (grid,) [year].
        fair: `fair_variance_table` of the same, shape (5, grid).
    """
    for i in range(scratch.shape[1]):
        place = places[i]
        scratch[YEARS, i] = years[place]
        scratch[FAIR, i] = fair[0, place]
        scratch[FAIR + 1, i] = fair[1, place]
        scratch[FAIR + 2, i] = fair[2, place]
        scratch[FAIR + 3, i] = fair[3, place]
        scratch[FAIR + 4, i] = fair[4, place]


@kernel
def total_sd(
    scratch: FloatArray,
    x: FloatArray,
    log_spot: FloatArray,
    low: int,
    high: int,
    log_strike: float,
    p: MarketParams,
) -> None:
    """Write implied volatility times root of time left at one strike.

    A NaN strike stands for at the money. Where strikes differ by path, `log_spot`
    (high - low,) is the log of spot over strike, and `log_strike` zero.
    """
    sd, years = scratch[SD], scratch[YEARS]
    volatility = x[row.VOLATILITY, low:high]
    if p.parts.sabr:
        sabr_total_sd(sd, log_spot, volatility, years, log_strike, p.sabr)
        return
    if p.parts.heston_surface:
        heston_total_sd(sd, log_spot, volatility, years, log_strike, p.heston_smile)
        return
    if not p.parts.surface:
        for i in range(high - low):
            sd[i] = p.surface.flat_volatility * np.sqrt(years[i])
        return
    _ssvi_total_sd(scratch, x, log_spot, low, high, log_strike, p)


@kernel
def _ssvi_total_sd(
    scratch: FloatArray,
    x: FloatArray,
    log_spot: FloatArray,
    low: int,
    high: int,
    log_strike: float,
    p: MarketParams,
) -> None:
    """`total_sd` on the SSVI surface."""
    sd, years = scratch[SD], scratch[YEARS]
    correlation, wing, level = (
        scratch[CORRELATION],
        scratch[WING],
        scratch[LEVEL],
    )
    base, scale = scratch[FAIR], scratch[FAIR + 1]
    if p.parts.regime or p.parts.cascades:
        stress, depth = x[row.STRESS, low:high], x[row.DEPTH, low:high]
        excitation = x[row.EXCITATION, low:high]
        expect_clustering(base, scale, years, stress, depth, excitation, p)
    fast_loading, slow_loading = scratch[FAIR + 2], scratch[FAIR + 3]
    intraday, intraday_loading = x[row.INTRADAY, low:high], scratch[FAIR + 4]
    fast, slow = x[row.FAST, low:high], x[row.SLOW, low:high]
    for i in range(high - low):
        factors = fast_loading[i] * fast[i] + slow_loading[i] * slow[i]
        factors += intraday_loading[i] * intraday[i]
        base[i] += scale[i] * exp(2.0 * factors)
    react(base, p.surface)
    for i in range(high - low):
        theta = bounded_variance(level[i] * base[i] * years[i])
        k = log_strike - log_spot[i]
        w = ssvi_total_variance(k, theta, correlation[i], wing[i])
        sd[i] = np.sqrt(theta if np.isnan(log_strike) else w)


@kernel
def pay_out_leg(
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
    alive = scratch[ALIVE]
    for i in range(high - low):
        gain = spot[i] - strike if is_call > 0.0 else strike - spot[i]
        payoff = gain if gain > 0.0 else 0.0
        paid[i] = payoff if alive[i] == 0.0 else paid[i]


@kernel
def add_leg(
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
    sd, years, alive = scratch[SD], scratch[YEARS], scratch[ALIVE]
    d1, paid = scratch[D1], settled[leg, low:high]
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
