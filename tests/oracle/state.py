"""What one path is at a moment, and its clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor, sqrt
from typing import TYPE_CHECKING

from hedge_env.config import EnvConfig, MeanReverting
from tests.oracle.market.noise import Noise

if TYPE_CHECKING:
    from tests.oracle.market.contagion import Population

BP = 1e-4


@dataclass
class State:
    """State of one path; everything that is off stays at zero."""

    config: EnvConfig
    noise: Noise
    steps: int = 0  # market steps taken
    log_spot: float = 0.0
    factors: dict[str, float] = field(default_factory=dict)
    burst: float = 0.0
    trailing: float = 0.0
    accrued: float = 0.0
    variance: float = 0.0
    start_hour: float = 0.0
    start_weekday: int = 0
    stressed: bool = False
    depth: float = 0.0  # of stress: how far the variance has come
    excitation: float = 0.0
    square: float = 0.0  # Heston's variance
    basis: float = 0.0  # less its mean
    log_fixing: float = 0.0  # of the last minutes of a decision interval
    base_ratio: float = 1.0  # base fee over what block space is worth
    gas_worth: float = 0.0  # its log over the median
    blob_fee: float = 0.0  # [gwei]
    # Weighted means of squared returns [1/year], and of log gas without season.
    past_variances: list[float] = field(default_factory=list)
    past_gas: list[float] = field(default_factory=list)
    crowd: float = 0.0  # relative amplification of returns
    population: Population | None = None  # others with triggers

    @property
    def hours_per_step(self) -> float:
        episode = self.config.episode
        return episode.decision_interval_hours / episode.market_steps

    @property
    def days(self) -> float:
        return self.hours_per_step / 24.0

    @property
    def dt(self) -> float:
        return self.days / self.config.episode.days_per_year

    @property
    def hour(self) -> float:
        return self.start_hour + self.steps * self.hours_per_step

    @property
    def is_weekend(self) -> bool:
        return (self.start_weekday + floor(self.hour / 24.0)) % 7 >= 5


def mean_revert(x: float, z: float, factor: MeanReverting, days: float) -> float:
    """Exact transition of an Ornstein-Uhlenbeck factor."""
    left = 0.5 ** (days / factor.half_life_days)
    return left * x + factor.sd * sqrt(1.0 - left**2) * z
