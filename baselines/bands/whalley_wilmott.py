"""Whalley and Wilmott's band for a proportional cost, traded to its edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.pricing.no_trade_band import whalley_wilmott_half_width


@dataclass(frozen=True)
class WhalleyWilmott(BandRule):
    """Trade to the edge of the band with g = 2 lambda x `risk_multiplier`.

    The formula knows no fixed cost, and an edge is left soon after it was traded to;
    where each transaction has a price, tuning has only the width to make up for it.

    Source:
        Whalley and Wilmott (1997), Mathematical Finance 7(3), 307-324.
    """

    name: ClassVar[str] = "whalley-wilmott"
    inputs: ClassVar[tuple[str, ...]] = (
        "delta",
        "holdings",
        "gamma",
        "spot",
        "proportional_cost",
        "risk_aversion",
    )
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "risk_multiplier": ParameterRange(1e-4, 1e2, "log")
    }

    risk_multiplier: float = 1.0  # [-]; 1 is the formula's own band

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band around the centre, traded to its edges."""
        half_width = whalley_wilmott_half_width(
            observables["gamma"],
            observables["spot"],
            observables["proportional_cost"],
            2.0 * self.risk_multiplier * observables["risk_aversion"],
        )
        return band_around(self.centre(observables), half_width, inner=half_width)
