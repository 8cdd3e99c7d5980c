"""What the units of the environment are worth to a desk."""

from __future__ import annotations

from typing import NamedTuple


class Scale(NamedTuple):
    """What internal units are worth."""

    contracts: float  # [unit]
    start_spot: float  # [currency]

    @property
    def notional(self) -> float:
        """One notional [currency]."""
        return self.contracts * self.start_spot
