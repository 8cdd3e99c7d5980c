"""A listed option as second hedge instrument, and orders that clients bring."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hedge_env.config.model import HOURS_PER_DAY, Days, Model, Multiple, Probability
from hedge_env.config.sections.episode import EpisodeConfig
from hedge_env.config.sections.liabilities.liability import check_maturity

_MOST_ORDERS = 20.0  # expected per decision
_TOLERANCE = 1e-9  # of a decision interval


class OptionConfig(Model):
    """The option that can be traded beside the underlying; see docs/options.md."""

    kind: Literal["call", "put"] = "call"
    moneyness: Multiple = 1.0  # strike over spot when it is listed
    maturity_days: Days = 30.0  # when it is listed
    # Decisions; None: listed once.
    roll_every: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    # Of implied volatility [percentage point], and of the option's value [-].
    half_spread_points: Annotated[float, Field(ge=0.0, le=1e4)] = 0.0
    half_spread_share: Annotated[float, Field(ge=0.0, le=100.0)] = 0.0
    # Largest holdings of it, bought or sold, per contract.
    limit: Annotated[float, Field(ge=1e-6, le=1e6)] = 4.0


class ArrivalsConfig(Model):
    """Orders of clients that join the book at the model's value."""

    # Expected number, Poisson.
    rate_per_day: Annotated[float, Field(ge=1e-6, le=1e6)] = 1.0
    probability_buy: Probability = 0.5  # a client who buys leaves the book short
    kind: Literal["call", "put"] = "call"
    # Of each order, per contract.
    quantity: Annotated[float, Field(ge=1e-6, le=1e6)] = 1.0
    moneyness: Multiple = 1.0  # strike over spot at arrival
    maturity_days: Days = 60.0  # at arrival


def check_option(option: OptionConfig, episode: EpisodeConfig) -> None:
    """Refuse an option that ends before its successor is listed.

    Raises:
        ValueError: In one sentence that names the key.
    """
    key = "execution.option.maturity_days"
    check_maturity(key, option.maturity_days, episode)
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
    check_maturity("book.arrivals.maturity_days", arrivals.maturity_days, episode)
    days = episode.decision_interval_hours / HOURS_PER_DAY
    if arrivals.rate_per_day * days > _MOST_ORDERS:
        raise ValueError(
            f"book.arrivals.rate_per_day = {arrivals.rate_per_day} is more than "
            f"{_MOST_ORDERS:g} orders per decision; use fewer and larger ones "
            "(book.arrivals.quantity)"
        )
