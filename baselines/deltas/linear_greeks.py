r"""Holdings that are a linear function of the book's Greeks, found by regression.

.. math:: y = (1 + a) \Delta + b \, \frac{\mathcal V \sigma}{S}
          + c \, \sigma \frac{\partial \Delta}{\partial \sigma}
          + d \, \Gamma S \sigma \sqrt\tau

with delta, vega :math:`\mathcal V`, vanna and gamma of the book, none with a unit. The
vanna is read off the book as off options of the mean strike K,

.. math:: \sigma \frac{\partial \Delta}{\partial \sigma}
          = -\frac{\mathcal V \sigma}{S} \,
            \frac{z + \sigma \sqrt\tau / 2}{\sigma \sqrt\tau},
          \quad z = \frac{\ln K / S}{\sigma \sqrt\tau}.

On options on indices four such numbers hedge as well as networks do.

Source: Ruf and Wang (2022), "Hedging with linear regressions and neural networks",
Journal of Business and Economic Statistics 40(4), as given in reviews of it; the band
around it is that of `delta_band`.
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
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.config import EnvConfig

_MOST = 1.0  # |vanna|; of one option it is below 0.25


def greek_terms(observables: Mapping[str, FloatArray]) -> FloatArray:
    """Delta, and vega, vanna and gamma as holdings: see the module docstring.

    Args:
        observables: With `delta`, `vega`, `gamma`, `spot`, `implied_volatility`,
            `log_moneyness` and `time_to_maturity`.

    Returns:
        Shape (4, n) [-]; all but delta 0 once every option has been paid out.
    """
    volatility = observables["implied_volatility"]
    deviation = volatility * np.sqrt(observables["time_to_maturity"])
    vega = observables["vega"] * volatility / observables["spot"]
    shift = 0.5 * deviation**2 - observables["log_moneyness"]
    alive = deviation > 0.0
    vanna = -vega * shift / np.where(alive, deviation, 1.0) ** 2
    gamma = observables["gamma"] * observables["spot"] * deviation
    vanna = np.where(alive, np.clip(vanna, -_MOST, _MOST), 0.0)
    return np.stack([observables["delta"], vega, vanna, gamma])


@dataclass(frozen=True)
class LinearGreeks(BandRule):
    """Trade back into a band of constant width around a regression on Greeks."""

    name: ClassVar[str] = "linear-greeks"
    inputs: ClassVar[tuple[str, ...]] = ("delta", "holdings", "gamma")
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "half_width": ParameterRange(0.005, 1.0, "log"),
        "trade_back": ParameterRange(0.0, 1.0),
    }
    centre_parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "delta_excess": ParameterRange(-0.5, 0.5),
        "vega": ParameterRange(-4.0, 4.0),
        "vanna": ParameterRange(-4.0, 4.0),
        "gamma": ParameterRange(-4.0, 4.0),
    }

    half_width: float = 0.1  # [-], holdings per contract
    trade_back: float = 0.5  # share of the half-width [-]
    delta_excess: float = 0.0  # a [-]
    vega: float = 0.0  # b [-]
    vanna: float = 0.0  # c [-]
    gamma: float = 0.0  # d [-]

    @classmethod
    def why_unfit(cls, config: EnvConfig) -> str | None:
        """Vanna is that of one maturity."""
        return why_nothing_to_hedge(config) or why_not_one_maturity(config)

    def centre_terms(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """What the four numbers multiply, shape (4, n) [-]."""
        return greek_terms(observables)

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band of constant width around the regression."""
        weights = np.array([self.delta_excess, self.vega, self.vanna, self.gamma])
        goal = observables["delta"] + weights @ greek_terms(observables)
        inner = (1.0 - self.trade_back) * self.half_width
        centre = self.centre(observables, goal)
        return band_around(centre, self.half_width, inner=inner)
