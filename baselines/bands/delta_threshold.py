"""Delta hedging whenever holdings are a fixed distance away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.parameter_range import ParameterRange


def is_outside(
    delta: FloatArray, holdings: FloatArray, half_width: FloatArray | float
) -> BoolArray:
    """Whether holdings are more than `half_width` away from delta.

    Args:
        delta: Holdings that neutralise the book, shape (n,) [-].
        holdings: Holdings now, shape (n,) [-].
        half_width: Half-width of the band, at least 0 [-].

    Returns:
        Shape (n,).
    """
    return np.abs(delta - holdings) > half_width


@dataclass(frozen=True)
class DeltaThreshold(BandRule):
    """Trade to delta when holdings differ from it by more than `threshold`.

    A `trade_back` below 1 stops short of delta; it is not tuned here, but by
    `delta_band.DeltaBand`.
    """

    name: ClassVar[str] = "delta-threshold"
    inputs: ClassVar[tuple[str, ...]] = ("delta", "holdings")
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "threshold": ParameterRange(0.005, 1.0, "log"),
    }

    threshold: float = 0.1  # [-], holdings per contract
    trade_back: float = 1.0  # share of the threshold [-]

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band of constant width around the centre."""
        inner = (1.0 - self.trade_back) * self.threshold
        return band_around(self.centre(observables), self.threshold, inner=inner)
