"""Models of the implied volatility surface."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hedge_env.config.model import (
    Correlation,
    MeanReverting,
    Model,
    Multiple,
    Volatility,
)


class FlatSurface(Model):
    """One implied volatility for all strikes and maturities."""

    model: Literal["flat"] = "flat"
    volatility: Volatility | None = None  # None: the level of the volatility model


class SkewConfig(MeanReverting):
    """Correlation parameter of SSVI: tanh of a mean-reverting factor."""

    mean: Correlation = 0.0
    return_correlation: Correlation = 0.0


class CurvatureConfig(MeanReverting):
    """Wing parameter of SSVI: exponential of a mean-reverting factor."""

    mean: Annotated[float, Field(gt=0.0, le=1.4)] = 0.6


class LevelConfig(MeanReverting):
    """Log of implied over fair volatility: a mean-reverting factor."""

    return_correlation: Correlation = 0.0


class SsviSurface(Model):
    """SSVI with stochastic level, skew and curvature; see pricing/ssvi.py."""

    model: Literal["ssvi"]
    variance_premium: Multiple = 1.0  # implied over expected variance
    # Exponent of expected over usual variance; 1: as much as is expected.
    reaction: Annotated[float, Field(ge=0.0, le=2.0)] = 1.0
    # What of stress options are priced by: the regime, or only how far volatility has
    # come on its way to it (market.regime.volatility_half_life_days).
    sees: Literal["regime", "depth"] = "regime"
    level: LevelConfig
    skew: SkewConfig
    curvature: CurvatureConfig


class SabrSurface(Model):
    """Hagan's implied volatility of the SABR model that moves the volatility."""

    model: Literal["sabr"]


class HestonSurface(Model):
    """Implied volatility of the Heston model that moves the volatility."""

    model: Literal["heston"]


SurfaceConfig = Annotated[
    FlatSurface | SsviSurface | SabrSurface | HestonSurface,
    Field(discriminator="model"),
]
