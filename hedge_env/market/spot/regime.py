r"""A market that is calm or under stress: a Markov chain of two states.

.. math:: P(\text{stress at } t + dt) = \pi + (s_t - \pi) e^{-k dt}, \quad
          k = 1 / T_c + 1 / T_s, \quad \pi = T_s / (T_c + T_s)

with mean durations :math:`T_c, T_s` and :math:`s_t` one in stress and zero in calm:
exact for any step. Stress multiplies diffusive volatility, the intensity of jumps, gas,
half-spread and impact, and shifts skew and drift, all at the same moment. The expected
share of stress over a time :math:`\tau`,

.. math:: \bar q = \pi + (s_t - \pi) \frac{1 - e^{-k\tau}}{k\tau},

is what the surface marks options with. A policy sees the consequences, not the state.

With `volatility_half_life_days` the variance is on its way: it is multiplied by
:math:`1 + (m^2 - 1) y_t`, where the depth :math:`y_t` of stress follows the chain,

.. math:: dy = \kappa (s_t - y_t) dt, \quad
          \bar y = \pi + (y_t - \pi) g(\kappa\tau) + (s_t - \pi)
          \frac{\kappa}{\kappa - k} (g(k\tau) - g(\kappa\tau))

with :math:`g(x) = (1 - e^{-x}) / x`; in the long run :math:`y` has the distribution
Beta(:math:`a, b`), :math:`a = 1 / (\kappa T_c)`, :math:`b = 1 / (\kappa T_s)`, and in
stress Beta(:math:`a + 1, b`), in calm Beta(:math:`a, b + 1`). Within a step the chain
stands still. The densities :math:`f_c, f_s` of the two states solve the stationary
forward equations :math:`-\kappa (y f_c)' = f_s / T_s - f_c / T_c =
-\kappa ((1 - y) f_s)'`.
"""

from __future__ import annotations

from decimal import Decimal
from math import sqrt
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import MarketConfig, RegimeConfig
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.beta import beta_quantiles
from hedge_env.numerics.random_blocks import Shock, uniform
from hedge_env.numerics.special import exp

STATES: Final[dict[str, str]] = {
    "stress": "1 under stress, 0 in calm",
    "depth": "of stress: share of the way of the variance from calm to stress",
}
SHOCKS: Final[tuple[Shock, ...]] = (
    uniform("u_regime", 4, 0, "regime"),
    uniform("u_depth", 4, 1, "regime", at_start_only=True),
)
_STRESS, _DEPTH = range(2)  # of STATES, and what starts them of SHOCKS

_LOG_TWO = 0.6931471805599453


_AT_ONCE = np.array([[0.0, 0.0], [1.0, 1.0]])  # depths of a market that moves at once


class RegimeParams(NamedTuple):
    """Constants of the chain for one step length, and what stress does."""

    share: float  # of time under stress, in the long run [-]
    start: float  # probability of starting under stress [-]
    to_stress: float  # probability in one step, from calm [-]
    to_calm: float  # probability in one step, from stress [-]
    rate: float  # k [1/year]
    volatility: float  # times [-]
    skew: float  # added to the skew factor [-]
    log_gas: float  # added to the log gas price [-]
    liquidity: float  # times half-spread and impact [-]
    drift: float  # added to the drift [1/year]
    left: float  # of the variance's way after one step; 0: it moves at once [-]
    depth_rate: float  # kappa; 0: at once [1/year]
    start_depths: FloatArray  # quantiles, shape (2, m): in calm, under stress


OFF: Final = RegimeParams(
    share=0.0,
    start=0.0,
    to_stress=0.0,
    to_calm=0.0,
    rate=0.0,
    volatility=1.0,
    skew=0.0,
    log_gas=0.0,
    liquidity=1.0,
    drift=0.0,
    left=0.0,
    depth_rate=0.0,
    start_depths=_AT_ONCE,
)


