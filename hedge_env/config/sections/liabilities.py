"""What a book can hold, one model per kind; `kind` says which.

The kernel that values a kind is in `book/`, listed in `book/liabilities.py`. A kind
says here what the rest of a config has to know of it: when it ends, its strikes, and
how far its hedge can reach.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hedge_env.config.model import HOURS_PER_DAY, Days, Model, Multiple, Quantity
from hedge_env.config.sections.episode import EpisodeConfig

_GRID_TOLERANCE = 1e-9  # of a decision interval


class Liability(Model):
    """Base of every kind: what all of them say.

    Attributes:
        kind: Tells the kinds apart in a file.
        quantity: Units per contract; negative is short.
    """

    kind: str
    quantity: Quantity = -1.0

    @property
    def days(self) -> float | None:
        """Time to the last payoff [day]; None: it has none."""
        return None

    @property
    def strikes(self) -> tuple[float, ...]:
        """Prices that matter to its payoff, over initial spot [-]."""
        return ()

    @property
    def hedge_bounds(self) -> tuple[float, float] | None:
        """Lowest and highest hedge of the position [-]; None: no bound is known."""
        return None

    def check(self, key: str, episode: EpisodeConfig) -> None:
        """Refuse what does not fit the time grid.

        Args:
            key: Where the position is in the config.
            episode: Its time grid.

        Raises:
            ValueError: In one sentence that names the key.
        """
        if self.days is not None:
            check_maturity(f"{key}.maturity_days", self.days, episode)


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


# Every kind; its kernel is listed in `book/liabilities.py`.
LiabilityConfig = Annotated[LegConfig | ForwardConfig, Field(discriminator="kind")]


def check_maturity(key: str, days: float, episode: EpisodeConfig) -> None:
    """Refuse a payoff before the first decision, or between two of the episode.

    Raises:
        ValueError: In one sentence that names the key.
    """
    steps = days * HOURS_PER_DAY / episode.decision_interval_hours
    if round(steps) < 1:
        raise ValueError(
            f"{key} = {days} is over before the first decision interval is; use a "
            "multiple of episode.decision_interval_hours"
        )
    if days < episode.horizon_days and abs(steps - round(steps)) > _GRID_TOLERANCE:
        raise ValueError(
            f"{key} = {days} falls between two decisions; use a multiple of "
            "episode.decision_interval_hours"
        )
