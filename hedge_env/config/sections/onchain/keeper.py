"""Who sends the transactions of a vault: nobody in particular, or a keeper."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hedge_env.config.model import Hours, Model, Probability
from hedge_env.config.sections.episode import EpisodeConfig

_Share = Annotated[float, Field(ge=0.0, le=1e3)]
_TOLERANCE = 1e-9  # decisions


class KeeperConfig(Model):
    """A keeper: it runs at its own times, on what it saw, at its own price of gas."""

    # Between two runs, and how old the market is that it looks at: multiples of the
    # decision interval.
    interval_hours: Hours = 4.0
    stale_hours: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    # At every n-th decision, or at each with probability 1 / n, so that nobody knows.
    timing: Literal["regular", "random"] = "regular"
    missed: Probability = 0.0  # that a run does not happen, at the median gas price
    gas_premium: _Share = 0.0  # of the gas of a transaction
    # Auction of tips: what a run is worth at most over its gas, and others who bid
    # against it at the median gas price.
    tip: _Share = 0.0
    rivals: _Share = 1.0
    # Log of the number of rivals, and log odds of a missed run, per log gas price over
    # its median.
    congestion: _Share = 1.0

    def decisions(self, key: str, episode: EpisodeConfig) -> int:
        """A length of time in decision intervals.

        Args:
            key: `interval_hours` or `stale_hours`.
            episode: The decision grid.

        Raises:
            ValueError: If it is no whole number of them.
        """
        hours: float = getattr(self, key)
        length = hours / episode.decision_interval_hours
        whole = round(length)
        if abs(length - whole) > _TOLERANCE * max(1.0, length):
            raise ValueError(
                f"execution.keeper.{key} = {hours:g} must be a multiple of "
                f"episode.decision_interval_hours = {episode.decision_interval_hours:g}"
            )
        return whole

    def check(self, episode: EpisodeConfig) -> None:
        """Refuse times that the decision grid does not have.

        Raises:
            ValueError: In one sentence that names the key.
        """
        if self.decisions("interval_hours", episode) < 1:
            raise ValueError(
                f"execution.keeper.interval_hours = {self.interval_hours:g} must be at "
                "least episode.decision_interval_hours = "
                f"{episode.decision_interval_hours:g}"
            )
        if self.decisions("stale_hours", episode) >= episode.decisions:
            raise ValueError(
                f"execution.keeper.stale_hours = {self.stale_hours:g} must be shorter "
                "than the episode: the keeper would see its start for ever"
            )
