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

from hedge_env.kernel import scalar_kernel
from hedge_env.numerics.special import normal_cdf, normal_pdf

# Below this total standard deviation the option is its payoff to double precision
# everywhere but within 1e-7 of the strike.
SMALLEST_SD = 1e-8


@scalar_kernel
def call_greeks(
    spot: float, strike: float, log_moneyness: float, total_sd: float
) -> tuple[float, float, float, float]:
    """Value, delta, gamma and derivative by total_sd of a call.

    Args:
        spot: Price of the underlying, positive [S_0].
        strike: Strike, positive [S_0].
        log_moneyness: Log of spot over strike, which callers have at hand [-].
        total_sd: Volatility times square root of time left, at least 0 [-].

    Returns:
        Value [S_0], delta [-], gamma [1/S_0], and d value / d total_sd [S_0]
        (vega is that times the square root of time left).
    """
    sd = total_sd if total_sd > SMALLEST_SD else SMALLEST_SD
    d1 = log_moneyness / sd + 0.5 * sd
    delta = normal_cdf(d1)
    density = normal_pdf(d1)
    value = spot * delta - strike * normal_cdf(d1 - sd)
    return value, delta, density / (spot * sd), spot * density


@scalar_kernel
def total_sd_of(volatility: float, time: float) -> float:
    """Volatility times the square root of time [-]."""
    return volatility * np.sqrt(time)
