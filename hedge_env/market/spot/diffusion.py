r"""Spot price: a diffusion at the current volatility plus compensated jumps.

.. math:: \ln S_{t+dt} = \ln S_t + (\mu - \sigma_t^2/2) dt
          + \sigma_t \sqrt{dt} z + J + c

with drift :math:`\mu`, volatility :math:`\sigma_t` at the start of the step, a
standard normal :math:`z`, the jump :math:`J` and its compensator :math:`c`, so
that spot grows at :math:`\mu` whatever the jumps. Exact for constant volatility.
"""

from __future__ import annotations

from math import sqrt
from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import MarketConfig
from hedge_env.market.process import StepLength
from hedge_env.numerics.random_blocks import Shock, normal

STATES: Final[dict[str, str]] = {
    "log_spot": "log of S / S_0",
}
SHOCKS: Final[tuple[Shock, ...]] = (normal("z_spot", 0, 0),)


class PriceParams(NamedTuple):
    """Constants of the spot price for one step length."""

    drift: float  # [1/year]
    dt: float  # [year]
    sqrt_dt: float  # [sqrt(year)]


def price_params(drift: float, dt: float) -> PriceParams:
    """Compile the price process for market steps of `dt` years."""
    return PriceParams(drift=float(drift), dt=dt, sqrt_dt=sqrt(dt))


def compile(market: MarketConfig, length: StepLength) -> PriceParams:
    """See `market.process`."""
    return price_params(market.drift, length.years)


LEAST_LOG_SPOT = -100.0  # of the start: squares and quotients by it are still numbers
_LEAST_RETURN = -1400.0  # of a market step: from any price to none at all


@scalar_kernel
def log_return_step(
    volatility: float, z: float, jump: float, compensator: float, p: PriceParams
) -> float:
    """Log return over one market step; see the module docstring."""
    drift = (p.drift - 0.5 * volatility * volatility) * p.dt
    step = drift + volatility * p.sqrt_dt * z + jump + compensator
    return _LEAST_RETURN if step < _LEAST_RETURN else step


@kernel
def advance_price(
    log_spot: FloatArray,
    log_return: FloatArray,
    volatility: FloatArray,
    z: FloatArray,
    jump: FloatArray,
    compensator: float,
    p: PriceParams,
) -> None:
    """Advance `log_spot` (n,) by one step and write the returns."""
    for i in range(log_spot.shape[0]):
        step = log_return_step(volatility[i], z[i], jump[i], compensator, p)
        log_return[i] = step
        log_spot[i] += step
