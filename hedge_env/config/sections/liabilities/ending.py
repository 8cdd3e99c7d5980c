"""Positions that end: European options and forwards."""

from __future__ import annotations

from typing import Literal

from hedge_env.config.model import Days, Multiple
from hedge_env.config.sections.liabilities.liability import Liability


class LegConfig(Liability):
    """A European option."""

    kind: Literal["call", "put"]
    moneyness: Multiple = 1.0  # strike over initial spot
    maturity_days: Days = 30.0

    @property
    def days(self) -> float:
        """Time to the payoff [day]."""
        return self.maturity_days

    @property
    def strikes(self) -> tuple[float, ...]:
        """Its strike."""
        return (self.moneyness,)

    @property
    def hedge_bounds(self) -> tuple[float, float]:
        """Of a call 0 and -quantity, of a put 0 and quantity."""
        most = -self.quantity if self.kind == "call" else self.quantity
        return min(0.0, most), max(0.0, most)


class ForwardConfig(Liability):
    """A forward: the underlying for a price agreed on; see book/forward.py."""

    kind: Literal["forward"]
    moneyness: Multiple = 1.0  # price agreed on, over initial spot
    maturity_days: Days = 30.0

    @property
    def days(self) -> float:
        """Time to the delivery [day]."""
        return self.maturity_days

    @property
    def strikes(self) -> tuple[float, ...]:
        """The price agreed on."""
        return (self.moneyness,)

    @property
    def hedge_bounds(self) -> tuple[float, float]:
        """One unit of the underlying until the delivery, none after it."""
        return min(0.0, -self.quantity), max(0.0, -self.quantity)
