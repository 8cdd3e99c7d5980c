r"""Implied volatility of the SABR model with beta 1 (lognormal).

.. math:: \sigma(k) = \alpha \, \frac{z}{\chi(z)} \left[ 1 + \left(
          \frac{\rho \nu \alpha}{4} + \frac{2 - 3 \rho^2}{24} \nu^2 \right) \tau
          \right], \quad z = - \frac{\nu}{\alpha} k, \quad
          \chi(z) = \ln \frac{\sqrt{1 - 2 \rho z + z^2} + z - \rho}{1 - \rho}

with log strike :math:`k = \ln(K/S)`, volatility now :math:`\alpha`, volatility of
volatility :math:`\nu`, correlation :math:`\rho` and time left :math:`\tau`. An
expansion for short maturities: good to a fraction of a percent for
:math:`\nu^2 \tau \ll 1`, and not free of arbitrage in the far wings.

Source: Hagan, Kumar, Lesniewski and Woodward (2002), "Managing smile risk", Wilmott
Magazine, September, equation (2.17) with beta 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.numerics.special import log

_NEAR = 1e-4  # of z: below, a quadratic is better than the quotient
_LEAST_CORRECTION = 0.1  # of the bracket, which a long maturity can make negative


class SabrParams(NamedTuple):
    """Constants of the smile."""

    volatility_of_volatility: float  # nu [1/sqrt(year)]
    correlation: float  # rho, in (-1, 1) [-]


@scalar_kernel
def sabr_correction(alpha: float, time: float, p: SabrParams) -> float:
    """The bracket: volatility at the money over `alpha`; `time` in years."""
    nu, rho = p.volatility_of_volatility, p.correlation
    rate = 0.25 * rho * nu * alpha + (2.0 - 3.0 * rho * rho) / 24.0 * nu * nu
    bracket = 1.0 + rate * time
    return bracket if bracket > _LEAST_CORRECTION else _LEAST_CORRECTION


@scalar_kernel
def sabr_volatility(
    log_strike: float, alpha: float, time: float, p: SabrParams
) -> float:
    """Implied volatility; see the module docstring.

    Args:
        log_strike: Log of strike over spot [-].
        alpha: Volatility now, positive [1/sqrt(year)].
        time: To maturity, at least 0 [year].
        p: Constants.

    Returns:
        Black-Scholes volatility [1/sqrt(year)], positive.
    """
    rho = p.correlation
    z = -p.volatility_of_volatility * log_strike / alpha
    root = np.sqrt(1.0 - 2.0 * rho * z + z * z)
    # Two forms of one number, each without cancellation on its side.
    above, below = (root + z - rho) / (1.0 - rho), (1.0 + rho) / (root - z + rho)
    chi = log(above if z > rho else below)
    far = z / (chi if chi != 0.0 else 1.0)
    near = 1.0 + z * ((2.0 - 3.0 * rho * rho) / 12.0 * z - 0.5 * rho)
    ratio = near if abs(z) < _NEAR else far
    volatility: float = alpha * ratio * sabr_correction(alpha, time, p)
    return volatility
