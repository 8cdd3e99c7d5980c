r"""The delta that allows for volatility moving with spot.

Implied volatility tends to fall when spot rises. A book whose value changes by
:math:`V` per unit of volatility has its variance minimised not by delta but by

.. math:: h = \Delta - \frac{V}{S} \frac{E[d\sigma]}{d \ln S}, \quad
          \frac{E[d\sigma]}{d \ln S} = \frac{a + b \Delta + c \Delta^2}{\tau^p}.

With :math:`p = 1/2` the slope is Hull and White's quadratic. With :math:`p = 0` and
:math:`b = c = 0` it is one number, :math:`a = \rho \nu` for a lognormal volatility with
volatility :math:`\nu` and correlation :math:`\rho` with returns.

Source: Hull and White (2017), "Optimal delta hedging for options", Journal of Banking
and Finance 82, 180-190.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.assumptions import (
    why_not_one_maturity,
    why_nothing_to_hedge,
)
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.expiry import time_left
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.config import EnvConfig


def minimum_variance_delta(
    delta: FloatArray,
    vega: FloatArray,
    spot: FloatArray,
    volatility_slope: FloatArray | float,
) -> FloatArray:
    """Holdings that minimise the variance of the next increment.

    Args:
        delta: Holdings that neutralise the book at a given volatility, shape (n,) [-].
        vega: Change of the book's value per unit of volatility, negative where the
            book is short options, shape (n,) [notional].
        spot: Price, shape (n,) [S_0].
        volatility_slope: Expected change of volatility per unit of log spot
            [1/sqrt(year)].

    Returns:
        Shape (n,) [-].
    """
    return delta - vega / spot * volatility_slope


@dataclass(frozen=True)
class MinimumVariance(BandRule):
    """Trade to the minimum-variance delta when holdings are far from it.

    Delta in the slope is that of the whole book, which is an option's own for a book of
    one short call.
    """

    name: ClassVar[str] = "minimum-variance"
    inputs: ClassVar[tuple[str, ...]] = (
        "delta",
        "holdings",
        "vega",
        "spot",
        "time_to_maturity",
    )
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "threshold": ParameterRange(0.005, 1.0, "log"),
    }
    centre_parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "level": ParameterRange(-0.5, 0.5),
        "linear": ParameterRange(-0.5, 0.5),
        "quadratic": ParameterRange(-0.5, 0.5),
    }

    threshold: float = 0.1  # [-], holdings per contract
    level: float = 0.0  # a [year^(p - 1/2)]
    linear: float = 0.0  # b [year^(p - 1/2)]
    quadratic: float = 0.0  # c [year^(p - 1/2)]
    maturity_power: float = 0.5  # p [-]; 0 for a slope that maturity does not change

    @classmethod
    def why_unfit(cls, config: EnvConfig) -> str | None:
        """The slope is that of one maturity."""
        return why_nothing_to_hedge(config) or why_not_one_maturity(config)

    def centre_terms(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """What level, linear and quadratic multiply, shape (3, n) [-]."""
        delta = observables["delta"]
        term = -observables["vega"] / observables["spot"]
        term = term / time_left(observables) ** self.maturity_power
        return np.stack([term, term * delta, term * delta * delta])

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band of constant width around the minimum-variance delta."""
        delta = observables["delta"]
        slope = self.level + delta * (self.linear + delta * self.quadratic)
        goal = minimum_variance_delta(
            delta,
            observables["vega"],
            observables["spot"],
            slope / time_left(observables) ** self.maturity_power,
        )
        return band_around(self.centre(observables, goal), self.threshold)
