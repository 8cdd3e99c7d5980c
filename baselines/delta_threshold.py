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


def traded_back(
    delta: FloatArray,
    holdings: FloatArray,
    half_width: FloatArray | float,
    share: float,
) -> FloatArray:
    """Holdings after the least trade that ends a share of the half-width inside.

    Args:
        delta: Centre of the band, shape (n,) [-].
        holdings: Holdings now, shape (n,) [-].
        half_width: Half-width of the band, at least 0 [-].
        share: 1 is to delta, 0 to the edge [-].

    Returns:
        Exactly delta for a share of 1, shape (n,) [-].
    """
    inner = (1.0 - share) * half_width
    return np.clip(holdings, delta - inner, delta + inner)


@dataclass(frozen=True)
class DeltaThreshold(AbstractRule):
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

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Nearest point of the inner band where delta is far, shape (n, 1) [-]."""
        delta, holdings = observables["delta"], observables["holdings"]
        goal = traded_back(delta, holdings, self.threshold, self.trade_back)
        outside = is_outside(delta, holdings, self.threshold)
        return trade_where(outside, goal, holdings)
