"""A hedging problem, which is everything together."""

from __future__ import annotations

from pydantic import model_validator

from hedge_env.config.agent import (
    ActionConfig,
    ObservationConfig,
    RewardConfig,
    RiskAversionRange,
)
from hedge_env.config.book import BookConfig, HoldingsConfig, limiting_deltas
from hedge_env.config.conditions import check_execution, check_replayed
from hedge_env.config.episode import EpisodeConfig
from hedge_env.config.execution import ExecutionConfig
from hedge_env.config.market import MarketConfig
from hedge_env.config.model import HOURS_PER_DAY, Model, Positive
from hedge_env.config.replay import ReplayConfig, check_recorded


class EnvConfig(Model):
    """One hedging problem."""

    name: str = "custom"
    description: str = ""
    episode: EpisodeConfig = EpisodeConfig()
    market: MarketConfig = MarketConfig()
    execution: ExecutionConfig = ExecutionConfig()
    book: BookConfig = BookConfig()
    holdings: HoldingsConfig = HoldingsConfig()
    observation: ObservationConfig = ObservationConfig()
    action: ActionConfig = ActionConfig()
    reward: RewardConfig = RewardConfig()
    replay: ReplayConfig | None = None  # None: the market is simulated
    risk_aversion: Positive | RiskAversionRange = 10.0  # lambda [1/notional]

    @model_validator(mode="after")
    def _consistent(self) -> EnvConfig:
        for number, leg in enumerate(self.book.legs):
            steps = leg.maturity_days * HOURS_PER_DAY
            steps /= self.episode.decision_interval_hours
            if leg.maturity_days < self.episode.horizon_days and (
                abs(steps - round(steps)) > 1e-9
            ):
                raise ValueError(
                    f"book.legs.{number}.maturity_days = {leg.maturity_days} falls "
                    "between two decisions; use a multiple of "
                    "episode.decision_interval_hours"
                )
        low, high = self.holdings_bounds
        if not low < high:
            raise ValueError(
                f"holdings.low = {low} must be below holdings.high = {high}; "
                "set both for a book whose delta cannot move"
            )
        check_execution(self.execution, self.market, self.episode)
        if self.replay is not None:
            check_recorded(self.replay, self.market)
            check_replayed(self.execution, self.market)
        return self

    @property
    def holdings_bounds(self) -> tuple[float, float]:
        """Lowest and highest holdings per contract [-].

        The range, over spot, of the hedge of the payoff of the legs that are left:
        of all, and of those that are still alive once shorter ones have expired. A
        leg's hedge is 0 or -quantity for a call and quantity or 0 for a put.
        """
        low = self.holdings.low
        high = self.holdings.high
        if low is None or high is None:
            lowest, highest = limiting_deltas(self.book)
            low = lowest if low is None else low
            high = highest if high is None else high
        return low, high
