r"""A market that is calm or under stress: a Markov chain of two states.

.. math:: P(\text{stress at } t + dt) = \pi + (s_t - \pi) e^{-k dt}, \quad
          k = 1 / T_c + 1 / T_s, \quad \pi = T_s / (T_c + T_s)

with mean durations :math:`T_c, T_s` and :math:`s_t` one in stress and zero in calm:
exact for any step. Stress multiplies diffusive volatility, the intensity of jumps, gas,
half-spread and impact, and shifts skew and drift, all at the same moment. The expected
share of stress over a time :math:`\tau`,

.. math:: \bar q = \pi + (s_t - \pi) \frac{1 - e^{-k\tau}}{k\tau},

is what the surface marks options with. A policy sees the consequences, not the state.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hedge_env._types import FloatArray
from hedge_env.config import RegimeConfig
from hedge_env.kernel import kernel, scalar_kernel


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


def regime_params(
    config: RegimeConfig | None, dt_days: float, days_per_year: float
) -> RegimeParams:
    """Compile the chain for market steps of `dt_days`."""
    if config is None:
        return RegimeParams(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0)
    share = config.stress_days / (config.calm_days + config.stress_days)
    per_day = 1.0 / config.calm_days + 1.0 / config.stress_days
    moves = float(1 - (-Decimal(per_day) * Decimal(dt_days)).exp())
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


@kernel
def multiply_in_stress(values: FloatArray, stress: FloatArray, multiple: float) -> None:
    """Multiply values (n,) of the paths that are under stress."""
    for i in range(values.shape[0]):
        values[i] *= in_stress(stress[i], multiple)
