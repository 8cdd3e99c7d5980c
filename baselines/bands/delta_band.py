"""A constant band around delta, traded back into as far as pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.parameter_range import ParameterRange


@dataclass(frozen=True)
class DeltaBand(BandRule):
    """Trade towards delta when holdings differ from it by more than `half_width`.

    With a `trade_back` of 1 a trade goes to delta, which suits a fixed cost; with 0 to
    the edge of the band, which suits a proportional one. Tuned, the band to the edge
    beats the published agents of Cao, Chen, Hull and Poulos (2021) in their market.
    """

    name: ClassVar[str] = "delta-band"
    inputs: ClassVar[tuple[str, ...]] = ("delta", "holdings")
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "half_width": ParameterRange(0.005, 1.0, "log"),
        "trade_back": ParameterRange(0.0, 1.0),
    }

    half_width: float = 0.1  # [-], holdings per contract
    trade_back: float = 0.5  # share of the half-width [-]

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band of constant width around the centre."""
        inner = (1.0 - self.trade_back) * self.half_width
        return band_around(self.centre(observables), self.half_width, inner=inner)
