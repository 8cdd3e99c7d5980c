r"""Forecast of volatility from what returns have been.

.. math:: \ln \hat\sigma^2 = a + \sum_{j=1}^{3} w_j \ln v_j, \quad
          v_j \leftarrow d_j v_j + (1 - d_j) \, r^2 / \Delta t

with exponentially weighted means v of squared returns r over three half-lives, and
weights fitted to what the variance of the next hours was (`hedge calibrate
--forecasts`). It is the heterogeneous autoregression of Corsi (2009), "A simple
approximate long-memory model of realized volatility", Journal of Financial Econometrics
7(2), in logarithms and with exponential means in place of those of a day, a week and a
month, as in Bollerslev, Hood, Huss and Pedersen (2018), "Risk everywhere: modeling and
managing volatility", Review of Financial Studies 31(7). The means start where the
estimate of volatility does (`engine.start`): a hedger has watched the market before.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import MarketConfig
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.ornstein_uhlenbeck import half_life_decay
from hedge_env.numerics.random_blocks import Shock
from hedge_env.numerics.special import exp, log

STATES: Final[dict[str, str]] = {
    "variance_short": "mean of squared returns over the first half-life [1/year]",
    "variance_medium": "over the second [1/year]",
    "variance_long": "over the third [1/year]",
}
SHOCKS: Final[tuple[Shock, ...]] = ()

_LEAST_VARIANCE = 1e-12  # [1/year]: prices that stand still have a logarithm too
_MOST = 20.0  # of |ln| of a variance forecast


class VolatilityForecastParams(NamedTuple):
    """Constants of the forecast for one step length."""

    on: bool
    decays: tuple[float, float, float]  # what is left of a mean after a step [-]
    intercept: float
    weights: tuple[float, float, float]


OFF: Final = VolatilityForecastParams(
    on=False, decays=(0.0, 0.0, 0.0), intercept=0.0, weights=(0.0, 0.0, 0.0)
)


def compile(market: MarketConfig, length: StepLength) -> VolatilityForecastParams:
    """See `market.process`."""
    forecasts = market.forecasts
    if forecasts is None or forecasts.volatility is None:
        return OFF
    config = forecasts.volatility
    short, medium, long = (
        half_life_decay(hours, length.hours) for hours in config.half_lives_hours
    )
    return VolatilityForecastParams(
        on=True,
        decays=(short, medium, long),
        intercept=float(config.intercept),
        weights=config.weights,
    )


@kernel
def advance_mean(
    mean: FloatArray, log_return: FloatArray, dt: float, decay: float
) -> None:
    """Let the mean of squared returns per year take one more."""
    gain = (1.0 - decay) / dt
    for i in range(mean.size):
        mean[i] = decay * mean[i] + gain * log_return[i] * log_return[i]


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: VolatilityForecastParams) -> None:
    """Move the three means by a step of spot, also of a recorded one."""
    if p.on:
        advance_mean(row(own, 0), step.log_return, step.dt, p.decays[0])
        advance_mean(row(own, 1), step.log_return, step.dt, p.decays[1])
        advance_mean(row(own, 2), step.log_return, step.dt, p.decays[2])


@scalar_kernel
def volatility_forecast(
    short: float, medium: float, long: float, p: VolatilityForecastParams
) -> float:
    """Volatility of the hours ahead [1/sqrt(year)] from the three means."""
    log_variance = p.intercept
    log_variance += p.weights[0] * log(max(short, _LEAST_VARIANCE))
    log_variance += p.weights[1] * log(max(medium, _LEAST_VARIANCE))
    log_variance += p.weights[2] * log(max(long, _LEAST_VARIANCE))
    return exp(0.5 * min(max(log_variance, -_MOST), _MOST))
