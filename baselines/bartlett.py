r"""Bartlett's delta: what spot does to volatility is part of the hedge.

In a model of stochastic volatility a move of spot comes with a move of volatility.
With SABR (beta 1) it is :math:`d\alpha = \rho \nu \, dS / S` on average, and the delta
that allows for it is

.. math:: \Delta_B = \Delta + \mathcal V \frac{\beta(k)}{S}, \quad
          \beta = \frac{\partial \sigma}{\partial \ln S}
                  + \rho \nu \frac{\partial \sigma}{\partial \alpha}

with Black-Scholes delta and vega at the option's own implied volatility
:math:`\sigma = \alpha f(u)`, :math:`u = k / \alpha`, at log strike :math:`k`, so that

.. math:: \beta = b f - (1 + b u) f', \quad b = \rho \nu.

All of it can be read off the surface: the slope of the smile at the money is
:math:`b / 2` (the observable `skew`, which is per standardised strike), the option's
own volatility is its vega over gamma, and :math:`f' = 2 (f - 1) / u - b / 2` for a
smile that is a parabola. At the money :math:`\beta` is the slope of the smile: for
short maturities that holds in every diffusion with one volatility, Heston's too. No
parameter of the model is needed; a surface without a smile gives delta.

Sources: Bartlett (2006), "Hedging under SABR model", Wilmott Magazine, July/August. The
form in observables is derived from it; against the derivative of Hagan's formula it is
off by less than 0.005 of about 0.12 within 1.5 standard deviations of spot, for three
months at a volatility of volatility of 0.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from baselines.minimum_variance import minimum_variance_delta
from baselines.rule import AbstractRule
from hedge_env._types import FloatArray

_NEAR_THE_MONEY = 1e-4  # of u: no curvature can be read there, and none matters
_RATIO = (0.25, 4.0)  # of own to at-the-money volatility; beyond, a book of many legs


def bartlett_slope(
    smile_slope: FloatArray,
    at_the_money: FloatArray,
    own: FloatArray,
    log_strike: FloatArray,
) -> FloatArray:
    """Expected change of an option's volatility per unit of log spot.

    Args:
        smile_slope: Of implied volatility in log strike, at the money, shape (n,)
            [1/sqrt(year)].
        at_the_money: Implied volatility there, shape (n,) [1/sqrt(year)].
        own: Implied volatility at the strike, shape (n,) [1/sqrt(year)].
        log_strike: Log of strike over spot, shape (n,) [-].

    Returns:
        beta of the module docstring, shape (n,) [1/sqrt(year)].
    """
    b, f, u = 2.0 * smile_slope, own / at_the_money, log_strike / at_the_money
    readable = (np.abs(u) > _NEAR_THE_MONEY) & (f > _RATIO[0]) & (f < _RATIO[1])
    f, u = np.where(readable, f, 1.0), np.where(readable, u, 0.0)
    slope = 2.0 * (f - 1.0) / np.where(readable, u, 1.0) - 0.5 * b
    slope = np.where(readable, slope, 0.5 * b)
    beta: FloatArray = b * f - (1.0 + b * u) * slope
    return beta


@dataclass(frozen=True)
class Bartlett(AbstractRule):
    """Trade to Bartlett's delta at every decision.

    A book of several legs is read as options of its mean strike.
    """

    name: ClassVar[str] = "bartlett"
    inputs: ClassVar[tuple[str, ...]] = (
        "delta",
        "gamma",
        "vega",
        "spot",
        "log_moneyness",
        "implied_volatility",
        "skew",
        "time_to_maturity",
    )

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Bartlett's delta, shape (n, 1) [-]."""
        spot, time = observables["spot"], observables["time_to_maturity"]
        vega, volatility = observables["vega"], observables["implied_volatility"]
        # Vega over gamma is S^2 sigma tau.
        convexity = np.abs(observables["gamma"]) * spot * spot * time
        floored = np.maximum(convexity, 1e-100)
        slope = bartlett_slope(
            observables["skew"] / np.sqrt(time),
            volatility,
            np.abs(vega) / floored,
            -observables["log_moneyness"],
        )
        goal = minimum_variance_delta(observables["delta"], vega, spot, slope)
        return goal[:, None]
