r"""Functions of the present state that the best holdings are a sum of.

The holdings that leave the least risk differ from the reference delta by what implied
volatility does when spot moves, and by jumps. So each feature is a scale with the unit
of holdings times a power of what describes the state. Scales are :math:`v = V \sigma /
S` (vega times implied volatility over spot) and :math:`g = \Gamma S \sigma \sqrt\tau`.
What describes the state, each bounded, is

* `z`, log moneyness in standard deviations until expiry, halved,
* `a` and `b`, log of diffusive and of realised over implied volatility,
* `s`, five times the slope of the smile,
* `t`, half of the log of the time left, in months,
* `l`, log of implied volatility over the market's level.

28 features are v times 1, these and their products in pairs; the others are `g` times
1, `z`, `t`, `a`, `z^2` and `z^3`, then `v z^3` and delta.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.numerics.special import log

N_FEATURES: Final = 36
_STATES = 6  # numbers that describe the state
_MONTHS = 12.0  # a year
_LEAST = 1e-9


def state_features(rows: FloatArray, level: float, *, informed: bool) -> FloatArray:
    """Features of every path at one decision; see the module docstring.

    Args:
        rows: Present rows, shape (at least `field.N_CERTAIN_FIELDS`, n).
        level: Volatility that the market's config names [1/sqrt(year)].
        informed: Whether the diffusive volatility of the next step is known; if not,
            the realised volatility stands in for it.

    Returns:
        Shape (N_FEATURES, n) [-], finite.
    """
    features: FloatArray = np.empty((N_FEATURES, rows.shape[1]))
    _fill_features(rows, level, informed, features)
    return features


def sum_of_terms(
    coefficients: FloatArray, terms: FloatArray, start: FloatArray
) -> FloatArray:
    """Start plus coefficients times terms, shape (n,).

    A product of matrices groups the terms by the number of paths, so that a path alone
    would get other bits than in a batch.

    Args:
        coefficients: Shape (m,).
        terms: Shape (m, n).
        start: Shape (n,), left as it is.
    """
    total: FloatArray = start.copy()
    _add_terms(coefficients, terms, total)
    return total


@kernel
def _add_terms(coefficients: FloatArray, terms: FloatArray, total: FloatArray) -> None:
    for k in range(coefficients.size):
        coefficient, term = coefficients[k], terms[k]
        for i in range(total.size):
            total[i] += coefficient * term[i]


@kernel
def _fill_features(
    rows: FloatArray, level: float, informed: bool, out: FloatArray
) -> None:
    """Write the features of every path, in the order of the module docstring."""
    volatility_row = field.TRUE_VOLATILITY if informed else field.REALISED_VOLATILITY
    state = np.empty(_STATES)
    for i in range(rows.shape[1]):
        spot = rows[field.SPOT, i]
        implied = max(rows[field.IMPLIED_VOLATILITY, i], _LEAST)
        left = max(rows[field.TIME_TO_MATURITY, i], 1e-6)
        sd = implied * np.sqrt(left)
        vega = rows[field.VEGA, i] * implied / spot
        gamma = rows[field.GAMMA, i] * spot * sd
        state[0] = 0.5 * _clipped(rows[field.LOG_MONEYNESS, i] / sd, -4.0, 4.0)
        state[1] = _log_ratio(rows[volatility_row, i], implied)
        state[2] = _log_ratio(rows[field.REALISED_VOLATILITY, i], implied)
        state[3] = _clipped(5.0 * rows[field.SKEW, i], -4.0, 4.0)
        state[4] = 0.5 * _clipped(log(_MONTHS * left), -4.0, 1.0)
        state[5] = _log_ratio(implied, level)
        out[0, i] = vega
        k = 1
        for first in range(_STATES):
            out[k, i] = vega * state[first]
            k += 1
        for first in range(_STATES):
            for second in range(first, _STATES):
                out[k, i] = vega * (state[first] * state[second])
                k += 1
        z = state[0]
        factors = (1.0, z, state[4], state[1], z * z, z * z * z)
        for factor in factors:
            out[k, i] = gamma * factor
            k += 1
        out[k, i] = vega * (z * z * z)
        out[k + 1, i] = rows[field.DELTA, i]


@scalar_kernel
def _clipped(x: float, low: float, high: float) -> float:
    return min(max(x, low), high)


@scalar_kernel
def _log_ratio(x: float, y: float) -> float:
    """Log of x / y, at most 2 in size; of volatilities that may be zero."""
    return _clipped(log(max(x, _LEAST) / max(y, _LEAST)), -2.0, 2.0)
