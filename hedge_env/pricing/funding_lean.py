r"""How far funding draws the best holdings of a perpetual from those of least risk.

Who holds y units pays :math:`y f S` at each settlement, and risks
:math:`\lambda (y - y^*)^2 \sigma^2 S^2 \tau` until the next one. Their sum is least at

.. math:: y = y^* - \frac{f}{2 \lambda \sigma^2 S \tau}

with f the rate of a settlement [-], :math:`\lambda` risk aversion [1/notional],
:math:`\sigma` volatility [1/sqrt(year)], S spot [S_0], and :math:`\tau` the time from
one settlement to the next, taken as 8 hours (a multiple of the lean stands for any
other). A desk that is paid to be short holds less, by far less while volatility is low,
so that the lean x is bounded by 1, a whole notional, as :math:`x / \sqrt{1 + x^2}`.

The formula is derived for this project; it is the static solution of a linear cost and
a quadratic risk, as in Garleanu and Pedersen (2013), Journal of Finance 68(6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from hedge_env.base.types import FloatArray

FUNDING_LEAN_INPUTS: Final = (
    "funding_rate",
    "implied_volatility",
    "spot",
    "risk_aversion",
)
_SETTLEMENT_YEARS: Final = 8.0 / 8760.0
_LEAST_RISK: Final = 1e-12  # of a unit squared [notional]; nothing moves at spot 0
_LEAST_VOLATILITY: Final = 0.01  # [1/sqrt(year)]; below, the lean is 1 anyway


def funding_lean(observables: Mapping[str, FloatArray], multiple: float) -> FloatArray:
    """What funding takes off the holdings, shape (n,), between -1 and 1 [-].

    Args:
        observables: With `FUNDING_LEAN_INPUTS`, each of shape (n,): rate of a
            settlement [-], implied volatility [1/sqrt(year)], spot [S_0], risk
            aversion [1/notional].
        multiple: kappa: 1 is the formula where settlements are 8 hours apart, 0 leaves
            funding alone [-].
    """
    volatility = np.maximum(observables["implied_volatility"], _LEAST_VOLATILITY)
    risk = 2.0 * observables["risk_aversion"] * volatility**2 * observables["spot"]
    risk = np.maximum(risk * _SETTLEMENT_YEARS, _LEAST_RISK)
    return bounded(multiple * observables["funding_rate"] / risk)


def bounded(lean: FloatArray) -> FloatArray:
    r"""A lean of any size, brought between -1 and 1: :math:`x / \sqrt{1 + x^2}`.

    Args:
        lean: Shape (n,) [-].
    """
    found: FloatArray = lean / np.sqrt(1.0 + lean**2)
    return found
