r"""SSVI surface with a scale-free smile.

.. math:: w(k) = \frac{\theta}{2} \left( 1 + \rho \varphi k
          + \sqrt{(\varphi k + \rho)^2 + 1 - \rho^2} \right),
          \quad \varphi = \eta / \sqrt\theta

with log strike :math:`k = \ln(K/S)`, total variance at the money
:math:`\theta`, correlation :math:`\rho` and wing parameter :math:`\eta`. In
standardised strike :math:`x = k / \sqrt\theta` the smile does not depend on
maturity, as listed Ether and Bitcoin smiles nearly do not: implied over
at-the-money volatility has slope :math:`\rho \eta / 2` and curvature
:math:`\eta^2 (1 - 2 \rho^2) / 8` at the money.

There is no butterfly arbitrage if :math:`\theta \varphi (1 + |\rho|) < 4` and
:math:`\theta \varphi^2 (1 + |\rho|) \le 4` (Theorem 4.2 of the source). With
:math:`\eta \le 1.4`, :math:`|\rho| \le 0.95` and :math:`\theta \le 2`, which
the functions below enforce, the left sides are at most 3.87 and 3.83.

Source: Gatheral and Jacquier (2014), "Arbitrage-free SVI volatility surfaces",
Quantitative Finance 14(1).
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.numerics.special import exp, tanh

LARGEST_WING = 1.4  # of eta
LARGEST_CORRELATION = 0.95  # of |rho|
LARGEST_VARIANCE = 2.0  # of theta
SMALLEST_VARIANCE = 1e-12  # of theta, so that a quotient by it stays finite


@scalar_kernel
def ssvi_correlation(factor: float, mean: float) -> float:
    """Correlation parameter rho of a skew factor, within its bounds."""
    return LARGEST_CORRELATION * tanh((mean + factor) / LARGEST_CORRELATION)


@scalar_kernel
def ssvi_wing(factor: float, mean: float) -> float:
    """Wing parameter eta of a curvature factor, within its bounds."""
    wing = mean * exp(factor)
    return LARGEST_WING if wing > LARGEST_WING else wing


@scalar_kernel
def bounded_variance(variance: float) -> float:
    """At-the-money total variance theta, within its bounds."""
    theta = LARGEST_VARIANCE if variance > LARGEST_VARIANCE else variance
    return SMALLEST_VARIANCE if theta < SMALLEST_VARIANCE else theta


@scalar_kernel
def ssvi_total_variance(
    log_strike: float, theta: float, correlation: float, wing: float
) -> float:
    """Total implied variance w(k); see the module docstring.

    Args:
        log_strike: Log of strike over spot [-].
        theta: Total variance at the money, positive [-].
        correlation: rho, in (-1, 1) [-].
        wing: eta, in (0, 1.4] [-]. Zero gives a flat smile.

    Returns:
        Total variance [-], positive.
    """
    x = wing * log_strike / np.sqrt(theta)
    root = np.sqrt((x + correlation) * (x + correlation) + 1.0 - correlation**2)
    w: float = 0.5 * theta * (1.0 + correlation * x + root)
    return w
