"""Contracts that pay funding instead of ending, or follow each other without end.

The kernels are in `book/endless`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hedge_env.config.model import HOURS_PER_DAY, Days, Multiple
from hedge_env.config.sections.episode import EpisodeConfig
from hedge_env.config.sections.liabilities.liability import (
    GRID_TOLERANCE,
    Liability,
    check_maturity,
)


class PerpetualOption(Liability):
    """What everlasting options and power perpetuals have in common."""

    funding_days: Annotated[float, Field(ge=1e-2, le=1e3)] = 7.0  # T
    # n, of funding in one period; None: all the time. Each is a sum over decades of n.
    payments: Annotated[int, Field(ge=1, le=48)] | None = None

    @property
    def tenor_days(self) -> float:
        """The funding period, the mean time to its payoffs."""
        return self.funding_days

    def check(self, key: str, episode: EpisodeConfig) -> None:
        """Refuse payments between two decisions.

        Args:
            key: Where the position is in the config.
            episode: Its time grid.

        Raises:
            ValueError: In one sentence that names the key.
        """
        if self.payments is None:
            return
        hours = self.funding_days * HOURS_PER_DAY / self.payments
        steps = hours / episode.decision_interval_hours
        if round(steps) < 1 or abs(steps - round(steps)) > GRID_TOLERANCE:
            raise ValueError(
                f"{key}.payments = {self.payments} are {hours:g} hours apart, which is "
                "no multiple of episode.decision_interval_hours = "
                f"{episode.decision_interval_hours:g}; use another number, or null for "
                "funding that is paid all the time"
            )


class EverlastingConfig(PerpetualOption):
    """An option that pays funding instead of ending; see book/endless."""

    kind: Literal["everlasting"]
    option: Literal["call", "put"] = "call"
    moneyness: Multiple = 1.0  # strike over initial spot

    @property
    def strikes(self) -> tuple[float, ...]:
        """Its strike."""
        return (self.moneyness,)

    @property
    def hedge_bounds(self) -> tuple[float, float]:
        """Of a call 0 and -quantity, of a put 0 and quantity."""
        most = -self.quantity if self.option == "call" else self.quantity
        return min(0.0, most), max(0.0, most)


class PowerConfig(PerpetualOption):
    """A power of spot, worth one unit at the start; see book/endless."""

    kind: Literal["power"]
    power: Annotated[float, Field(ge=-4.0, le=4.0)] = 2.0
    funding_days: Annotated[float, Field(ge=1e-2, le=1e3)] = 17.5

    @property
    def strikes(self) -> tuple[float, ...]:
        """None: the price at the start stands for one."""
        return (1.0,)


class RolledCallConfig(Liability):
    """A call that is sold anew whenever one has ended; see book/endless."""

    kind: Literal["rolled_call"]
    roll_days: Days = 7.0
    delta: Annotated[float, Field(ge=0.01, le=0.99)] = 0.15  # of a call when it is sold
    discount: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0  # of an auction, on value

    @property
    def tenor_days(self) -> float:
        """Of a call that has just been sold."""
        return self.roll_days

    @property
    def strikes(self) -> tuple[float, ...]:
        """The price at the start stands for those to come."""
        return (1.0,)

    @property
    def hedge_bounds(self) -> tuple[float, float]:
        """Of calls: 0 and -quantity."""
        return min(0.0, -self.quantity), max(0.0, -self.quantity)

    def check(self, key: str, episode: EpisodeConfig) -> None:
        """Refuse calls that end between two decisions; see `Liability.check`."""
        check_maturity(f"{key}.roll_days", self.roll_days, episode)
