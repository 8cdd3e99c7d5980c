"""Variance that the factors of volatility let one expect: a table over horizons."""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import LogOuVolatility, MeanReverting, VolatilityConfig
from hedge_env.numerics.special import exp

_PANELS = 64  # of Simpson's rule
_LOG_TWO = 0.6931471805599453


def fair_variance_table(
    config: VolatilityConfig,
    horizons: FloatArray,
    jump_variance: float,
    fast_sd: float,
) -> FloatArray:
    r"""Expected mean variance over each horizon, as a function of the factors.

    .. math:: \frac1\tau E \int_0^\tau \sigma_u^2 du \approx
              A + B \exp(2 (C_f f + C_s s + C_d d))

    with :math:`A` the variance of jumps; :math:`B` and the loadings :math:`C` are
    exact at :math:`f = s = d = 0` to first order, where the expected variance at time
    :math:`u` is :math:`\bar\sigma^2 w(u)`,
    :math:`w(u) = \exp 2 [s_f^2 (1 - e^{-2 k_f u}) + s_s^2 (1 - e^{-2 k_s u}) + ...]`.

    Args:
        config: Volatility model. Only log-OU moves here: no SSVI surface quotes others.
        horizons: Times to maturity, shape (m,), at least 0 [day].
        jump_variance: Variance of jumps per year [1/year].
        fast_sd: Stationary standard deviation of the fast factor, shifts at jumps
            included [-].

    Returns:
        Shape (5, m): A, B [1/year], C_f, C_s, C_d [-].
    """
    table = np.empty((5, horizons.size))
    table[0] = jump_variance
    if not isinstance(config, LogOuVolatility):
        table[1] = config.level**2
        table[2:] = 0.0
        return table
    off = MeanReverting(half_life_days=1.0, sd=0.0)
    factors = (config.fast, config.slow, config.intraday or off)
    _fill_fair_variance(
        table,
        np.asarray(horizons, dtype=np.float64),
        float(config.level),
        np.array([factor.half_life_days for factor in factors]),
        np.array([fast_sd, factors[1].sd, factors[2].sd]),
    )
    return table


@kernel
def _fill_fair_variance(
    table: FloatArray,
    horizons: FloatArray,
    level: float,
    half_lives: FloatArray,
    sds: FloatArray,
) -> None:
    hours_on = sds[2] > 0.0
    for j in range(horizons.shape[0]):
        weight_sum = 0.0
        fast_sum = 0.0
        slow_sum = 0.0
        hours_sum = 0.0
        for k in range(_PANELS + 1):
            time = horizons[j] * k / _PANELS
            simpson = 1.0 if k == 0 or k == _PANELS else 2.0 + 2.0 * (k % 2)
            left_fast = exp(-_LOG_TWO * time / half_lives[0])
            left_slow = exp(-_LOG_TWO * time / half_lives[1])
            gone = sds[0] * sds[0] * (1.0 - left_fast * left_fast)
            gone += sds[1] * sds[1] * (1.0 - left_slow * left_slow)
            left_hours = 0.0
            if hours_on:
                left_hours = exp(-_LOG_TWO * time / half_lives[2])
                gone += sds[2] * sds[2] * (1.0 - left_hours * left_hours)
            weight = simpson * exp(2.0 * gone)
            weight_sum += weight
            fast_sum += weight * left_fast
            slow_sum += weight * left_slow
            hours_sum += weight * left_hours
        table[1, j] = level * level * weight_sum / (3.0 * _PANELS)
        table[2, j] = fast_sum / weight_sum
        table[3, j] = slow_sum / weight_sum
        table[4, j] = hours_sum / weight_sum
