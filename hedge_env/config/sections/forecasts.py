"""Forecasts that a hedger has made for itself: of volatility, of the price of gas."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hedge_env.config.model import Hours, Model

Weight = Annotated[float, Field(ge=-2.0, le=2.0)]
Intercept = Annotated[float, Field(ge=-10.0, le=10.0)]


class VolatilityForecastConfig(Model):
    """Log variance ahead from three weighted means of squared returns."""

    horizon_hours: Hours = 24.0  # that the variance is of
    half_lives_hours: tuple[Hours, Hours, Hours] = (6.0, 24.0, 120.0)
    intercept: Intercept = 0.0  # of the log of the variance of a year
    weights: tuple[Weight, Weight, Weight]


class GasForecastConfig(Model):
    """Log gas ahead from its present price and two weighted means of the past."""

    horizon_hours: Hours = 8.0  # how far ahead
    half_lives_hours: tuple[Hours, Hours] = (6.0, 48.0)
    intercept: Intercept = 0.0
    present: Weight
    weights: tuple[Weight, Weight]


class ForecastsConfig(Model):
    """Forecasts as observables; a part that is None is off."""

    volatility: VolatilityForecastConfig | None = None
    gas: GasForecastConfig | None = None
