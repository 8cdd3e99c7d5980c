r"""Forecast of the price of gas some hours ahead.

.. math:: \ln \hat g_{t+h} = \ln \bar g + a + w_0 x_t + \sum_{j=1}^{2} w_j m_j
                            + A \cos(2\pi (h_{t+h} - h_{peak}) / 24), \quad
          m_j \leftarrow d_j m_j + (1 - d_j) x

with x the log of the price over its median less the season of the day, which is known,
m its exponentially weighted means over two half-lives, and weights fitted to what the
price was h hours later (`hedge calibrate --forecasts`). The price is the sum of factors
that come back within hours and within weeks; what of it is which can be seen in where
it has been. The means start at what the factors are (`engine.start`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import HOURS_PER_DAY, MarketConfig
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.ornstein_uhlenbeck import half_life_decay
from hedge_env.numerics.random_blocks import Shock

STATES: Final[dict[str, str]] = {
    "gas_mean_short": "mean of log gas without season over the first half-life",
    "gas_mean_long": "over the second",
}
SHOCKS: Final[tuple[Shock, ...]] = ()
USES: Final = ("gas_slow", "gas_fast", "gas_burst")
_SHORT, _LONG, _SLOW, _FAST, _BURST = range(5)


class GasForecastParams(NamedTuple):
    """Constants of the forecast for one step length."""

    on: bool
    decays: tuple[float, float]  # what is left of a mean after a step [-]
    intercept: float
    present: float  # weight of the present price [-]
    weights: tuple[float, float]
    day_share: float  # of the horizon [-]


OFF: Final = GasForecastParams(
    on=False,
    decays=(0.0, 0.0),
    intercept=0.0,
    present=0.0,
    weights=(0.0, 0.0),
    day_share=0.0,
)


def compile(market: MarketConfig, length: StepLength) -> GasForecastParams:
    """See `market.process`."""
    forecasts = market.forecasts
    if forecasts is None or forecasts.gas is None:
        return OFF
    config = forecasts.gas
    short, long = (
        half_life_decay(hours, length.hours) for hours in config.half_lives_hours
    )
    return GasForecastParams(
        on=True,
        decays=(short, long),
        intercept=float(config.intercept),
        present=float(config.present),
        weights=config.weights,
        day_share=config.horizon_hours / HOURS_PER_DAY,
    )


@kernel
def advance_means(
    short: FloatArray,
    long: FloatArray,
    slow: FloatArray,
    fast: FloatArray,
    burst: FloatArray,
    p: GasForecastParams,
) -> None:
    """Let both means take the price after a step."""
    for i in range(short.size):
        price = slow[i] + fast[i] + burst[i]
        short[i] = p.decays[0] * short[i] + (1.0 - p.decays[0]) * price
        long[i] = p.decays[1] * long[i] + (1.0 - p.decays[1]) * price


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: GasForecastParams) -> None:
    """See `advance_means`."""
    if p.on:
        advance_means(
            row(own, _SHORT),
            row(own, _LONG),
            row(own, _SLOW),
            row(own, _FAST),
            row(own, _BURST),
            p,
        )


@scalar_kernel
def gas_forecast(
    price: float, short: float, long: float, p: GasForecastParams
) -> float:
    """Log of the price ahead over its median, without season."""
    return p.intercept + p.present * price + p.weights[0] * short + p.weights[1] * long
