r"""The season of volatility over the week, read off mean absolute returns.

A factor :math:`m(t)` of the volatility is one of the mean absolute return too, on which
jumps weigh little. Over the hours of the day its square is
:math:`1 + A \cos(2\pi (h - h_{peak}) / 24)`, whose first harmonic is all of it.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.training.calibrate.statistics import spot_returns
from hedge_env.training.calibrate.statistics.statistic import Statistic, Values

_WEEK = 168
_WEEKEND = 120  # first hour of Saturday, from Monday on

# Not aimed at: the season is read off the data as it is.
SEASON = (
    Statistic("daily season of variance", "-", 0.02, fitted=False, reach=0.05),
    Statistic("peak of the daily season", "hour", 0.5, fitted=False, reach=1.0),
    Statistic(
        "volatility at weekends over weekdays", "-", 0.03, fitted=False, reach=0.05
    ),
)
KEYS = ("season.daily_amplitude", "season.peak_hour", "season.weekend")
_LARGEST_AMPLITUDE = 0.95  # the config wants less than one


def season_values(returns: FloatArray, first_weekday: int = 0) -> Values:
    """Amplitude, peak and weekend of hourly returns, shape (n, hours).

    Args:
        returns: From a midnight on.
        first_weekday: Of that midnight, 0 is Monday.
    """
    n = returns.shape[-1] // _WEEK
    weeks = np.abs(returns[..., : n * _WEEK]).reshape(*returns.shape[:-1], n, _WEEK)
    size = np.roll(spot_returns.mean(weeks, axis=-2), 24 * first_weekday, axis=-1)
    weekend = spot_returns.mean(size[..., _WEEKEND:]) / spot_returns.mean(
        size[..., :_WEEKEND]
    )
    square = spot_returns.mean(size.reshape(*size.shape[:-1], 7, 24), axis=-2) ** 2
    angle = 2.0 * np.pi * (np.arange(24) + 0.5) / 24.0
    cosine = spot_returns.mean(square * np.cos(angle))
    sine = spot_returns.mean(square * np.sin(angle))
    amplitude = 2.0 * np.hypot(cosine, sine) / spot_returns.mean(square)
    peak = (np.arctan2(sine, cosine) * 12.0 / np.pi) % 24.0
    names = [s.name for s in SEASON]
    return dict(zip(names, (amplitude, peak, weekend), strict=True))


def season_parameters(values: Values) -> dict[str, float]:
    """Keys of the market of a batch of one."""
    amplitude, peak, weekend = (float(values[s.name][0]) for s in SEASON)
    figures = (min(amplitude, _LARGEST_AMPLITUDE), peak, weekend)
    return dict(zip(KEYS, figures, strict=True))
