"""Smiles that belong to a model of volatility: SABR's and Heston's, path by path.

`marking` reads them where the market has no surface of its own, for many paths at one
strike; the formulas are in `pricing`.
"""

from __future__ import annotations

import numpy as np

from hedge_env._types import FloatArray
from hedge_env.kernel import kernel, scalar_kernel
from hedge_env.pricing.heston import (
    BEND,
    STRIKE_STEP,
    HestonSmile,
    mean_variance,
    sd_ratio,
)
from hedge_env.pricing.sabr import SabrParams, sabr_correction, sabr_volatility


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
