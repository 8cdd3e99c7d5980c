r"""Black-Scholes value and Greeks at zero rates.

.. math:: C = S N(d_1) - K N(d_2), \quad
          d_{1,2} = \ln(S/K) / \sqrt w \pm \sqrt w / 2

with spot :math:`S`, strike :math:`K` and total variance :math:`w = \sigma^2 \tau`.
Puts follow from parity :math:`C - P = S - K`. Rates are zero throughout the
package: with a rate, read every price as discounted and every strike as
:math:`K e^{-r \tau}`.

Source: Black and Scholes (1973), Journal of Political Economy 81(3).
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.numerics.special import normal_cdf, normal_pdf

# Below this total standard deviation the option is its payoff to double precision
# everywhere but within 1e-7 of the strike.
SMALLEST_SD = 1e-8


@scalar_kernel
def d1_of(log_moneyness: float, total_sd: float) -> float:
    """Standardised moneyness d1 at log spot over strike and sqrt(w), at least 0."""
    sd = total_sd if total_sd > SMALLEST_SD else SMALLEST_SD
    return log_moneyness / sd + 0.5 * sd


@scalar_kernel
def call_value(spot: float, strike: float, d1: float, total_sd: float) -> float:
    """Value of a call, in the unit of `spot` and `strike`."""
    return spot * normal_cdf(d1) - strike * normal_cdf(d1 - total_sd)


@scalar_kernel
def call_delta(d1: float) -> float:
    """Change of a call's value per unit of spot, in [0, 1]; a put's is less by 1."""
    return normal_cdf(d1)


@scalar_kernel
def gamma_of(spot: float, d1: float, total_sd: float) -> float:
    """Change of delta per unit of spot, of a call or a put."""
    sd = total_sd if total_sd > SMALLEST_SD else SMALLEST_SD
    return normal_pdf(d1) / (spot * sd)


@scalar_kernel
def vega_of(spot: float, d1: float, time: float) -> float:
    """Change of value per unit of volatility, of a call or a put; `time` in years."""
    return spot * normal_pdf(d1) * float(np.sqrt(time))
