"""Models of the volatility of the underlying."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hedge_env.config.model import Correlation, MeanReverting, Model, Volatility

_Root = Annotated[float, Field(ge=1e-3, le=10.0)]  # of a variance


class ConstantVolatility(Model):
    """The same volatility always."""

    model: Literal["constant"] = "constant"
    level: Annotated[float, Field(ge=0.0, le=100.0)] = 0.8  # [1/sqrt(year)]


class LogOuVolatility(Model):
    """Log volatility is its median plus two or three mean-reverting factors."""

    model: Literal["log_ou"]
    level: Volatility  # median volatility [1/sqrt(year)]
    fast: MeanReverting
    slow: MeanReverting
    intraday: MeanReverting | None = None  # a third factor, of hours
    leverage: Correlation = 0.0  # of returns with shocks of all but the slow factor


class SabrVolatility(Model):
    """Lognormal volatility: SABR with beta 1; see market/volatility.py."""

    model: Literal["sabr"]
    level: Volatility  # at the start [1/sqrt(year)]
    # [1/sqrt(year)]
    volatility_of_volatility: Annotated[float, Field(ge=0.0, le=20.0)]
    correlation: Correlation = 0.0  # of returns with shocks of volatility


class HestonVolatility(Model):
    """Heston's square-root variance; see market/heston.py."""

    model: Literal["heston"]
    level: _Root  # at the start, root of V_0 [1/sqrt(year)]
    long_run_level: _Root  # root of theta [1/sqrt(year)]
    # Kappa, of the variance [1/year].
    mean_reversion: Annotated[float, Field(ge=1e-3, le=1e3)]
    volatility_of_variance: Annotated[float, Field(ge=0.0, le=20.0)]  # xi [1/year]
    correlation: Correlation = 0.0  # of returns with shocks of the variance


VolatilityConfig = Annotated[
    ConstantVolatility | LogOuVolatility | SabrVolatility | HestonVolatility,
    Field(discriminator="model"),
]
