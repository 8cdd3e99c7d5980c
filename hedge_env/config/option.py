"""A listed option as second hedge instrument, and orders that clients bring."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hedge_env.config.episode import EpisodeConfig
from hedge_env.config.model import (
    HOURS_PER_DAY,
    Model,
    NonNegative,
    Positive,
    Probability,
)

_MOST_ORDERS = 20.0  # expected per decision
_TOLERANCE = 1e-9  # of a decision interval


class OptionConfig(Model):
    """The option that can be traded beside the underlying; see docs/options.md."""

    kind: Literal["call", "put"] = "call"
    moneyness: Positive = 1.0  # strike over spot when it is listed
    maturity_days: Positive = 30.0  # when it is listed
    roll_every: int | None = Field(default=None, ge=1)  # decisions; None: listed once
    half_spread_points: NonNegative = 0.0  # of implied volatility [percentage point]
    half_spread_share: NonNegative = 0.0  # of the option's value
    limit: Positive = 4.0  # largest holdings of it, bought or sold, per contract


class ArrivalsConfig(Model):
    """Orders of clients that join the book at the model's value."""

    rate_per_day: Positive = 1.0  # expected number, Poisson
    probability_buy: Probability = 0.5  # a client who buys leaves the book short
    kind: Literal["call", "put"] = "call"
    quantity: Positive = 1.0  # of each order, per contract
    moneyness: Positive = 1.0  # strike over spot at arrival
    maturity_days: Positive = 60.0  # at arrival


def check_option(option: OptionConfig, episode: EpisodeConfig) -> None:
    """Refuse an option that ends before its successor is listed.

    Raises:
        ValueError: In one sentence that names the key.
    """
    key = "execution.option.maturity_days"
    _check_grid(key, option.maturity_days, episode)
    decisions = option.roll_every or episode.decisions
    needed = decisions * episode.decision_interval_hours / HOURS_PER_DAY
    if option.maturity_days < needed * (1.0 - _TOLERANCE):
        raise ValueError(
            f"{key} = {option.maturity_days} must be at least {needed:g}, the time "
            "for which it is listed; set execution.option.roll_every to list a new "
            "one after fewer decisions"
        )


def check_arrivals(arrivals: ArrivalsConfig, episode: EpisodeConfig) -> None:
    """Refuse orders that end between decisions, or that come in crowds.

    Raises:
        ValueError: In one sentence that names the key.
    """
    _check_grid("book.arrivals.maturity_days", arrivals.maturity_days, episode)
    days = episode.decision_interval_hours / HOURS_PER_DAY
    if arrivals.rate_per_day * days > _MOST_ORDERS:
        raise ValueError(
            f"book.arrivals.rate_per_day = {arrivals.rate_per_day} is more than "
            f"{_MOST_ORDERS:g} orders per decision; use fewer and larger ones "
            "(book.arrivals.quantity)"
        )


def _check_grid(key: str, days: float, episode: EpisodeConfig) -> None:
    """An option that is struck and paid out within the episode ends at a decision."""
    intervals = days * HOURS_PER_DAY / episode.decision_interval_hours
    if intervals < episode.decisions and abs(intervals - round(intervals)) > _TOLERANCE:
        raise ValueError(
            f"{key} = {days} falls between two decisions; use a multiple of "
            "episode.decision_interval_hours"
        )
