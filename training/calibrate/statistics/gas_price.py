"""The statistics of the gas price: level, changes, seasons, response to returns.

Daily means are what explorers publish, and they know the weekend; the season of the day
and the response need hourly data.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.config import GasConfig
from hedge_env.training.calibrate.statistics import spot_returns
from hedge_env.training.calibrate.statistics.statistic import Statistic, Values

ROWS = ("gas_slow", "gas_fast", "gas_burst")
_LAGS = (1, 3, 7, 30)
_TREND = 14  # days of the moving mean that is taken out of hourly gas
_WEEK = 168
WEEKEND = "gas at weekends over weekdays"

DAILY = (
    Statistic("gas price, median", "gwei", 0.02, ratio=True, limit=0.05),
    Statistic("sd of log gas price", "-", 0.1, ratio=True),
    *(
        Statistic(f"change of log gas price, {lag} d", "-", 0.05, True, limit=limit)
        for lag, limit in zip(_LAGS, (0.15, None, None, None), strict=True)
    ),
    Statistic("kurtosis of daily log gas changes", "-", 0.3, True, fitted=False),
    Statistic(
        "days beyond twice the gas of 30 days", "-", 0.02, fitted=False, reach=0.03
    ),
)
# Not aimed at: the weekend is read off the data as it is.
WEEK = (Statistic(WEEKEND, "-", 0.05, ratio=True, fitted=False, reach=0.1),)
HOURLY = (
    Statistic("gas in the top 1 % of |returns|", "-", 0.05, ratio=True, limit=0.2),
    Statistic("gas one hour later", "-", 0.1, ratio=True),
    Statistic("gas two hours later", "-", 0.1, ratio=True),
    Statistic("amplitude of the daily gas season", "-", 0.1, True, fitted=False),
    Statistic("change of log gas price, 1 h", "-", 0.1, ratio=True, fitted=False),
)


def weekend(daily: FloatArray, first_weekday: int = 0) -> FloatArray:
    """Geometric mean of gas on Saturday and Sunday over that of weekdays.

    Of the log price less its mean over the week around each day: no trend counts.

    Args:
        daily: Mean gas prices, shape (n, days), of at least eight weeks.
        first_weekday: Of the first day, 0 is Monday.
    """
    logs = np.log(daily)
    around = np.lib.stride_tricks.sliding_window_view(logs, 7, axis=-1)
    rest = logs[..., 3:-3] - around.mean(axis=-1)  # a week with a gap has no mean
    late = (first_weekday + 3 + np.arange(rest.shape[-1])) % 7 >= 5
    ends, others = (np.nanmean(rest[..., days], axis=-1) for days in (late, ~late))
    return np.asarray(np.exp(ends - others))


def daily_values(daily: FloatArray, first_weekday: int = 0) -> Values:
    """Statistics of daily mean gas prices, shape (n, days) [gwei].

    Args:
        daily: See above.
        first_weekday: Of the first day, 0 is Monday.
    """
    logs = np.log(daily)
    values = {
        WEEKEND: weekend(daily, first_weekday),
        "gas price, median": np.nanmedian(daily, axis=-1),
        "sd of log gas price": np.nanstd(logs, axis=-1),
    }
    for lag in _LAGS:
        change = logs[..., lag:] - logs[..., :-lag]
        values[f"change of log gas price, {lag} d"] = np.nanstd(change, axis=-1)
    change = np.diff(logs, axis=-1)
    values["kurtosis of daily log gas changes"] = spot_returns.kurtosis(change)
    if daily.shape[-1] > 30:
        windows = np.lib.stride_tricks.sliding_window_view(daily, 30, axis=-1)
        known = np.asarray(np.isfinite(windows[..., :-1, :]).any(axis=-1))
        usual = np.full(known.shape, np.nan)
        usual[known] = np.nanmedian(windows[..., :-1, :][known], axis=-1)
        known &= np.isfinite(daily[..., 30:])
        beyond = known & (daily[..., 30:] > 2.0 * usual)
        share = beyond.sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
        values["days beyond twice the gas of 30 days"] = share
    return values


def daily_means(hourly: FloatArray) -> FloatArray:
    """Mean of each day, over the hours that are known."""
    n = hourly.shape[-1] // 24
    blocks = hourly[..., : n * 24].reshape(*hourly.shape[:-1], n, 24)
    known = np.isfinite(blocks)
    total = np.where(known, blocks, 0.0).sum(axis=-1)
    count = known.sum(axis=-1)
    return np.where(count >= 12, total / np.maximum(count, 1), np.nan)


def hourly_values(hourly: FloatArray, returns: FloatArray) -> Values:
    """Statistics of hourly gas with the returns of the same hours, shape (n, hours)."""
    rest = _without_trend(np.log(hourly))
    amplitude, _ = season(rest)
    # Hour-of-week means out: what is left answers to returns alone.
    n = rest.shape[-1] // _WEEK
    rest, moves = rest[..., : n * _WEEK], np.abs(returns[..., : n * _WEEK])
    weeks = rest.reshape(*rest.shape[:-1], n, _WEEK)
    ratio = np.exp(weeks - np.nanmean(weeks, axis=-2, keepdims=True)).reshape(
        rest.shape
    )
    edge = np.nanquantile(moves, 0.99, axis=-1, keepdims=True)
    largest = moves > edge
    usual = np.nanmean(ratio, axis=-1)
    values = {}
    names = [s.name for s in HOURLY[:3]]
    for lag, name in enumerate(names):
        chosen = np.where(largest[..., : moves.shape[-1] - lag], 1.0, np.nan)
        values[name] = np.nanmean(chosen * ratio[..., lag:], axis=-1) / usual
    values["amplitude of the daily gas season"] = amplitude
    change = np.diff(np.log(hourly), axis=-1)
    values["change of log gas price, 1 h"] = np.nanstd(change, axis=-1)
    return values


def season(log_gas: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Amplitude and peak hour [hour] of the first harmonic over the day."""
    n = log_gas.shape[-1] // 24
    blocks = log_gas[..., : n * 24].reshape(*log_gas.shape[:-1], n, 24)
    mean = np.nanmean(blocks, axis=-2)
    angle = 2.0 * np.pi * (np.arange(24) + 0.5) / 24.0
    cosine = 2.0 * (mean * np.cos(angle)).mean(axis=-1)
    sine = 2.0 * (mean * np.sin(angle)).mean(axis=-1)
    peak = (np.arctan2(sine, cosine) % (2.0 * np.pi)) * 24.0 / (2.0 * np.pi)
    return np.hypot(sine, cosine), peak


