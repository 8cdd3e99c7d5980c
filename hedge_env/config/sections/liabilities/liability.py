"""What every kind of position says of itself to the rest of a config.

When it ends, its strikes, and how far its hedge can reach.
"""

from __future__ import annotations

from hedge_env.config.model import HOURS_PER_DAY, Model, Quantity
from hedge_env.config.sections.episode import EpisodeConfig

GRID_TOLERANCE = 1e-9  # of a decision interval


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
    def tenor_days(self) -> float:
        """How far ahead looks the volatility that it is quoted with [day]."""
        return 0.0

    @property
    def strikes(self) -> tuple[float, ...]:
        """Prices that matter to its payoff, over initial spot [-]."""
        return ()

    @property
    def hedge_bounds(self) -> tuple[float, float] | None:
        """Lowest and highest hedge of the position [-]; None: no bound is known."""
        return None

    @property
    def is_drawn(self) -> bool:
        """Whether its value depends on more random numbers than the market's."""
        return False

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
    if days < episode.horizon_days and abs(steps - round(steps)) > GRID_TOLERANCE:
        raise ValueError(
            f"{key} = {days} falls between two decisions; use a multiple of "
            "episode.decision_interval_hours"
        )
