"""Statistics of hourly returns, the same for data and for simulated histories.

Every function takes returns of shape (..., hours), the last axis in time order from
a UTC midnight; NaN marks what is not known (a gap). None is a parameter of the model.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.types import BoolArray, FloatArray

HOURS_PER_YEAR = 8760.0
JUMP_THRESHOLD = 5.33  # local standard deviations: 1 % family level, Lee-Mykland
JUMP_WINDOW = 168  # hours of the bipower estimate of local volatility
_FEWEST = 84  # products of neighbours that the estimate needs
_WEEK = 168


def mean(values: FloatArray, axis: int = -1, *, keepdims: bool = False) -> FloatArray:
    """Mean of what is known; simulated histories, where all is, pay nothing for it."""
    plain = values.mean(axis=axis, keepdims=keepdims)
    if not np.isnan(plain).any():
        return np.asarray(plain)
    return np.asarray(np.nanmean(values, axis=axis, keepdims=keepdims))


def volatility(returns: FloatArray) -> FloatArray:
    """Annualised volatility [1/sqrt(year)]."""
    return np.asarray(np.sqrt(HOURS_PER_YEAR * mean(returns**2, axis=-1)))


def aggregate(returns: FloatArray, hours: int) -> FloatArray:
    """Returns over consecutive blocks of `hours`; NaN if one hour is unknown."""
    n = returns.shape[-1] // hours
    blocks = returns[..., : n * hours].reshape(*returns.shape[:-1], n, hours)
    return np.asarray(blocks.sum(axis=-1))


def overlapping(daily: FloatArray, days: int) -> FloatArray:
    """Sums of each `days` consecutive days."""
    total = np.zeros_like(daily[..., days - 1 :])
    for lag in range(days):
        total = total + daily[..., lag : daily.shape[-1] - days + 1 + lag]
    return total


def variance(values: FloatArray) -> FloatArray:
    """Mean squared distance from the mean."""
    centred = values - mean(values, axis=-1, keepdims=True)
    return mean(centred**2, axis=-1)


def kurtosis(values: FloatArray) -> FloatArray:
    """Fourth central moment over the squared variance [-]."""
    centred = values - mean(values, axis=-1, keepdims=True)
    square = centred**2
    variance = mean(square, axis=-1)
    return np.asarray(mean(square**2, axis=-1) / variance**2)


def autocorrelation(values: FloatArray, lag: int) -> FloatArray:
    """Autocorrelation at a lag; pairs with an unknown value are left out."""
    centred = values - mean(values, axis=-1, keepdims=True)
    products = centred[..., lag:] * centred[..., : values.shape[-1] - lag]
    variance = mean(centred**2, axis=-1)
    moved = np.where(variance > 0.0, variance, np.nan)
    return np.asarray(mean(products, axis=-1) / moved)


def correlation(a: FloatArray, b: FloatArray) -> FloatArray:
    """Correlation over the pairs that are both known."""
    known = np.isfinite(a) & np.isfinite(b)
    a, b = np.where(known, a, np.nan), np.where(known, b, np.nan)
    a = a - mean(a, axis=-1, keepdims=True)
    b = b - mean(b, axis=-1, keepdims=True)
    scale = np.sqrt(mean(a * a, axis=-1) * mean(b * b, axis=-1))
    return np.asarray(mean(a * b, axis=-1) / np.where(scale > 0.0, scale, np.nan))


def log_daily_volatility(returns: FloatArray) -> FloatArray:
    """Log of the annualised realised volatility of each day."""
    n = returns.shape[-1] // 24
    blocks = returns[..., : n * 24].reshape(*returns.shape[:-1], n, 24)
    variance = (blocks**2).mean(axis=-1) * HOURS_PER_YEAR
    return 0.5 * np.log(np.where(variance > 0.0, variance, np.nan))


def realised_volatility(returns: FloatArray, days: int) -> FloatArray:
    """Annualised volatility of the `days` after each midnight, NaN at the end."""
    n = returns.shape[-1] // 24
    blocks = returns[..., : n * 24].reshape(*returns.shape[:-1], n, 24)
    known = np.isfinite(blocks)
    total = np.where(known, blocks, 0.0) ** 2
    sums = _rolling(total.sum(axis=-1), days)
    counts = _rolling(known.sum(axis=-1).astype(float), days)
    out = np.full((*returns.shape[:-1], n), np.nan)
    enough = counts > 0.9 * 24 * days
    mean = np.where(enough, sums / np.maximum(counts, 1.0), np.nan)
    out[..., : n - days + 1] = np.sqrt(HOURS_PER_YEAR * mean)
    return out


def _rolling(values: FloatArray, window: int) -> FloatArray:
    """Sum over each `window` consecutive values."""
    zero = np.zeros((*values.shape[:-1], 1))
    total = np.concatenate([zero, np.cumsum(values, axis=-1)], axis=-1)
    return np.asarray(total[..., window:] - total[..., :-window])


def season_of_volatility(returns: FloatArray) -> FloatArray:
    """Root mean square of each hour of the week, over that of all; (..., 168)."""
    n = returns.shape[-1] // _WEEK
    blocks = returns[..., : n * _WEEK].reshape(*returns.shape[:-1], n, _WEEK)
    # A bounded square: one crash must not become a season.
    square = (returns**2)[..., : n * _WEEK]
    bound = 5.0 * np.sqrt(mean(square, keepdims=True))[..., None]
    square = mean(np.minimum(np.abs(blocks), bound) ** 2, axis=-2)
    season = np.sqrt(square / mean(square, axis=-1, keepdims=True))
    return np.asarray(season)


def standardised(returns: FloatArray) -> FloatArray:
    r"""Returns over their local standard deviation, season taken out.

    The local variance is the bipower variation of the 168 hours before, which jumps
    hardly touch: :math:`\frac{\pi}{2} \frac1n \sum |r_k| |r_{k-1}|`.

    Source: Lee and Mykland (2008), "Jumps in financial markets", Review of Financial
    Studies 21(6).
    """
    season = season_of_volatility(returns)
    hours = np.arange(returns.shape[-1]) % _WEEK
    adjusted = returns / season[..., hours]
    size = np.abs(adjusted)
    products = size[..., 1:] * size[..., :-1]
    known = np.isfinite(products)
    sums = _rolling(np.where(known, products, 0.0), JUMP_WINDOW)
    counts = _rolling(known.astype(float), JUMP_WINDOW)
    variance = 0.5 * np.pi * sums / np.maximum(counts, 1.0)
    usable = (counts >= _FEWEST) & (variance > 0.0)
    sd = np.sqrt(np.where(usable, variance, np.nan))
    out = np.full(returns.shape, np.nan)
    # Products k use returns k and k + 1; the window before return t ends at t - 1.
    out[..., JUMP_WINDOW + 1 :] = adjusted[..., JUMP_WINDOW + 1 :] / sd[..., :-1]
    return out


def jumps(returns: FloatArray) -> BoolArray:
    """Hours whose return is beyond the threshold of the Lee-Mykland test."""
    return np.asarray(np.abs(standardised(returns)) > JUMP_THRESHOLD)
