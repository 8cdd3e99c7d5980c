"""Evaluates the smile: implied volatility by strike, a tile of paths at a time.

The state of the surface is the market's (`market/volatility/surface`), the formulas
are those of `pricing/`; `option_value` prices each option at the volatility found
here. Intermediate results stay in a scratch array, shape (N_SCRATCH, paths of the
tile), which the first-level cache holds.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book.tile import CORRELATION, FAIR, LEVEL, SD, WING, YEARS
from hedge_env.market.engine import market_state
from hedge_env.market.engine.clustering import expect_clustering
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.volatility.surface import react
from hedge_env.numerics.special import exp
from hedge_env.pricing.heston import (
    BEND,
    STRIKE_STEP,
    HestonSmile,
    mean_variance,
    sd_ratio,
)
from hedge_env.pricing.sabr import SabrParams, sabr_correction, sabr_volatility
from hedge_env.pricing.ssvi import (
    bounded_variance,
    ssvi_correlation,
    ssvi_total_variance,
    ssvi_wing,
)


@kernel
def read_surface(scratch: FloatArray, x: Tile, p: MarketParams) -> None:
    """Write correlation, wing parameter and level of the surface."""
    if not p.parts.surface:
        return
    correlation, wing, level = (
        scratch[CORRELATION],
        scratch[WING],
        scratch[LEVEL],
    )
    skew_factor = part(x, market_state.SKEW)
    curvature_factor = part(x, market_state.CURVATURE)
    level_factor = part(x, market_state.LEVEL)
    for i in range(skew_factor.size):
        correlation[i] = ssvi_correlation(skew_factor[i], p.surface.skew_mean)
        wing[i] = ssvi_wing(curvature_factor[i], p.surface.curvature_mean)
        level[i] = p.surface.variance_premium * exp(2.0 * level_factor[i])
    if p.parts.regime:
        sees_depth = p.surface.sees_depth
        stress = part(x, market_state.DEPTH if sees_depth else market_state.STRESS)
        for i in range(stress.size):
            factor = skew_factor[i] + p.regime.skew * stress[i]
            correlation[i] = ssvi_correlation(factor, p.surface.skew_mean)


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
    x: Tile,
    log_spot: FloatArray,
    log_strike: float,
    p: MarketParams,
) -> None:
    """Write implied volatility times root of time left at one strike.

    A NaN strike stands for at the money. Where strikes differ by path, `log_spot`
    (m,) is the log of spot over strike, and `log_strike` zero.
    """
    sd, years = scratch[SD], scratch[YEARS]
    volatility = part(x, market_state.VOLATILITY)
    if p.parts.sabr:
        sabr_total_sd(sd, log_spot, volatility, years, log_strike, p.sabr)
        return
    if p.parts.heston_surface:
        heston_total_sd(sd, log_spot, volatility, years, log_strike, p.heston_smile)
        return
    if not p.parts.surface:
        for i in range(sd.size):
            sd[i] = p.surface.flat_volatility * np.sqrt(years[i])
        return
    _ssvi_total_sd(scratch, x, log_spot, log_strike, p)


@kernel
def _ssvi_total_sd(
    scratch: FloatArray,
    x: Tile,
    log_spot: FloatArray,
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
    if p.parts.clustering:
        stress, depth = part(x, market_state.STRESS), part(x, market_state.DEPTH)
        excitation = part(x, market_state.EXCITATION)
        expect_clustering(base, scale, years, stress, depth, excitation, p)
    fast_loading, slow_loading = scratch[FAIR + 2], scratch[FAIR + 3]
    intraday, intraday_loading = part(x, market_state.INTRADAY), scratch[FAIR + 4]
    fast, slow = part(x, market_state.FAST), part(x, market_state.SLOW)
    for i in range(fast.size):
        factors = fast_loading[i] * fast[i] + slow_loading[i] * slow[i]
        factors += intraday_loading[i] * intraday[i]
        base[i] += scale[i] * exp(2.0 * factors)
    react(base, p.usual_variance, p.surface)
    for i in range(sd.size):
        theta = bounded_variance(level[i] * base[i] * years[i])
        k = log_strike - log_spot[i]
        w = ssvi_total_variance(k, theta, correlation[i], wing[i])
        sd[i] = np.sqrt(theta if np.isnan(log_strike) else w)


@kernel
def sabr_total_sd(
    sd: FloatArray,
    log_spot: FloatArray,
    volatility: FloatArray,
    years: FloatArray,
    log_strike: float,
    p: SabrParams,
) -> None:
    """Write implied volatility times root of time left.

    Args:
        sd: Shape (n,), written [-].
        log_spot: Shape (n,).
        volatility: SABR's alpha, shape (n,) [1/sqrt(year)].
        years: Time left, shape (n,) [year].
        log_strike: Of S_0; NaN stands for at the money.
        p: Constants.
    """
    at_the_money = np.isnan(log_strike)
    for i in range(sd.shape[0]):
        k = 0.0 if at_the_money else log_strike - log_spot[i]
        implied = sabr_volatility(k, volatility[i], years[i], p)
        sd[i] = implied * np.sqrt(years[i])


@kernel
def sabr_skew(
    skew: FloatArray, volatility: FloatArray, years: FloatArray, p: SabrParams
) -> None:
    """Write the slope of the smile at the money in standardised log strike, (n,).

    Implied over at-the-money volatility has slope rho nu / (2 alpha) in log strike.
    """
    half = 0.5 * p.correlation * p.volatility_of_volatility
    for i in range(skew.shape[0]):
        bracket = sabr_correction(volatility[i], years[i], p)
        skew[i] = half * bracket * np.sqrt(years[i])


# Log strikes, in root w, between which the slope at the money is taken: the two points
# of the table next to it.
_NEXT = BEND * STRIKE_STEP / (1.0 - STRIKE_STEP)
_TINY = 1e-150  # keeps the start of a path at expiry from being zero over zero


@scalar_kernel
def _heston_state(volatility: float, root_time: float, p: HestonSmile) -> float:
    """Coordinate s of the table: 0 without variance now, 1 with a lot of it."""
    scale = 0.5 * p.law.volatility_of_variance * root_time
    return volatility / (volatility + scale + _TINY)


@kernel
def heston_total_sd(
    sd: FloatArray,
    log_spot: FloatArray,
    volatility: FloatArray,
    years: FloatArray,
    log_strike: float,
    p: HestonSmile,
) -> None:
    """Write implied volatility times root of time left; as `sabr_total_sd`."""
    at_the_money = np.isnan(log_strike)
    for i in range(sd.shape[0]):
        k = 0.0 if at_the_money else log_strike - log_spot[i]
        variance = volatility[i] * volatility[i]
        root = np.sqrt(mean_variance(variance, years[i], p.law) * years[i])
        root_time = np.sqrt(years[i])
        state = _heston_state(volatility[i], root_time, p)
        sd[i] = root * sd_ratio(k / (root + _TINY), state, root_time, p)


@kernel
def heston_skew(
    skew: FloatArray, volatility: FloatArray, years: FloatArray, p: HestonSmile
) -> None:
    """Write the slope of the smile at the money in standardised log strike, (n,)."""
    for i in range(skew.shape[0]):
        root_time = np.sqrt(years[i])
        state = _heston_state(volatility[i], root_time, p)
        above = sd_ratio(_NEXT, state, root_time, p)
        skew[i] = (above - sd_ratio(-_NEXT, state, root_time, p)) / (2.0 * _NEXT)
