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

from hedge_env.base.types import FloatArray
from hedge_env.baselines.deltas.minimum_variance import minimum_variance_delta
from hedge_env.baselines.rule.assumptions import (
    why_not_one_option,
    why_nothing_to_hedge,
)
from hedge_env.baselines.rule.expiry import time_left
from hedge_env.baselines.rule.rule import AbstractRule
from hedge_env.config import EnvConfig

_RATIO = (0.25, 4.0)  # of own to at-the-money volatility
# Greatest |q| of a smile f = 1 + s z + q z^2 in standardised log strike z. SSVI has
# q = (1 - 2 rho^2) eta^2 / 8, with eta <= 2 without butterfly arbitrage: at most 1/2.
# Half of that is more than any market here has.
_CURVATURE = 0.25


def bartlett_slope(
    smile_slope: FloatArray,
    at_the_money: FloatArray,
    own: FloatArray,
    log_strike: FloatArray,
    time: FloatArray,
) -> FloatArray:
    """Expected change of an option's volatility per unit of log spot.

    Where own volatility cannot be that of one option on a smile, because the curvature
    that it takes is beyond any smile's, the slope at the money is used.

    Args:
        smile_slope: Of implied volatility in log strike, at the money, shape (n,)
            [1/sqrt(year)].
        at_the_money: Implied volatility there, shape (n,) [1/sqrt(year)].
        own: Implied volatility at the strike, shape (n,) [1/sqrt(year)].
        log_strike: Log of strike over spot, shape (n,) [-].
        time: To maturity, shape (n,), positive [year].

    Returns:
        beta of the module docstring, shape (n,) [1/sqrt(year)].
    """
    b, f, u = 2.0 * smile_slope, own / at_the_money, log_strike / at_the_money
    bend = f - 1.0 - 0.5 * b * u  # q z^2, with z^2 = u^2 / time
    readable = np.abs(bend) * time <= _CURVATURE * u * u
    readable &= (u != 0.0) & (f > _RATIO[0]) & (f < _RATIO[1])
    f, u = np.where(readable, f, 1.0), np.where(readable, u, 0.0)
    slope = 2.0 * (f - 1.0) / np.where(readable, u, 1.0) - 0.5 * b
    slope = np.where(readable, slope, 0.5 * b)
    beta: FloatArray = b * f - (1.0 + b * u) * slope
    return beta


@dataclass(frozen=True)
class Bartlett(AbstractRule):
    """Trade to Bartlett's delta at every decision.

    The book is read as options of one strike and maturity. Of other books, what cannot
    be read is replaced by the slope of the smile at the money, so that the rule stays
    near delta, but it is then not Bartlett's.
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

    @classmethod
    def why_unfit(cls, config: EnvConfig) -> str | None:
        """The smile is read off the book as off one option."""
        return why_nothing_to_hedge(config) or why_not_one_option(config)

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Bartlett's delta, shape (n, 1) [-]."""
        spot, time = observables["spot"], time_left(observables)
        vega, volatility = observables["vega"], observables["implied_volatility"]
        # Vega over gamma is S^2 sigma tau, and of one option has this sign. Without an
        # option left all of them are zero; any finite time does.
        convexity = observables["gamma"] * spot * spot * np.minimum(time, 1e6)
        own = -vega / np.where(np.abs(convexity) > 1e-100, convexity, 1e100)
        slope = bartlett_slope(
            observables["skew"] / np.sqrt(time),
            volatility,
            own,
            -observables["log_moneyness"],
            time,
        )
        goal = minimum_variance_delta(observables["delta"], vega, spot, slope)
        return goal[:, None]
