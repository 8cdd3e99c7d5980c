"""Delta hedging whenever holdings are a fixed distance away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from baselines.parameters import ParameterRange
from baselines.rule import AbstractRule, trade_where
from hedge_env._types import BoolArray, FloatArray


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
class DeltaThreshold(AbstractRule):
    """Trade to delta when holdings differ from it by more than `threshold`."""

    name: ClassVar[str] = "delta-threshold"
    inputs: ClassVar[tuple[str, ...]] = ("delta", "holdings")
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "threshold": ParameterRange(0.005, 1.0, "log")
    }

    threshold: float = 0.1  # [-], holdings per contract

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Delta where it is too far away, shape (n, 1) [-]."""
        delta, holdings = observables["delta"], observables["holdings"]
        outside = is_outside(delta, holdings, self.threshold)
        return trade_where(outside, delta, holdings)
