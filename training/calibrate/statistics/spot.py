"""The statistics of spot: volatility, tails, clustering, jumps, leverage, season."""

from __future__ import annotations

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.training.calibrate.statistics import spot_returns
from hedge_env.training.calibrate.statistics.season import SEASON, season_values
from hedge_env.training.calibrate.statistics.statistic import Statistic, Values, asked

_ASKED_LAGS = (1, 24, 168)
_LAGS = (1, 6, 24, 72, 168, 720)
_DAYS = (1, 7, 30, 90)
_SPANS = ("1 h", "1 d", "7 d")

# Where a limit is asked, the fit aims at a third of it, and closer where 200 simulated
# years scatter most or statistics pull against each other; see docs/calibration.md.
_KURTOSIS = 0.35
SPOT = (
    asked("volatility", "1/sqrt(year)", 0.03, aim=0.6, ratio=True, pooled=2),
    *(
        asked(f"kurtosis {name}", "-", _KURTOSIS, aim=aim, ratio=True, factor=True)
        for name, aim in zip(_SPANS, (1.0, 0.8, 0.6), strict=True)
    ),
    # The level of implied volatility against that of returns asks for volatility that
    # is far from its mean for months, and would fatten weekly tails beyond the data's.
    *(
        asked(
            f"kurtosis {name}, all years",
            "-",
            _KURTOSIS,
            aim=aim,
            ratio=True,
            factor=True,
            pooled=1,
        )
        for name, aim in zip(_SPANS, (1.0, 0.8, 0.5), strict=True)
    ),
    *(
        asked(f"autocorrelation of r^2, {lag} h", "-", 0.05)
        if lag in _ASKED_LAGS
        else Statistic(f"autocorrelation of r^2, {lag} h", "-", 0.03, reach=0.05)
        for lag in _LAGS
    ),
    asked("jumps per year", "-", 0.25, ratio=True),
    Statistic("mean size of jumps", "-", 0.05, ratio=True),
    Statistic("share of jumps down", "-", 0.02, reach=0.05),
    Statistic("variance share of jumps", "-", 0.02, reach=0.05),
    Statistic("sd of log daily volatility", "-", 0.2, ratio=True),
    *(
        Statistic(f"autocorrelation of log volatility, {lag} d", "-", 0.15)
        for lag in _DAYS
    ),
    Statistic("return against log volatility", "-", 0.02, reach=0.05),
    Statistic(
        "return against next log volatility", "-", 0.03, fitted=False, reach=0.05
    ),
    Statistic("0.1 % quantile 1 h", "-", 0.1, ratio=True, fitted=False),
    Statistic("99.9 % quantile 1 h", "-", 0.1, ratio=True, fitted=False),
    Statistic("share of days beyond 10 %", "-", 0.1, ratio=True, fitted=False),
    Statistic("least hour of volatility", "-", 0.05, fitted=False, reach=0.05),
    Statistic("largest hour of volatility", "-", 0.05, fitted=False, reach=0.05),
    *SEASON,
)


def spot_values(returns: FloatArray, first_weekday: int = 0) -> Values:
    """All statistics of hourly returns, shape (n_histories, hours).

    Args:
        returns: From a midnight on.
        first_weekday: Of that midnight, 0 is Monday.
    """
    daily = spot_returns.aggregate(returns, 24)
    square = returns**2
    values = {"volatility": spot_returns.volatility(returns)}
    spans = (returns, daily, spot_returns.overlapping(daily, 7))
    for name, sums in zip(_SPANS, spans, strict=True):
        values[f"kurtosis {name}"] = spot_returns.kurtosis(sums)
    for lag in _LAGS:
        name = f"autocorrelation of r^2, {lag} h"
        values[name] = spot_returns.autocorrelation(square, lag)
    values |= pooled_kurtosis(values)
    values |= _jump_values(returns)
    values |= _daily_values(returns, daily)
    values |= season_values(returns, first_weekday)
    return values


def pooled_kurtosis(values: Values, weights: FloatArray | None = None) -> Values:
    """Kurtosis of all histories as one sample, as the mean of its value on each.

    Args:
        values: Volatility and kurtosis of each history.
        weights: Of the histories, if they are not all alike.
    """
    variance = values["volatility"] ** 2
    share = (variance / np.average(variance, weights=weights)) ** 2
    return {
        f"kurtosis {name}, all years": values[f"kurtosis {name}"] * share
        for name in _SPANS
    }


def _jump_values(returns: FloatArray) -> dict[str, FloatArray]:
    jumped = spot_returns.jumps(returns)
    known = np.isfinite(returns)
    number = jumped.sum(axis=-1).astype(float)
    count = np.where(number > 0.0, number, np.nan)  # of none there is no mean size
    size = np.where(jumped, returns, 0.0)
    square = np.where(known, returns, 0.0) ** 2
    # The first week has no local volatility yet.
    hours = known[..., spot_returns.JUMP_WINDOW + 1 :].sum(axis=-1)
    return {
        # Half a jump where none was seen, so that a ratio exists.
        "jumps per year": np.maximum(number, 0.5) * spot_returns.HOURS_PER_YEAR / hours,
        "mean size of jumps": np.abs(size).sum(axis=-1) / count,
        "share of jumps down": (size < 0.0).sum(axis=-1) / count,
        "variance share of jumps": (size**2).sum(axis=-1) / square.sum(axis=-1),
    }


def _daily_values(returns: FloatArray, daily: FloatArray) -> dict[str, FloatArray]:
    log_volatility = spot_returns.log_daily_volatility(returns)
    change = np.diff(log_volatility, axis=-1)
    week = spot_returns.overlapping(log_volatility, 7) / 7.0
    values = {"sd of log daily volatility": np.nanstd(log_volatility, axis=-1)}
    for lag in _DAYS:
        name = f"autocorrelation of log volatility, {lag} d"
        values[name] = spot_returns.autocorrelation(log_volatility, lag)
    values["return against log volatility"] = spot_returns.correlation(
        daily[..., 1:], change
    )
    next_day = log_volatility[..., 7:] - week[..., :-1]
    values["return against next log volatility"] = spot_returns.correlation(
        daily[..., 6:-1], next_day
    )
    complete = not np.isnan(returns).any()
    quantile = np.quantile if complete else np.nanquantile
    low, high = quantile(returns, [0.001, 0.999], axis=-1)
    values["0.1 % quantile 1 h"] = -low
    values["99.9 % quantile 1 h"] = high
    known = np.isfinite(daily).sum(axis=-1)
    values["share of days beyond 10 %"] = (np.abs(daily) > 0.1).sum(axis=-1) / known
    season = spot_returns.season_of_volatility(returns)
    hours = np.sqrt((season**2).reshape(*season.shape[:-1], 7, 24).mean(axis=-2))
    values["least hour of volatility"] = hours.min(axis=-1)
    values["largest hour of volatility"] = hours.max(axis=-1)
    return values
