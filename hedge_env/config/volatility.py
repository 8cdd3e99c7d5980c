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


class HestonVolatility(Model):
    """Heston's square-root variance; see market/heston.py."""

    model: Literal["heston"]
    level: Positive  # at the start, root of V_0 [1/sqrt(year)]
    long_run_level: Positive  # root of theta [1/sqrt(year)]
    mean_reversion: Positive  # kappa, of the variance [1/year]
    volatility_of_variance: NonNegative  # xi [1/year]
    correlation: Correlation = 0.0  # of returns with shocks of the variance


VolatilityConfig = Annotated[
    ConstantVolatility | LogOuVolatility | SabrVolatility | HestonVolatility,
    Field(discriminator="model"),
]
