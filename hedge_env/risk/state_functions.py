r"""Functions of the present state whose surprises are control variates.

Whatever a function :math:`\psi` of the state is, its surprise
:math:`\psi(x_{k+1}) - E_k \psi(x_{k+1})` has mean zero. Sums of many such are near the
surprise of any value function that is a sum of the functions, so that these are chosen
to be what risk and cost to come depend on: volatilities, regime, excitation of jumps,
shape of the smile, price of gas and the factors behind it, each with how near the book
is to its strikes. A policy need not see any of it.

With :math:`z` log moneyness in standard deviations until expiry, bounded smoothly, and
:math:`g = e^{-z^2 / 2}`, they are every factor times 1, g and :math:`g^2`, then some of
spot alone. Being smooth, they have exact expectations by quadrature where only spot
moves.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.market.engine import market_state
from hedge_env.numerics.special import exp

_FACTORS = 24  # see `_fill_factors`
_OTHERS = 12
N_FUNCTIONS: Final = 3 * _FACTORS + _OTHERS
_FARTHEST = 4.0  # standard deviations
_ROUND = 0.1  # of the kink of |z|, squared


@kernel
def fill_functions(rows: FloatArray, state: FloatArray, out: FloatArray) -> None:
    """Write the functions of all paths.

    Args:
        rows: Rows at a decision, shape (rows, n).
        state: Market state, shape (N_STATES, n).
        out: Shape (n, N_FUNCTIONS), written: what a path needs lies together.
    """
    factors = np.empty(_FACTORS)
    for i in range(rows.shape[1]):
        _fill_factors(rows, state, i, factors)
        implied, stress = factors[1], factors[6]
        left = max(rows[field.TIME_TO_MATURITY, i], 1e-5)
        moneyness = rows[field.LOG_MONEYNESS, i]
        z = moneyness / (max(implied, 1e-9) * np.sqrt(left))
        z = z / np.sqrt(1.0 + z * z / (_FARTHEST * _FARTHEST))
        g = exp(-0.5 * z * z)
        for j in range(_FACTORS):
            out[i, j] = factors[j]
            out[i, _FACTORS + j] = factors[j] * g
            out[i, 2 * _FACTORS + j] = factors[j] * g * g
        k = 3 * _FACTORS
        out[i, k] = z
        out[i, k + 1] = z * g
        out[i, k + 2] = np.sqrt(z * z + _ROUND)
        out[i, k + 3] = z * implied
        out[i, k + 4] = z * stress
        out[i, k + 5] = z * stress * g
        out[i, k + 6] = moneyness
        out[i, k + 7] = moneyness * moneyness
        out[i, k + 8] = rows[field.SPOT, i] * g
        variance = factors[4]
        curved = rows[field.GAMMA, i] * rows[field.SPOT, i] ** 2 * variance
        out[i, k + 9] = curved * curved
        out[i, k + 10] = curved * curved / max(variance, 1e-9)
        out[i, k + 11] = curved * rows[field.VEGA, i] * implied


@scalar_kernel
def _fill_factors(rows: FloatArray, state: FloatArray, i: int, out: FloatArray) -> None:
    """Write what describes a state: 1, volatilities, smile, gas, funding."""
    implied, true = rows[field.IMPLIED_VOLATILITY, i], rows[field.TRUE_VOLATILITY, i]
    stress = state[market_state.STRESS, i]
    slow_gas = exp(state[market_state.GAS_SLOW, i])
    out[0] = 1.0
    out[1] = implied
    out[2] = implied * implied
    out[3] = true
    out[4] = true * true
    out[5] = rows[field.REALISED_VOLATILITY, i]
    out[6] = stress
    out[7] = state[market_state.EXCITATION, i]
    out[8] = rows[field.SKEW, i]
    out[9] = state[market_state.CURVATURE, i]
    out[10] = state[market_state.FAST, i]
    out[11] = state[market_state.SLOW, i]
    out[12] = state[market_state.INTRADAY, i]
    out[13] = rows[field.LOG_GAS, i]
    out[14] = state[market_state.GAS_SLOW, i]
    out[15] = slow_gas
    out[16] = state[market_state.GAS_FAST, i]
    out[17] = state[market_state.GAS_BURST, i]
    out[18] = state[market_state.PREMIUM, i]
    out[19] = rows[field.FUNDING_RATE, i]
    out[20] = stress * implied
    out[21] = stress * true * true
    out[22] = implied * slow_gas
    out[23] = stress * slow_gas


@kernel
def add_surprises(
    before: FloatArray,
    drawn: FloatArray,
    weights: FloatArray,
    after: FloatArray,
    weight: float,
    total: FloatArray,
) -> None:
    r"""Add weighted surprises of the functions.

    The expectation is taken as :math:`\psi(x_k) + \sum_d w_d (\psi(x^d_{k+1}) -
    \psi(x_k))`: weights have the sum one in expectation only, and the difference of a
    function is small where the function is not.

    Args:
        before: Functions at a decision, shape (n, m).
        drawn: Those of the draws of the next one, path by path, shape (n draws, m).
        weights: Of the draws, shape (n, draws).
        after: Those of the path's own next decision, shape (n, m).
        weight: Of this decision [-].
        total: Shape (n, m), added to.
    """
    n, draws = weights.shape
    m = before.shape[1]
    for i in range(n):
        for d in range(draws):
            share, row = weight * weights[i, d], drawn[i * draws + d]
            for j in range(m):
                total[i, j] -= share * (row[j] - before[i, j])
        for j in range(m):
            total[i, j] += weight * (after[i, j] - before[i, j])
