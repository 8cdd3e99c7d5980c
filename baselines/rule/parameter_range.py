"""The range a rule's parameter is searched in, and on which scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

Scale: TypeAlias = Literal["linear", "log", "integer"]


@dataclass(frozen=True)
class ParameterRange:
    """Search range of one parameter; integers are searched on a logarithmic scale.

    Attributes:
        low: Lowest value.
        high: Highest value.
        scale: Where equal steps lie: values, logarithms, or whole numbers.

    Raises:
        ValueError: If the range is empty, or holds zero on a logarithmic scale.
    """

    low: float
    high: float
    scale: Scale = "linear"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and self.low < self.high < math.inf):
            raise ValueError(f"low {self.low} must be below high {self.high}")
        if self.scale != "linear" and not self.low > 0.0:
            raise ValueError(f"low {self.low} must be positive on a {self.scale} scale")

    def from_unit(self, u: float) -> float:
        """Value at position `u`; 0 is `low` and 1 is `high`, outside is clipped."""
        u = min(max(u, 0.0), 1.0)
        if self.scale == "linear":
            return self.low + u * (self.high - self.low)
        value = self.low * (self.high / self.low) ** u
        return float(round(value)) if self.scale == "integer" else value

    def to_unit(self, value: float) -> float:
        """Position of `value` in the range, clipped to [0, 1]."""
        if self.scale == "linear":
            u = (value - self.low) / (self.high - self.low)
        else:
            u = math.log(max(value, self.low) / self.low)
            u /= math.log(self.high / self.low)
        return min(max(u, 0.0), 1.0)

    def check(self, name: str, value: float) -> None:
        """Refuse a value that the scale does not know; `low` and `high` do not bind.

        Raises:
            ValueError: If the value is not finite, not positive on a logarithmic
                scale, or not a positive whole number on the integer scale.
        """
        if not math.isfinite(value):
            raise ValueError(f"{name} = {value} must be finite")
        if self.scale == "log" and not value > 0.0:
            raise ValueError(f"{name} = {value} must be positive")
        if self.scale == "integer" and not (value >= 1 and value == round(value)):
            raise ValueError(f"{name} = {value} must be a positive whole number")
