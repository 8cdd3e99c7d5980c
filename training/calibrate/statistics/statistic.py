"""What a statistic is: a name, how it is compared, and its value on a history."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hedge_env.base.types import FloatArray

REACH_RATIO, REACH = 0.35, 0.1
"""What a good fit reaches where no limit is asked: a third of a ratio, a tenth of a
correlation or a share. Statistics that are small themselves name a closer one."""


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
        limit: Largest difference of a market that is called fitted, in the unit of the
            table: relative if `ratio`; None: none is asked.
        reach: Where none is asked, the largest difference of a good fit, in the same
            unit; None: REACH_RATIO if `ratio`, else REACH.
        factor: Whether the limit is the excess over one of the larger of model over
            data and data over model.
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
    limit: float | None = None
    factor: bool = False
    reach: float | None = None

    @property
    def is_asked(self) -> bool:
        """Whether a market must be within the limit to be called fitted."""
        return self.limit is not None

    @property
    def bound(self) -> float:
        """The limit, or what a good fit reaches where none is asked."""
        if self.limit is not None:
            return self.limit
        if self.reach is not None:
            return self.reach
        return REACH_RATIO if self.ratio else REACH

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

    def within(self, model: float, data: float) -> bool | None:
        """Whether the model is within the bound; None if the data have no value."""
        if not np.isfinite(data):
            return None
        if self.factor:
            a, b = (self.scale(np.asarray(value)) for value in (model, data))
            return bool(abs(a - b) <= math.log1p(self.bound))
        most = self.bound * abs(data) if self.ratio else self.bound
        return bool(abs(model - data) <= most)

    @property
    def allowed(self) -> str:
        """The bound as text, in brackets if it is not asked for."""
        text = f"{100.0 * self.bound:g} %" if self.ratio else f"{self.bound:g}"
        if self.factor:
            text = f"factor {1.0 + self.bound:g}"
        return text if self.is_asked else f"({text})"


def asked(
    name: str,
    unit: str,
    limit: float,
    *,
    aim: float = 1.0,
    ratio: bool = False,
    factor: bool = False,
    pooled: int = 0,
) -> Statistic:
    """A statistic with a limit; the tolerance of the fit is a third of it, or less.

    Args:
        name: See `Statistic`.
        unit: See `Statistic`.
        limit: See `Statistic`.
        aim: What the third is multiplied by.
        ratio: See `Statistic`.
        factor: See `Statistic`.
        pooled: See `Statistic`.
    """
    largest = math.log1p(limit) if factor else limit
    tolerance = aim * largest / 3.0
    return Statistic(
        name, unit, tolerance, ratio, pooled=pooled, limit=limit, factor=factor
    )


Values = Mapping[str, FloatArray]
"""Name of a statistic -> its value on each history; WEIGHT -> how much that counts."""

WEIGHT = "weight"
"""Key of the histories' weights, which sum to one; without it they count alike."""


def means(statistics: tuple[Statistic, ...], values: Values) -> dict[str, float]:
    """Mean of each statistic over the histories; those not in `values` are left out."""
    return {s.name: s.mean(values[s.name]) for s in statistics if s.name in values}
