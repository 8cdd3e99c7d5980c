r"""Quantiles of the beta distribution, as a table.

By the trapezoidal rule for its density in the log odds :math:`x = \ln(y / (1 - y))`,

.. math:: f(x) \propto y^a (1 - y)^b,

which falls off exponentially on both sides, so that the rule converges geometrically.
Beyond the grid, where :math:`y` or :math:`1 - y` is nothing in double precision, the
mass is that of the exponentials. Made of arithmetic and `special` alone: the same bits
on any machine.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.numerics.special import exp, log_of_positive

_EDGE = 40.0  # log odds at the ends of the grid
_CELLS = 8000  # of the grid
_QUANTILES = 2049


def beta_quantiles(a: float, b: float) -> FloatArray:
    """Quantiles of Beta(a, b) at equally spaced probabilities from 0 to 1, shape (m,).

    Args:
        a: Positive [-]; up to some 10 000, beyond which the distribution is narrower
            than a cell of the grid.
        b: Likewise.
    """
    odds = np.linspace(-_EDGE, _EDGE, _CELLS + 1)
    value = np.array([1.0 / (1.0 + exp(-x)) for x in odds])
    log_value = np.array([log_of_positive(y) for y in value])
    # The grid is symmetric: backwards it is the logarithm of 1 - y.
    log_density = a * log_value + b * log_value[::-1]
    largest = log_density.max()
    density = np.array([exp(x - largest) for x in log_density])
    cells = _EDGE / _CELLS * (density[1:] + density[:-1])
    mass = density[0] / a + np.concatenate([[0.0], np.cumsum(cells)])
    total = mass[-1] + density[-1] / b
    levels = np.linspace(0.0, 1.0, _QUANTILES)
    return np.asarray(np.interp(levels, mass / total, value, left=0.0, right=1.0))
