r"""Fits what a hedger would forecast: volatility of the next day, gas some hours ahead.

Least squares of what came, in logarithms, on what was known (`market/volatility/
forecast`, `market/gas/forecast`), every hour of the history a row. The last third is
held out: fitted on the first two, how much of its variance is explained,

.. math:: R^2 = 1 - \frac{\sum (y - \hat y)^2}{\sum (y - \bar y)^2},

against that of the present value alone, also fitted. Weights that are kept are those of
the whole history. A variance is forecast by its mean, so that half the variance of
the residuals is added to the intercept, as if what came were lognormal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hedge_env.base.errors import DataError
from hedge_env.base.types import FloatArray
from hedge_env.config import HOURS_PER_DAY
from hedge_env.config.sections.forecasts import (
    GasForecastConfig,
    VolatilityForecastConfig,
)
from hedge_env.numerics.ornstein_uhlenbeck import half_life_decay
from hedge_env.training.calibrate.data.history import History

__all__ = ["Forecast", "fit_gas", "fit_volatility", "forecasts_of"]

_HELD_OUT = 3  # one part in so many is held out, the last
_LEAST_HOURS = 24 * 60
_HOURS_PER_YEAR = 365.0 * HOURS_PER_DAY
_LEAST_VARIANCE = 1e-12  # as in market/volatility/forecast


@dataclass(frozen=True)
class Forecast:
    """A fitted forecast.

    Attributes:
        values: Keys of its section of the config.
        explained: R2 of the part held out, fitted without it [-].
        alone: That of the present value alone [-].
    """

    values: dict[str, Any]
    explained: float
    alone: float

    def remark(self, name: str) -> str:
        """A sentence on how good it is."""
        return (
            f"forecast of {name}: explains {100.0 * self.explained:.0f} % of the "
            "variance of the last third of the data, and "
            f"{100.0 * self.alone:.0f} % by its present value alone"
        )


def forecasts_of(
    history: History, *, gas: bool = True
) -> tuple[dict[str, Any], list[str]]:
    """The section `market.forecasts`, and what is to be said of it.

    Args:
        history: The data.
        gas: Whether the market has a price of gas; without one it is not forecast.

    Raises:
        DataError: If there is too little data.
    """
    volatility = fit_volatility(history.returns[0])
    found = {"volatility": volatility.values}
    remarks = [volatility.remark("volatility")]
    if history.gas_hourly is None or not gas:
        reason = "no hourly gas" if gas else "the base has no gas"
        remarks.append(f"{reason}: no forecast of gas fitted")
        return found, remarks
    season = (
        history.direct.get("season", 0.0),
        history.direct.get("season_peak_hour", 0.0),
    )
    ahead = fit_gas(history.gas_hourly[0], *season)
    return found | {"gas": ahead.values}, [*remarks, ahead.remark("gas")]


def fit_volatility(
    log_returns: FloatArray,
    *,
    horizon: int = 24,
    half_lives: Sequence[float] | None = None,
) -> Forecast:
    """Forecast the mean variance of the next hours.

    Args:
        log_returns: Hourly, shape (hours,); NaN where there is no price.
        horizon: Hours ahead.
        half_lives: Of the three means [hour]; None: the default of the config.

    Raises:
        DataError: If there is too little data.
    """
    half_lives = half_lives or _default(VolatilityForecastConfig)
    squares = _HOURS_PER_YEAR * log_returns**2
    known = [_mean_of_past(squares, hours) for hours in half_lives]
    logs = [np.log(np.maximum(each, _LEAST_VARIANCE)) for each in known]
    came = np.log(np.maximum(_mean_ahead(squares, horizon), _LEAST_VARIANCE))
    weights, rest, scores = _regress("volatility", came, logs, logs[1])
    values = {
        "horizon_hours": float(horizon),
        "half_lives_hours": [float(hours) for hours in half_lives],
        "intercept": float(weights[0] + 0.5 * rest),
        "weights": [float(each) for each in weights[1:]],
    }
    return Forecast(values, *scores)


def fit_gas(
    price: FloatArray,
    season: float,
    peak_hour: float,
    *,
    horizon: int = 8,
    half_lives: Sequence[float] | None = None,
) -> Forecast:
    """Forecast the log of the price of gas over its median, without season.

    Args:
        price: Hourly from a midnight on, shape (hours,) [gwei]; NaN where unknown.
        season: Amplitude of the season of the day of log gas [-].
        peak_hour: Of the season [hour].
        horizon: Hours ahead.
        half_lives: Of the two means [hour]; None: the default of the config.

    Raises:
        DataError: If there is too little data.
    """
    half_lives = half_lives or _default(GasForecastConfig)
    hour = np.arange(price.size) % HOURS_PER_DAY
    daily = season * np.cos(2.0 * np.pi * (hour - peak_hour) / HOURS_PER_DAY)
    present = np.log(price / np.nanmedian(price)) - daily
    means = [_mean_of_past(present, hours) for hours in half_lives]
    came = np.full(present.size, np.nan)
    came[:-horizon] = present[horizon:]
    weights, _, scores = _regress("gas", came, [present, *means], present)
    values = {
        "horizon_hours": float(horizon),
        "half_lives_hours": [float(hours) for hours in half_lives],
        "intercept": float(weights[0]),
        "present": float(weights[1]),
        "weights": [float(each) for each in weights[2:]],
    }
    return Forecast(values, *scores)


def _default(config: type) -> tuple[float, ...]:
    found: tuple[float, ...] = config.model_fields["half_lives_hours"].default  # type: ignore[attr-defined]  # a pydantic model
    return found


def _mean_of_past(values: FloatArray, half_life: float) -> FloatArray:
    """Exponentially weighted mean up to each hour; a gap leaves it where it was."""
    decay = half_life_decay(half_life, 1.0)
    found, mean = np.empty_like(values), float(np.nanmean(values[: int(half_life) + 1]))
    for hour, value in enumerate(values.tolist()):
        mean = mean if value != value else decay * mean + (1.0 - decay) * value
        found[hour] = mean
    return found


def _mean_ahead(values: FloatArray, horizon: int) -> FloatArray:
    """Mean of the next values, those of a gap left out; NaN at the end."""
    known = np.isfinite(values)
    sums = np.cumsum(np.where(known, values, 0.0))
    counts = np.cumsum(known)
    found = np.full(values.size, np.nan)
    number = counts[horizon:] - counts[:-horizon]
    whole = sums[horizon:] - sums[:-horizon]
    enough = number > 0.8 * horizon
    found[:-horizon] = np.where(enough, whole / np.maximum(number, 1), np.nan)
    return found


def _regress(
    name: str, came: FloatArray, known: Sequence[FloatArray], alone: FloatArray
) -> tuple[FloatArray, float, tuple[float, float]]:
    """Weights, variance of the residuals, R2 held out of all and of one alone."""
    rows = np.isfinite(came) & np.isfinite(np.sum(known, axis=0))
    if rows.sum() < _LEAST_HOURS:
        raise DataError(
            f"a forecast of {name} needs {_LEAST_HOURS // 24} days of hourly data, and "
            f"there are {rows.sum() // 24}"
        )
    y, n = came[rows], int(rows.sum())
    if not y.std() > 0.0:
        raise DataError(f"a forecast of {name} needs one that moves; it is constant")
    design = np.column_stack([np.ones(n), *(each[rows] for each in known)])
    single = np.column_stack([np.ones(n), alone[rows]])
    first = n - n // _HELD_OUT
    scores = [_held_out(y, each, first) for each in (design, single)]
    weights = np.linalg.lstsq(design, y, rcond=None)[0]
    return weights, float((y - design @ weights).var()), (scores[0], scores[1])


def _held_out(y: FloatArray, design: FloatArray, first: int) -> float:
    weights = np.linalg.lstsq(design[:first], y[:first], rcond=None)[0]
    rest = y[first:] - design[first:] @ weights
    return float(1.0 - (rest**2).mean() / y[first:].var())
