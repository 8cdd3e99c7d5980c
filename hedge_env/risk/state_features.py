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
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.numerics.special import log

N_FEATURES: Final = 36
BLOCK: Final = 64  # paths whose features stay in the first-level cache
_STATES = 6  # numbers that describe the state; the two scales stand after them
_VEGA, _GAMMA, _N_ROWS = 6, 7, 8
_MONTHS = 12.0  # a year
_LEAST = 1e-9


def state_features(rows: FloatArray, level: float, *, informed: bool) -> FloatArray:
    """Features of every path at one decision; see the module docstring.

    Args:
        rows: Present rows, shape (at least those of `field.CERTAIN_ROWS`, n).
        level: Volatility that the market's config names [1/sqrt(year)].
        informed: Whether the diffusive volatility of the next step is known; if not,
            the realised volatility stands in for it.

    Returns:
        Shape (N_FEATURES, n) [-], finite.
    """
    features: FloatArray = np.empty((N_FEATURES, rows.shape[1]))
    _fill_all(rows, level, informed, features)
    return features


@kernel
def add_features(
    rows: FloatArray,
    level: float,
    informed: bool,
    coefficients: FloatArray,
    total: FloatArray,
) -> None:
    """Add coefficients times features, term by term, without keeping the features.

    A product of matrices would group the terms by the number of paths, so that a path
    alone would get other bits than in a batch.

    Args:
        rows: Present rows, as in `state_features`.
        level: Volatility that the market's config names [1/sqrt(year)].
        informed: Whether the diffusive volatility of the next step is known.
        coefficients: Shape (N_FEATURES,).
        total: Shape (n,), added to.
    """
    state, block = np.empty((_N_ROWS, BLOCK)), np.empty((N_FEATURES, BLOCK))
    for low in range(0, total.size, BLOCK):
        high = min(low + BLOCK, total.size)
        _fill_block(Tile(rows, low, high), level, informed, state, block)
        add_terms(coefficients, block, total[low:high])


@kernel
def add_terms(coefficients: FloatArray, terms: FloatArray, total: FloatArray) -> None:
    """Add coefficients times terms, one after the other.

    Args:
        coefficients: Shape (m,).
        terms: Shape (m, at least n).
        total: Shape (n,), added to.
    """
    for k in range(coefficients.size):
        coefficient, term = coefficients[k], terms[k]
        for i in range(total.size):
            total[i] += coefficient * term[i]


@kernel
def _fill_all(rows: FloatArray, level: float, informed: bool, out: FloatArray) -> None:
    state, block = np.empty((_N_ROWS, BLOCK)), np.empty((N_FEATURES, BLOCK))
    for low in range(0, rows.shape[1], BLOCK):
        high = min(low + BLOCK, rows.shape[1])
        _fill_block(Tile(rows, low, high), level, informed, state, block)
        for k in range(N_FEATURES):
            out[k, low:high] = block[k, : high - low]


@kernel
def _fill_block(
    rows: Tile, level: float, informed: bool, state: FloatArray, out: FloatArray
) -> None:
    """Write the features of a tile, in the order of the module docstring."""
    _describe(rows, level, informed, state)
    n = rows.high - rows.low
    vega, gamma, z = state[_VEGA], state[_GAMMA], state[0]
    out[0, :n] = vega[:n]
    k = 1
    for first in range(_STATES):
        for i in range(n):
            out[k, i] = vega[i] * state[first, i]
        k += 1
    for first in range(_STATES):
        for second in range(first, _STATES):
            for i in range(n):
                out[k, i] = vega[i] * (state[first, i] * state[second, i])
            k += 1
    for i in range(n):
        cube = z[i] * z[i] * z[i]
        out[k, i] = gamma[i]
        out[k + 1, i] = gamma[i] * z[i]
        out[k + 2, i] = gamma[i] * state[4, i]
        out[k + 3, i] = gamma[i] * state[1, i]
        out[k + 4, i] = gamma[i] * (z[i] * z[i])
        out[k + 5, i] = gamma[i] * cube
        out[k + 6, i] = vega[i] * cube
    out[k + 7, :n] = part(rows, field.DELTA)


@kernel
def _describe(rows: Tile, level: float, informed: bool, state: FloatArray) -> None:
    """Write what describes the state of each path, and the scales."""
    spot, realised = part(rows, field.SPOT), part(rows, field.REALISED_VOLATILITY)
    implied, left = (
        part(rows, field.IMPLIED_VOLATILITY),
        part(rows, field.TIME_TO_MATURITY),
    )
    true = part(rows, field.TRUE_VOLATILITY) if informed else realised
    vega, gamma = part(rows, field.VEGA), part(rows, field.GAMMA)
    moneyness, skew = part(rows, field.LOG_MONEYNESS), part(rows, field.SKEW)
    for i in range(spot.size):
        sigma, years = max(implied[i], _LEAST), max(left[i], 1e-6)
        sd = sigma * np.sqrt(years)
        state[0, i] = 0.5 * _clipped(moneyness[i] / sd, -4.0, 4.0)
        state[1, i] = _log_ratio(true[i], sigma)
        state[2, i] = _log_ratio(realised[i], sigma)
        state[3, i] = _clipped(5.0 * skew[i], -4.0, 4.0)
        state[4, i] = 0.5 * _clipped(log(_MONTHS * years), -4.0, 1.0)
        state[5, i] = _log_ratio(sigma, level)
        state[_VEGA, i] = vega[i] * sigma / spot[i]
        state[_GAMMA, i] = gamma[i] * spot[i] * sd


@scalar_kernel
def _clipped(x: float, low: float, high: float) -> float:
    return min(max(x, low), high)


@scalar_kernel
def _log_ratio(x: float, y: float) -> float:
    """Log of x / y, at most 2 in size; of volatilities that may be zero."""
    return _clipped(log(max(x, _LEAST) / max(y, _LEAST)), -2.0, 2.0)
