"""The band for a fixed cost alone, traded to its centre."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.pricing.no_trade_band import fixed_cost_half_width


@dataclass(frozen=True)
class FixedCostBand(BandRule):
    r"""Trade to delta outside the band with g = 2 lambda x `risk_multiplier`.

    .. math:: h = (12 F \Gamma^2 / g)^{1/4}

    F is the fixed cost of a transaction now, so the band widens when gas is dear; the
    formula knows no proportional cost. Without fixed cost it is delta hedging.

    Source:
        `hedge_env.pricing.no_trade_band`, where the proportional cost is zero.
    """

    name: ClassVar[str] = "fixed-cost-band"
    inputs: ClassVar[tuple[str, ...]] = (
        "delta",
        "holdings",
        "gamma",
        "fixed_cost",
        "risk_aversion",
    )
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "risk_multiplier": ParameterRange(1e-4, 1e2, "log")
    }

    risk_multiplier: float = 1.0  # [-]; 1 is the formula's own band

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band around the centre."""
        half_width = fixed_cost_half_width(
            observables["gamma"],
            observables["fixed_cost"],
            2.0 * self.risk_multiplier * observables["risk_aversion"],
        )
        return band_around(self.centre(observables), half_width)
