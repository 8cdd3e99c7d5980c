r"""Heston's price and variance by the quadratic-exponential scheme.

.. math:: dS = \mu S dt + \sqrt V S dW, \quad
          dV = \kappa (\theta - V) dt + \xi \sqrt V dZ, \quad dW dZ = \rho dt

The variance of the next step is drawn from a law with the exact mean m and variance of
the conditional one: a squared normal :math:`a (b + z)^2` where
:math:`\psi = Var / m^2 \le 3/2`, else zero with probability
:math:`p = (\psi - 1) / (\psi + 1)` and exponential otherwise. It stays good where the
variance reaches zero, :math:`2 \kappa \theta < \xi^2`. Given both variances,

.. math:: \ln S_{t+dt} = \ln S_t + \mu dt + K_0 + K_1 V_t + K_2 V_{t+dt}
          + \sqrt{K_3 (V_t + V_{t+dt})} z'

with :math:`K_0` such that spot grows at :math:`\mu` exactly.

Source: Andersen (2008), "Simple and efficient simulation of the Heston stochastic
volatility model", Journal of Computational Finance 11(3), sections 3.2.4, 4.2 and 4.3
with gamma_1 = gamma_2 = 1/2 and psi_c = 3/2.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import HestonVolatility, MarketConfig
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.random_blocks import Shock
from hedge_env.numerics.special import log, normal_cdf

STATES: Final[dict[str, str]] = {}
SHOCKS: Final[tuple[Shock, ...]] = ()
USES: Final = ("volatility", "fast")  # where the variance is
_VOLATILITY, _VARIANCE = range(2)  # of USES
_SWITCH = 1.5  # psi_c
_LEAST_PSI = 1e-12
_LEAST_ROOM = 1e-3  # for the mean of exp(A V) to be finite
_STILL = 1e-6  # volatility of variance that counts as zero


class HestonParams(NamedTuple):
    """Constants for one step length."""

    start: float  # V_0 [1/year]
    long_run: float  # theta [1/year]
    decay: float  # e^(-kappa dt)
    spread_slope: float  # of the conditional variance of V in V [1/year]
    spread: float  # the same at V = 0 [1/year^2]
    drift: float  # mu dt [-]
    plain: float  # K_0 without the correction [-]
    k1: float  # [year]
    k2: float  # [year]
    k3: float  # [year]


OFF: Final = HestonParams(
    start=0.0,
    long_run=1.0,
    decay=0.0,
    spread_slope=0.0,
    spread=0.0,
    drift=0.0,
    plain=0.0,
    k1=0.0,
    k2=0.0,
    k3=0.0,
)


def heston_params(config: HestonVolatility, drift: float, dt: float) -> HestonParams:
    """Compile the model for market steps of `dt` years."""
    kappa, theta = config.mean_reversion, config.long_run_level**2
    xi, rho = config.volatility_of_variance, config.correlation
    decay = float((-Decimal(kappa) * Decimal(dt)).exp())
    if xi < _STILL:  # then the price has all of its noise to itself
        xi, rho, per_xi = 0.0, 0.0, 0.0
    else:
        per_xi = rho / xi
    common = 0.5 * dt * (kappa * per_xi - 0.5)
    return HestonParams(
        start=config.level**2,
        long_run=theta,
        decay=decay,
        spread_slope=xi * xi * decay * (1.0 - decay) / kappa,
        spread=theta * xi * xi * (1.0 - decay) ** 2 / (2.0 * kappa),
        drift=drift * dt,
        plain=-per_xi * kappa * theta * dt,
        k1=common - per_xi,
        k2=common + per_xi,
        k3=0.5 * dt * (1.0 - rho * rho),
    )


@scalar_kernel
def heston_step(
    variance: float, z_spot: float, z: float, p: HestonParams
) -> tuple[float, float]:
    """Next variance [1/year] and log return of a step; see the module docstring."""
    mean = p.long_run + (variance - p.long_run) * p.decay
    spread = p.spread_slope * variance + p.spread
    psi = spread / (mean * mean)
    # A squared normal.
    small = psi if psi < _SWITCH else _SWITCH
    inverse = 2.0 / (small if small > _LEAST_PSI else _LEAST_PSI)
    b_square = inverse - 1.0 + np.sqrt(inverse * (inverse - 1.0))
    a, root = mean / (1.0 + b_square), np.sqrt(b_square) + z
    # Zero or exponential.
    large = psi if psi > 1.0 else 1.0
    none = (large - 1.0) / (large + 1.0)
    rate, above = (1.0 - none) / mean, (1.0 - none) / normal_cdf(-z)
    tail = log(above if above > 1.0 else 1.0) / rate
    quadratic = psi <= _SWITCH
    following = a * root * root if quadratic else tail
    following = following if spread > 0.0 else mean
    # K_0: minus the log of the mean of exp(A V'), where that is finite.
    tilt = p.k2 + 0.5 * p.k3
    room = 1.0 - 2.0 * tilt * a if quadratic else 1.0 - tilt / rate
    enough = room if room > _LEAST_ROOM else 1.0
    squared = 0.5 * log(enough) - tilt * b_square * a / enough
    mixed = -log(none + (1.0 - none) / enough)
    corrected = squared if quadratic else mixed
    corrected -= (p.k1 + 0.5 * p.k3) * variance
    k0 = corrected if room > _LEAST_ROOM else p.plain
    noise = np.sqrt(p.k3 * (variance + following)) * z_spot
    log_return = p.drift + k0 + p.k1 * variance + p.k2 * following + noise
    return following, log_return


@kernel
def advance_heston(
    log_spot: FloatArray,
    log_return: FloatArray,
    variance: FloatArray,
    z_spot: FloatArray,
    z: FloatArray,
    p: HestonParams,
) -> None:
    """Advance `log_spot` and `variance` (n,) by one step and write the returns."""
    for i in range(log_spot.shape[0]):
        variance[i], log_return[i] = heston_step(variance[i], z_spot[i], z[i], p)
        log_spot[i] += log_return[i]


@kernel
def read_volatility(volatility: FloatArray, variance: FloatArray) -> None:
    """Write the root of the variance (n,)."""
    for i in range(volatility.shape[0]):
        volatility[i] = np.sqrt(variance[i])


def compile(market: MarketConfig, length: StepLength) -> HestonParams:
    """See `market.process`."""
    if not isinstance(market.volatility, HestonVolatility):
        return OFF
    return heston_params(market.volatility, market.drift, length.years)


@scalar_kernel
def start(own: Rows, shocks: Rows, p: HestonParams) -> None:
    """Put the variance where it starts; without Heston the row is a factor's."""
    if p.start > 0.0:
        row(own, _VARIANCE)[0] = p.start


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: HestonParams) -> None:
    """Let volatility follow the variance, which has moved with the price."""
    read_volatility(row(own, _VOLATILITY), row(own, _VARIANCE))