def _without_trend(logs: FloatArray) -> FloatArray:
    """Less the centred moving mean over the trend's window, NaN at the ends."""
    width = 24 * _TREND
    known = np.isfinite(logs)
    filled = np.where(known, logs, 0.0)
    pad = [(0, 0)] * (logs.ndim - 1) + [(width // 2, width // 2)]
    total = np.cumsum(np.pad(filled, pad), axis=-1)
    count = np.cumsum(np.pad(known.astype(float), pad), axis=-1)
    sums = total[..., width:] - total[..., :-width]
    counts = count[..., width:] - count[..., :-width]
    mean = sums / np.maximum(counts, 1.0)
    return np.asarray(logs - mean)


def gas_price(config: GasConfig, rows: Values) -> FloatArray:
    """Hourly gas price [gwei] of recorded states that start at a Monday's midnight."""
    hours = np.arange(rows["gas_slow"].shape[-1])
    angle = 2.0 * np.pi * (hours - config.season_peak_hour) / 24.0
    # Over a week the mean of the log is that of the season's first part alone.
    day = np.where(hours // 24 % 7 >= 5, 5.0 / 7.0, -2.0 / 7.0)
    season = config.season * np.cos(angle) + np.log(config.weekend) * day
    log_price = rows["gas_slow"] + rows["gas_fast"] + rows["gas_burst"]
    return np.asarray(config.median_gwei * np.exp(log_price + season))
