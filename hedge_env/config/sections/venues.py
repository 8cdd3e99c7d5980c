"""Venues of the underlying, one model per kind; `kind` says which.

What a kind costs is compiled in `venues/kinds.py`; how an order is split over several
is in `venues/order_split.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hedge_env.config.model import BasisPoints, Model, NonNegative, Quote, Title

_Fee = Annotated[float, Field(ge=0.0, le=5000.0)]
MOST_VENUES, MOST_UNCERTAIN = 8, 4


class Venue(Model):
    """Base of every kind: what all of them say.

    Attributes:
        kind: Tells the kinds apart in a file.
        name: In reports; empty: the kind.
        fee_bp: Of traded value.
    """

    kind: str
    name: Title = ""
    fee_bp: _Fee = 0.0

    @property
    def gas(self) -> float:
        """Gas units of a transaction."""
        return 0.0

    @property
    def is_certain(self) -> bool:
        """Whether every order fills."""
        return True


class PoolVenue(Venue):
    """An automated market maker over all prices (a constant product)."""

    kind: Literal["pool"]
    fee_bp: _Fee = 30.0  # of what is paid in
    # Each side of it at reference liquidity. Of a concentrated range, that of the
    # constant product with the same liquidity.
    reserve: Quote
    gas_units: NonNegative = 0.0  # per transaction, paid in the underlying
    fixed_cost_bp: BasisPoints = 0.0  # of initial notional, per transaction

    @property
    def gas(self) -> float:
        """Gas units of a transaction."""
        return self.gas_units


class OrderBookVenue(Venue):
    """An order book: spread, depth, and impact that grows with the root of size."""

    kind: Literal["order-book"]
    half_spread_bp: BasisPoints = 0.0  # of traded value
    depth: Quote | None = None  # cost = value^2 / depth [quote]
    # Y: cost = Y daily_vol sqrt(value/volume).
    square_root_impact: Annotated[float, Field(ge=0.0, le=1e3)] = 0.0
    daily_volume: Quote = 1e9  # [quote]
    gas_units: NonNegative = 0.0
    fixed_cost_bp: BasisPoints = 0.0

    @property
    def gas(self) -> float:
        """Gas units of a transaction."""
        return self.gas_units


class IntentsVenue(Venue):
    """Signed orders that others fill, without gas, at a better price or not at all.

    What is not filled stays undone; the policy may order it again at the next decision.
    """

    kind: Literal["intents"]
    half_spread_bp: BasisPoints = 0.0  # of traded value
    improvement_bp: BasisPoints = 0.0  # of traded value, off the half-spread
    improvement_probability: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0  # if filled
    fill_probability: Annotated[float, Field(ge=1e-3, le=1.0)] = 1.0  # at each decision
    depth: Quote | None = None  # cost = value^2 / depth [quote]

    @property
    def is_certain(self) -> bool:
        """Whether every order fills."""
        return self.fill_probability == 1.0

    @model_validator(mode="after")
    def _pays_nobody_to_trade(self) -> IntentsVenue:
        if self.improvement_bp > self.half_spread_bp:
            raise ValueError(
                f"improvement_bp = {self.improvement_bp:g} must not exceed "
                f"half_spread_bp = {self.half_spread_bp:g}, which it is taken off: "
                "trading would be paid for"
            )
        return self


# Every kind; what it costs is listed in `venues/kinds.py`.
VenueConfig = Annotated[
    PoolVenue | OrderBookVenue | IntentsVenue, Field(discriminator="kind")
]


def venue_names(venues: tuple[Venue, ...]) -> list[str]:
    """A name for each venue: its own, or its kind, with a number if it is taken."""
    names: list[str] = []
    for venue in venues:
        name, number = venue.name or venue.kind, 2
        while name in names:
            name, number = f"{venue.name or venue.kind} {number}", number + 1
        names.append(name)
    return names


def check_venues(venues: tuple[Venue, ...]) -> None:
    """Refuse a list that no order can be sure of, or with more chance than is drawn.

    Raises:
        ValueError: In one sentence that names the key.
    """
    if not any(venue.is_certain for venue in venues):
        raise ValueError(
            "venues need one that fills every order: what is held at the end could not "
            "be sold; add a pool, an order-book, or fill_probability = 1"
        )
    uncertain = sum(venue.kind == "intents" for venue in venues)
    if uncertain > MOST_UNCERTAIN:
        raise ValueError(
            f"venues hold {uncertain} of kind intents, and at most {MOST_UNCERTAIN} "
            "are drawn; leave some out"
        )
