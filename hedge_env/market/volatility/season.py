r"""Season of volatility over the hours of the day and the days of the week.

.. math:: \sigma_t = m(t) \tilde\sigma_t, \quad
          m^2(t) = w(t) (1 + A \cos(2\pi (h_t - h_{peak}) / 24))

multiplies the diffusive volatility, with the hour of day :math:`h_t` (UTC) and a
weight :math:`w` that has one value on weekdays and another at weekends. The mean of
:math:`m^2` over the week is one, so that levels keep their meaning. A market step
takes the mean of :math:`m^2` over its own length, in closed form: the identity holds
for steps of any length. Jumps have no season, and the surface's fair variance ignores
it, which over whole weeks is exact.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import HOURS_PER_DAY, MarketConfig, VolatilitySeasonConfig
from hedge_env.market.process import StepLength
from hedge_env.numerics.random_blocks import Shock
from hedge_env.numerics.special import sincos_two_pi

STATES: Final[dict[str, str]] = {}
SHOCKS: Final[tuple[Shock, ...]] = ()


_FIRST_WEEKEND_DAY = 5.0  # Saturday, when Monday is 0
_ONE_OVER_TWO_PI = 0.15915494309189535
_HOURS_PER_DAY = 24.0


class SeasonParams(NamedTuple):
    """Constants of the season for one step length."""

    amplitude: float  # A [-]
    peak: float  # as a share of the day [-]
    weekday: float  # w from Monday to Friday [-]
    weekend: float  # w on Saturday and Sunday [-]
    step_days: float  # [day]


OFF: Final = SeasonParams(
    amplitude=0.0, peak=0.0, weekday=1.0, weekend=1.0, step_days=1.0
)


def season_params(
    config: VolatilitySeasonConfig | None, dt_hours: float
) -> SeasonParams:
    """Compile the season for market steps of `dt_hours`."""
    step = dt_hours / HOURS_PER_DAY
    if config is None:
        return OFF._replace(step_days=step)
    ratio = config.weekend * config.weekend
    weekday = 7.0 / (5.0 + 2.0 * ratio)
    return SeasonParams(
        amplitude=float(config.daily_amplitude),
        peak=config.peak_hour / HOURS_PER_DAY,
        weekday=weekday,
        weekend=ratio * weekday,
        step_days=step,
    )


def compile(market: MarketConfig, length: StepLength) -> SeasonParams:
    """See `market.process`."""
    return season_params(market.season, length.hours)


@scalar_kernel
def is_weekend(start_weekday: float, hours: float) -> bool:
    """Whether `hours` after the midnight that began the start's day is a weekend."""
    day = start_weekday + np.floor(hours / _HOURS_PER_DAY)
    in_week: float = day - 7.0 * np.floor(day / 7.0)
    return in_week >= _FIRST_WEEKEND_DAY


@scalar_kernel
def _variance_until(days: float, p: SeasonParams) -> float:
    """Integral of m^2 from a Monday's midnight on [day]."""
    day = np.floor(days)
    weeks = np.floor(day / 7.0)
    number = day - 7.0 * weeks
    worked = number if number < _FIRST_WEEKEND_DAY else _FIRST_WEEKEND_DAY
    before = 7.0 * weeks + worked * p.weekday + (number - worked) * p.weekend
    today = p.weekday if number < _FIRST_WEEKEND_DAY else p.weekend
    share = days - day
    harmonic = sincos_two_pi(share - p.peak)[0] - sincos_two_pi(-p.peak)[0]
    share += p.amplitude * _ONE_OVER_TWO_PI * harmonic
    return float(before + today * share)


@scalar_kernel
def season_factor(start_weekday: float, hours: float, p: SeasonParams) -> float:
    """Root of the mean of m^2 over a market step.

    Args:
        start_weekday: Weekday of the start, 0 is Monday.
        hours: From the midnight that began that day to the step's begin [hour].
        p: Constants.
    """
    begin = start_weekday + hours / _HOURS_PER_DAY
    begin -= 7.0 * np.floor(begin / 7.0)
    variance = _variance_until(begin + p.step_days, p) - _variance_until(begin, p)
    return float(np.sqrt(variance / p.step_days))


@kernel
def apply_season(
    volatility: FloatArray,
    start_weekday: FloatArray,
    start_hour: FloatArray,
    steps: IntArray,
    hours_per_step: float,
    p: SeasonParams,
) -> None:
    """Multiply the volatility (n,) of the step after the present one by its season.

    Args:
        volatility: Updated in place [1/sqrt(year)].
        start_weekday: 0 is Monday.
        start_hour: Hour of day [hour].
        steps: Market steps taken before the present one.
        hours_per_step: Length of a step [hour].
        p: Constants.
    """
    # Most often all paths are at the same hour: then only weekdays differ.
    usual = start_hour[0] + (steps[0] + 1) * hours_per_step
    factors = np.empty(7)
    for day in range(7):
        factors[day] = season_factor(float(day), usual, p)
    for i in range(volatility.shape[0]):
        hours = start_hour[i] + (steps[i] + 1) * hours_per_step
        if hours == usual:
            volatility[i] *= factors[int(start_weekday[i])]
        else:
            volatility[i] *= season_factor(start_weekday[i], hours, p)