def regime_params(
    config: RegimeConfig | None, dt_days: float, days_per_year: float
) -> RegimeParams:
    """Compile the chain for market steps of `dt_days`."""
    if config is None:
        return OFF
    share = config.share
    per_day = 1.0 / config.calm_days + 1.0 / config.stress_days
    moves = float(1 - (-Decimal(per_day) * Decimal(dt_days)).exp())
    left, depth_rate, depths = 0.0, 0.0, _AT_ONCE
    if config.volatility_half_life_days is not None:
        kappa = _LOG_TWO / config.volatility_half_life_days  # [1/day]
        left, depth_rate = exp(-kappa * dt_days), kappa * days_per_year
        if config.start == "stationary":
            a, b = depth_law(config)
            depths = np.stack([beta_quantiles(a, b + 1.0), beta_quantiles(a + 1.0, b)])
    starts = {"stationary": share, "calm": 0.0, "stress": 1.0}
    return RegimeParams(
        share=share,
        start=starts[config.start],
        to_stress=share * moves,
        to_calm=(1.0 - share) * moves,
        rate=per_day * days_per_year,
        volatility=float(config.volatility),
        skew=float(config.skew),
        log_gas=float(Decimal(config.gas).ln()),
        liquidity=float(config.liquidity),
        drift=float(config.drift),
        left=left,
        depth_rate=depth_rate,
        start_depths=depths,
    )


@kernel
def advance_regime(stress: FloatArray, u: FloatArray, p: RegimeParams) -> None:
    """Advance the chain (n,) by one market step with uniform numbers (n,)."""
    for i in range(stress.shape[0]):
        entered = 1.0 if u[i] < p.to_stress else 0.0
        stayed = 1.0 if u[i] >= p.to_calm else 0.0
        stress[i] = stayed if stress[i] > 0.0 else entered


@scalar_kernel
def in_stress(stress: float, multiple: float) -> float:
    """The multiple under stress, one in calm."""
    return 1.0 + (multiple - 1.0) * stress


def depth_law(config: RegimeConfig) -> tuple[float, float]:
    """Parameters of the Beta distribution of the depth of stress in the long run.

    Args:
        config: With `volatility_half_life_days`.
    """
    days = (config.volatility_half_life_days or 0.0) / _LOG_TWO
    return days / config.calm_days, days / config.stress_days


@scalar_kernel
def start_depth(stress: float, u: float, p: RegimeParams) -> float:
    """Depth of stress at the start, by a uniform number."""
    cells = p.start_depths.shape[1] - 1
    row = 1 if stress > 0.0 else 0
    below = min(int(u * cells), cells - 1)
    low, high = p.start_depths[row, below], p.start_depths[row, below + 1]
    return float(low + (high - low) * (u * cells - below))


@kernel
def advance_depth(depth: FloatArray, stress: FloatArray, p: RegimeParams) -> None:
    """Let the depth (n,) follow the chain (n,) by one market step."""
    for i in range(depth.shape[0]):
        depth[i] = stress[i] + (depth[i] - stress[i]) * p.left


@scalar_kernel
def volatility_at(depth: float, multiple: float) -> float:
    """The multiple of volatility at a depth of stress: of its square it is linear."""
    if depth <= 0.0 or depth >= 1.0:
        return in_stress(depth, multiple)
    return sqrt(in_stress(depth, multiple * multiple))


@kernel
def multiply_in_stress(values: FloatArray, stress: FloatArray, multiple: float) -> None:
    """Multiply values (n,) of the paths that are under stress."""
    for i in range(values.shape[0]):
        values[i] *= in_stress(stress[i], multiple)


def compile(market: MarketConfig, length: StepLength) -> RegimeParams:
    """See `market.process`."""
    return regime_params(market.regime, length.days, length.days_per_year)


@scalar_kernel
def start(own: Rows, shocks: Rows, p: RegimeParams) -> None:
    """Draw the state of the chain, and how far variance has followed it."""
    stress = 1.0 if row(shocks, _STRESS)[0] < p.start else 0.0
    row(own, _STRESS)[0] = stress
    row(own, _DEPTH)[0] = start_depth(stress, row(shocks, _DEPTH)[0], p)


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: RegimeParams) -> None:
    """See `advance_regime` and `advance_depth`."""
    advance_regime(row(own, _STRESS), row(shocks, _STRESS), p)
    advance_depth(row(own, _DEPTH), row(own, _STRESS), p)
