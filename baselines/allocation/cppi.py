r"""Constant-proportion portfolio insurance: exposure in proportion to the cushion.

With wealth :math:`V`, floor :math:`F` and multiplier :math:`m` the value held is
:math:`m (V - F)^+`. Traded without pause and cost on a geometric Brownian motion
without drift, the cushion is a lognormal of :math:`m` times the volatility, by Ito's
formula

.. math:: V_T = F + (V_0 - F) (S_T / S_0)^m e^{-\frac12 m (m - 1) \sigma^2 T},

and never reaches the floor. A fall of more than a share 1/m of spot between two trades
does: that is gap risk. If such falls are jumps of intensity :math:`\nu`, the floor is
kept with probability :math:`e^{-\nu T}`, the chance that there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.allocation.allocation_rule import INPUTS, AllocationRule


def cppi_wealth(
    growth: FloatArray, variance: float, *, floor: float, multiplier: float
) -> FloatArray:
    """Wealth of the rule in continuous time; see the module docstring.

    Args:
        growth: S_T / S_0 on each path, shape (n,) [-].
        variance: sigma^2 T [-].
        floor: F, below the initial wealth of 1 [notional].
        multiplier: m [-].

    Returns:
        V_T, shape (n,) [notional].
    """
    m = multiplier
    wealth: FloatArray = floor + (1.0 - floor) * growth**m * np.exp(
        -0.5 * m * (m - 1.0) * variance
    )
    return wealth


@dataclass(frozen=True)
class Cppi(AllocationRule):
    """Hold `multiplier` times what wealth exceeds the floor by.

    A floor of 0 with a multiplier of 1 is to buy and hold.
    """

    name: ClassVar[str] = "cppi"
    inputs: ClassVar[tuple[str, ...]] = INPUTS

    floor: float = 0.8  # F [notional]
    multiplier: float = 4.0  # m [-]
    leverage: float = 1.0  # most exposure, over wealth [-]
    tolerance: float = 0.02  # exposure may be off by so much of wealth [-]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 <= self.floor < 1.0:
            raise ValueError(f"floor = {self.floor} must be at least 0 and below 1")
        for name in ("multiplier", "leverage"):
            if not 0.0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} = {getattr(self, name)} must be positive")
        if not 0.0 <= self.tolerance < np.inf:
            raise ValueError(f"tolerance = {self.tolerance} must be at least 0")

    def exposure(
        self, wealth: FloatArray, observables: Mapping[str, FloatArray]
    ) -> FloatArray:
        """M (V - F), at least 0 and at most the leverage times V, shape (n,)."""
        del observables
        cushion = np.maximum(wealth - self.floor, 0.0)
        return np.minimum(
            self.multiplier * cushion, self.leverage * np.maximum(wealth, 0.0)
        )
