r"""How far from delta the holdings of least variance are, since volatility moves too.

.. math:: y - \Delta = (\theta + \varphi z) \frac{\mathcal V \sigma}{S},
          \quad z = \frac{\ln K / S}{\sigma \sqrt \tau}

with the book's vega :math:`\mathcal V` (negative where it is short options) and implied
volatility :math:`\sigma`. :math:`-\theta` is the expected change of the logarithm of
implied volatility per unit of log return, :math:`\rho \nu` where volatility is
lognormal; :math:`\varphi` is what it changes by for each standard deviation by which
the mean strike :math:`K` lies above spot, which the curvature of a smile does.

Sources: :math:`\theta` is the delta of Hull and White (2017), Journal of Banking and
Finance 82, 180-190, with one number; :math:`\varphi` is derived for this project.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from hedge_env.base.types import FloatArray

VEGA_TERM_INPUTS: Final = (
    "vega",
    "spot",
    "implied_volatility",
    "log_moneyness",
    "time_to_maturity",
)
_FARTHEST = 3.0  # |z|; beyond, the vega that it multiplies is nearly nothing


def vega_terms(observables: Mapping[str, FloatArray]) -> FloatArray:
    r"""What theta and phi multiply: :math:`\mathcal V \sigma / S` and z times that.

    Args:
        observables: With `VEGA_TERM_INPUTS`, each of shape (n,): vega [notional],
            spot [S_0], implied volatility [1/sqrt(year)], log of spot over the mean
            strike [-], time to maturity [year], 0 once every option has been paid out.

    Returns:
        Shape (2, n) [-]; z is cut off at 3, and 0 after the last expiry and where
        nothing moves.
    """
    volatility, time = (
        observables["implied_volatility"],
        observables["time_to_maturity"],
    )
    level = observables["vega"] * volatility / observables["spot"]
    deviation = volatility * np.sqrt(np.where(time > 0.0, time, np.inf))
    deviation = np.where(volatility > 0.0, deviation, np.inf)
    z = np.clip(-observables["log_moneyness"] / deviation, -_FARTHEST, _FARTHEST)
    return np.stack([level, z * level])
