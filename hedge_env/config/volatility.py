"""Models of the volatility of the underlying."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hedge_env.config.model import (
    Correlation,
    MeanReverting,
    Model,
    NonNegative,
    Positive,
)


class ConstantVolatility(Model):
    """The same volatility always."""

    model: Literal["constant"] = "constant"
    level: NonNegative = 0.8  # [1/sqrt(year)]


class LogOuVolatility(Model):
    """Log volatility is its median plus two or three mean-reverting factors."""

    model: Literal["log_ou"]
    level: Positive  # median volatility [1/sqrt(year)]
    fast: MeanReverting
    slow: MeanReverting
    intraday: MeanReverting | None = None  # a third factor, of hours
    leverage: Correlation = 0.0  # of returns with shocks of all but the slow factor


class SabrVolatility(Model):
    """Lognormal volatility: SABR with beta 1; see market/volatility.py."""

    model: Literal["sabr"]
    level: Positive  # at the start [1/sqrt(year)]
    volatility_of_volatility: NonNegative  # [1/sqrt(year)]
    correlation: Correlation = 0.0  # of returns with shocks of volatility


VolatilityConfig = Annotated[
    ConstantVolatility | LogOuVolatility | SabrVolatility,
    Field(discriminator="model"),
]
