"""A band that scales with a power of gamma."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.numerics.powers import power_of


def gamma_half_width(
    gamma: FloatArray, spot: FloatArray, width: float, exponent: float, floor: float
) -> FloatArray:
    r"""Half-width of a band scaled with gamma, and never below a floor.

    .. math:: h = \max(h_0, w |\Gamma S|^k)

    Args:
        gamma: Change of delta per unit of spot, either sign, shape (n,) [1/S_0].
        spot: Price, shape (n,) [S_0].
        width: w, half-width where delta changes by 1 as spot changes by 100 % [-].
        exponent: k, at least 0; 2/3 is that of a proportional cost alone, 1/2 that
            of a fixed cost alone [-].
        floor: h_0, at least 0 [-].

    Returns:
        Half-width in holdings, shape (n,) [-].
    """
    return np.maximum(floor, width * power_of(np.abs(gamma * spot), exponent))


@dataclass(frozen=True)
class GammaBand(BandRule):
    """Trade back into a band that is wide where delta moves fast.

    The floor keeps an option far from its strike from being hedged to the last digit.
    The optimal bands of `no_trade_band` are of this form where one of the two costs
    is absent; here the power is left to tuning.

    Source:
        The power: Whalley and Wilmott (1997), Mathematical Finance 7(3), 307-324.
    """

    name: ClassVar[str] = "gamma-band"
    inputs: ClassVar[tuple[str, ...]] = ("delta", "holdings", "gamma", "spot")
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "width": ParameterRange(0.005, 1.0, "log"),
        "exponent": ParameterRange(0.0, 1.0),
        "floor": ParameterRange(0.0, 0.3),
        "trade_back": ParameterRange(0.0, 1.0),
    }

    width: float = 0.1  # w [-], holdings per contract
    exponent: float = 1.0 / 3.0  # k [-]
    floor: float = 0.05  # h_0 [-], holdings per contract
    trade_back: float = 1.0  # share of the half-width [-]; 1 is to delta, 0 to the edge

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band around the centre."""
        half_width = gamma_half_width(
            observables["gamma"],
            observables["spot"],
            self.width,
            self.exponent,
            self.floor,
        )
        inner = (1.0 - self.trade_back) * half_width
        return band_around(self.centre(observables), half_width, inner=inner)
