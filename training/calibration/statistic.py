"""What a statistic is: a name, how it is compared, and its value on a history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hedge_env._types import FloatArray


@dataclass(frozen=True)
class Statistic:
    """How one figure of a history is compared between data and model.

    Attributes:
        name: What it is called in the table.
        unit: What it is measured in.
        tolerance: Difference that counts as one: the weight of the fit is its
            inverse. A difference of logarithms if `ratio`.
        ratio: Whether it is compared as a ratio.
        fitted: Whether the fit aims at it, or only reports it.
        pooled: Power whose mean counts, if the histories count as one: two for a
            volatility. Zero: the statistic is averaged over histories of the data's
            length, which are as short as the data and as wrong about rare events.
    """

    name: str
    unit: str
    tolerance: float
    ratio: bool = False
    fitted: bool = True
    pooled: int = 0

    def scale(self, value: FloatArray) -> FloatArray:
        """Bring values to the scale on which differences are taken."""
        return np.log(np.maximum(value, 1e-12)) if self.ratio else value

    def mean(self, values: FloatArray, weights: FloatArray | None = None) -> float:
        """Mean on that scale over the histories that have a value.

        Args:
            values: Of each history.
            weights: Of each history, if they are not all alike.
        """
        values = np.asarray(values, dtype=float)
        if self.pooled:
            power = np.average(values**self.pooled, weights=weights)
            return float(power ** (1.0 / self.pooled))
        scaled = self.scale(values)
        known = np.isfinite(scaled)
        if not known.any():
            return float("nan")
        chosen = None if weights is None else weights[known]
        mean = float(np.average(scaled[known], weights=chosen))
        return float(np.exp(mean)) if self.ratio else mean

    def difference(self, model: float, data: float) -> float:
        """Model less data in tolerances."""
        a, b = (self.scale(np.asarray(value)) for value in (model, data))
        return float((a - b) / self.tolerance)


Values = Mapping[str, FloatArray]
"""Name of a statistic -> its value on each history; WEIGHT -> how much that counts."""

WEIGHT = "weight"
"""Key of the histories' weights, which sum to one; without it they count alike."""


def means(statistics: tuple[Statistic, ...], values: Values) -> dict[str, float]:
    """Mean of each statistic over the histories; those not in `values` are left out."""
    return {s.name: s.mean(values[s.name]) for s in statistics if s.name in values}
