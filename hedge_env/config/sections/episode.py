"""The decision grid of an episode."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from hedge_env.config.model import HOURS_PER_DAY, Model

_MOST_MARKET_STEPS = 2**32 - 1  # the last count is the start of an episode


class EpisodeConfig(Model):
    """The decision grid.

    Hour of day (UTC) and weekday of the start matter to seasons; None: uniform.
    """

    decisions: int = Field(default=180, ge=1, le=1_000_000)
    decision_interval_hours: Annotated[float, Field(ge=1e-3, le=8784.0)] = 4.0
    market_steps: int = Field(default=1, ge=1, le=10_000)  # per decision
    days_per_year: Annotated[float, Field(ge=1.0, le=1000.0)] = 365.0
    start_hour: float | None = Field(default=0.0, ge=0.0, lt=24.0)
    start_weekday: int | None = Field(default=None, ge=0, le=6)  # 0: Monday

    @model_validator(mode="after")
    def _countable(self) -> EpisodeConfig:
        if self.decisions * self.market_steps >= _MOST_MARKET_STEPS:
            raise ValueError(
                f"decisions x market_steps must be below {_MOST_MARKET_STEPS}: random "
                "numbers are counted by 32 bits of market steps"
            )
        return self

    @property
    def hours_per_market_step(self) -> float:
        """Length of one market step [hour]."""
        return self.decision_interval_hours / self.market_steps

    @property
    def years_per_decision(self) -> float:
        """Length of one decision interval [year]."""
        return self.decision_interval_hours / (HOURS_PER_DAY * self.days_per_year)

    @property
    def horizon_days(self) -> float:
        """Length of the episode [day]."""
        return self.decisions * self.decision_interval_hours / HOURS_PER_DAY
