"""The statistics of implied volatility and its link to returns.

The model's figure is its 30-day volatility at the money, taken once a day; the data's
an index such as DVOL, which lies two to three points above that.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig, SsviSurface
from hedge_env.market.engine.clustering import expect_clustering
from hedge_env.market.engine.parameters import market_params
from hedge_env.market.volatility.fair_variance import fair_variance_table
from hedge_env.market.volatility.surface import react
from hedge_env.training.calibrate.fit.simulation import hourly
from hedge_env.training.calibrate.statistics import spot_returns
from hedge_env.training.calibrate.statistics.statistic import Statistic, Values, asked

ROWS = ("fast", "slow", "intraday", "level", "stress", "depth", "excitation")
DAYS = 30

IMPLIED = (
    asked("implied volatility", "1/sqrt(year)", 0.02, aim=0.6),
    Statistic("sd of log implied volatility", "-", 0.4, ratio=True),
    asked("half-life of log implied volatility", "day", 0.35, ratio=True),
    Statistic("daily change of log implied volatility", "1/sqrt(year)", 0.4, True),
    asked("spot-vol correlation, daily", "-", 0.1),
    asked("implied less next 30 days' volatility", "1/sqrt(year)", 0.025, aim=0.7),
    Statistic("implied above next 30 days' volatility", "-", 0.1, fitted=False),
)


def implied_values(implied: FloatArray, returns: FloatArray) -> Values:
    """Statistics of daily implied volatility with hourly returns.

    Args:
        implied: At the end of each day, shape (n, days).
        returns: Of each hour of the same days, shape (n, 24 days).
    """
    log_implied = np.log(implied)
    change = np.diff(log_implied, axis=-1)
    daily = spot_returns.aggregate(returns, 24)
    later = spot_returns.realised_volatility(returns, DAYS)
    ahead = np.full(implied.shape, np.nan)
    ahead[..., :-1] = later[..., 1:]  # from the end of the day on
    premium = implied - ahead
    known = np.isfinite(premium)
    return {
        "implied volatility": np.nanmean(implied, axis=-1),
        "sd of log implied volatility": np.nanstd(log_implied, axis=-1),
        "half-life of log implied volatility": half_life(log_implied),
        "daily change of log implied volatility": np.nanstd(change, axis=-1)
        * np.sqrt(365.0),
        "spot-vol correlation, daily": spot_returns.correlation(daily[..., 1:], change),
        "implied less next 30 days' volatility": np.nanmean(premium, axis=-1),
        "implied above next 30 days' volatility": (premium > 0.0).sum(axis=-1)
        / known.sum(axis=-1),
    }


def half_life(values: FloatArray) -> FloatArray:
    """Half-life of a first-order autoregression, in steps."""
    before, after = values[..., :-1], values[..., 1:]
    before = np.where(np.isfinite(after), before, np.nan)
    x = before - np.nanmean(before, axis=-1, keepdims=True)
    slope = np.nansum(x * after, axis=-1) / np.nansum(x * x, axis=-1)
    return np.asarray(np.log(0.5) / np.log(np.clip(slope, 0.01, 0.9999)))


def implied_volatility(config: EnvConfig, rows: Values) -> FloatArray:
    """The 30-day volatility at the money of recorded states.

    Args:
        config: With an SSVI surface.
        rows: The rows ROWS, of one shape.
    """
    surface = config.market.surface
    if not isinstance(surface, SsviSurface):
        raise ValueError("implied volatility moves on an SSVI surface only")
    constants = market_params(hourly(config))
    base, scale, *loadings = fair_variance_table(
        config.market.volatility,
        np.array([float(DAYS)]),
        constants.jumps.variance_rate,
        constants.volatility.fast.sd,
    )
    factors = sum(
        loading * rows[name]
        for loading, name in zip(loadings, ("fast", "slow", "intraday"), strict=True)
    )
    diffusive = scale * np.exp(2.0 * np.asarray(factors)).ravel()
    jumps = np.full(diffusive.shape, base)
    if constants.parts.clustering:
        years = np.full(diffusive.shape, DAYS / config.episode.days_per_year)
        stress, depth = np.ravel(rows["stress"]), np.ravel(rows["depth"])
        excitation = np.ravel(rows["excitation"])
        expect_clustering(jumps, diffusive, years, stress, depth, excitation, constants)
    quoted = jumps + diffusive
    react(quoted, constants.usual_variance, constants.surface)
    premium = surface.variance_premium * np.exp(2.0 * rows["level"])
    return np.asarray(np.sqrt(premium * quoted.reshape(rows["level"].shape)))
