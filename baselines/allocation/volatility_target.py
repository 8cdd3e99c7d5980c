r"""Volatility targeting: less is held when the market is wild.

The value held is :math:`V \sigma^* / \hat\sigma`, with wealth :math:`V`, the target
:math:`\sigma^*` and realised volatility :math:`\hat\sigma`, so that the volatility of
wealth stays near the target as far as the estimate can follow the market.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.allocation.allocation_rule import INPUTS, AllocationRule


@dataclass(frozen=True)
class VolatilityTarget(AllocationRule):
    """Hold so much that wealth has the target volatility."""

    name: ClassVar[str] = "volatility-target"
    inputs: ClassVar[tuple[str, ...]] = (*INPUTS, "realised_volatility")

    volatility: float = 0.3  # sigma* [1/sqrt(year)]
    leverage: float = 1.0  # most exposure, over wealth [-]
    tolerance: float = 0.05  # exposure may be off by so much of wealth [-]

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("volatility", "leverage"):
            if not 0.0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} = {getattr(self, name)} must be positive")
        if not 0.0 <= self.tolerance < np.inf:
            raise ValueError(f"tolerance = {self.tolerance} must be at least 0")

    def exposure(
        self, wealth: FloatArray, observables: Mapping[str, FloatArray]
    ) -> FloatArray:
        """V sigma* / sigma, at most the leverage times V, shape (n,) [notional]."""
        realised = np.maximum(observables["realised_volatility"], 1e-6)
        share = np.minimum(self.volatility / realised, self.leverage)
        return np.maximum(wealth, 0.0) * share
