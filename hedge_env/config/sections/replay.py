"""Recorded days instead of simulated ones."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from hedge_env.config.model import Hours, Model, NonNegative
from hedge_env.config.sections.market import GENERAL_VOLATILITY, MarketConfig
from hedge_env.config.sections.surface import SsviSurface

Series: TypeAlias = Literal["spot", "implied_volatility", "gas", "funding"]


class ReplayConfig(Model):
    """Recorded days instead of simulated ones; see `history` for the files.

    The dates, UTC, cut the history into training, validation and test days; None
    leaves the last two fifths, in equal shares, to validation and test.
    """

    spot: str | None = None  # CSV file of prices; must be given to run
    implied_volatility: str | None = None  # CSV files; None: modelled
    gas: str | None = None
    funding: str | None = None
    # Of the clock of that file.
    funding_utc_offset_hours: Annotated[float, Field(ge=-24.0, le=24.0)] = 0.0
    begin: date | None = None  # None: all there is
    validation_from: date | None = None
    test_from: date | None = None
    end: date | None = None  # exclusive
    stride_hours: Hours = 24.0  # between the starts of two windows
    longest_gap_hours: NonNegative = 3.0  # windows with a longer one are skipped

    @model_validator(mode="after")
    def _in_order(self) -> ReplayConfig:
        names = ("begin", "validation_from", "test_from", "end")
        given = [name for name in names if getattr(self, name) is not None]
        for first, second in pairwise(given):
            if not getattr(self, first) < getattr(self, second):
                raise ValueError(f"{first} must be before {second}")
        return self


def check_recorded(replay: ReplayConfig, market: MarketConfig) -> None:
    """A recorded series drives a part of the market, which must be on."""
    if market.volatility.model not in GENERAL_VOLATILITY:
        raise ValueError(
            f"replay does not go with market.volatility.model = "
            f"{market.volatility.model}; use {' or '.join(GENERAL_VOLATILITY)}"
        )
    if replay.implied_volatility is not None and not isinstance(
        market.surface, SsviSurface
    ):
        raise ValueError("replay.implied_volatility needs market.surface.model = ssvi")
    if replay.gas is not None and market.gas is None:
        raise ValueError("replay.gas needs market.gas, whose median it is quoted over")
    if replay.funding is not None and market.funding is None:
        raise ValueError("replay.funding needs market.funding, for its settlements")
