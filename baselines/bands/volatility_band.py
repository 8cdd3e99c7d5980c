"""A delta threshold that moves with realised volatility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.numerics.powers import power_of


def volatility_half_width(
    realised_volatility: FloatArray, width: float, exponent: float
) -> FloatArray:
    r"""Half-width of a band scaled with realised volatility.

    .. math:: h = w \sigma^k

    Args:
        realised_volatility: sigma, annualised, shape (n,) [1/sqrt(year)].
        width: Half-width w at a volatility of 1 [-].
        exponent: k; positive tolerates more when markets are wild, negative less.

    Returns:
        Half-width in holdings, shape (n,) [-].
    """
    return width * power_of(realised_volatility, exponent)


@dataclass(frozen=True)
class VolatilityBand(BandRule):
    """Trade to delta outside a band that scales with realised volatility.

    Which sign of the exponent pays is left to tuning: a wild market makes a given
    error more dangerous, but also makes the band be left more often.
    """

    name: ClassVar[str] = "volatility-band"
    inputs: ClassVar[tuple[str, ...]] = ("delta", "holdings", "realised_volatility")
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "width": ParameterRange(0.005, 1.5, "log"),
        "exponent": ParameterRange(-2.0, 2.0),
    }

    width: float = 0.12  # [-], holdings per contract at a volatility of 100 %
    exponent: float = 1.0  # [-]

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band around the centre."""
        half_width = volatility_half_width(
            observables["realised_volatility"], self.width, self.exponent
        )
        return band_around(self.centre(observables), half_width)
