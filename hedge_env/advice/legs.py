"""What a book of a state can hold, and the environment's position that each stands for.

Prices are in the currency of spot, sizes in units or currency; the position is in those
of the environment (`scale`), so that its kernel (`book/`) gives value and Greeks.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import UTC, datetime
from math import inf, sqrt
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from hedge_env.advice.scale import Scale
from hedge_env.base.errors import ConfigError
from hedge_env.config.model import Model, Positive, Volatility
from hedge_env.config.sections.liabilities import (
    AmmConfig,
    EverlastingConfig,
    LegConfig,
    Liability,
    PowerConfig,
    StreamedConfig,
)
from hedge_env.pricing.amm import amm_value

_SECONDS_PER_DAY = 86_400.0
_LONGEST_DAYS = 1e5
_NARROWEST = 1.00001  # ends of a range; a tick of a pool is ten times as wide


def _time(value: object) -> datetime:
    """Read a time; one without a zone is UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(found, datetime):
            known = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
            return known.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be a date such as 2026-12-25 or 2026-12-25T08:00Z")


Time = Annotated[datetime, BeforeValidator(_time)]
Units = Annotated[float, Field(ge=-1e12, le=1e12)]
_Size = Annotated[float, Field(ge=-1e18, le=1e18)]  # of a pool
_FundingDays = Annotated[float, Field(ge=1e-2, le=1e3)]


class Leg(Model):
    """Base of all that a state can hold.

    Attributes:
        kind: Tells the kinds apart in a file.
        implied_volatility: Of this leg; None: that of the state. What a pool holds
            does not depend on it, the bands of most policies do.
    """

    kind: str
    implied_volatility: Volatility | None = None

    def days_left(self, now: datetime) -> float | None:
        """Time to the payoff [day]; None: it never ends."""
        del now
        return None

    def check(self, key: str, now: datetime) -> None:
        """Refuse what no leg can be.

        Args:
            key: Where it is in the state.
            now: Time of the state.

        Raises:
            ConfigError: In one sentence that names the key.
        """

    @abstractmethod
    def position(self, spot: float, scale: Scale) -> Liability:
        """The position that it is in an episode.

        Args:
            spot: Now [currency].
            scale: What the environment's units are worth.
        """

    def hedge_bounds(self, spot: float, scale: Scale) -> tuple[float, float]:
        """Lowest and highest delta hedge at any spot, per contract [-].

        A pool without a lower end holds any amount once the price is low enough, and a
        power of spot any at some price; see `position`.
        """
        return self.position(spot, scale).hedge_bounds or (-inf, inf)


class OptionLeg(Leg):
    """A European option.

    Attributes:
        strike: In the currency of spot.
        expiry: Date or time, UTC unless it names a zone; a date is its midnight.
        quantity: Units of the underlying it is written on; negative is short.
    """

    kind: Literal["call", "put"]
    strike: Positive
    expiry: Time
    quantity: Units

    def days_left(self, now: datetime) -> float:
        """Time to the expiry [day]."""
        return (self.expiry - now).total_seconds() / _SECONDS_PER_DAY

    def check(self, key: str, now: datetime) -> None:
        """Refuse one that has expired; see `Leg.check`."""
        if not 0.0 < self.days_left(now) <= _LONGEST_DAYS:
            raise ConfigError(
                f"{key}.expiry = {self.expiry:%Y-%m-%dT%H:%MZ} must lie after time = "
                f"{now:%Y-%m-%dT%H:%MZ}, by {_LONGEST_DAYS:g} days at most; "
                "leave out a leg that has expired"
            )

    def position(self, spot: float, scale: Scale) -> LegConfig:
        """The same option; its maturity is not filled in."""
        return LegConfig.model_construct(
            kind=self.kind,
            moneyness=self.strike / scale.start_spot,
            quantity=self.quantity / scale.contracts,
        )


class PoolLeg(Leg):
    r"""Liquidity of a pool: `liquidity` or `worth` says how much, negative if owed.

    Attributes:
        low: Lower end of the range [currency]; None: it has none.
        high: Upper end; None: it has none.
        liquidity: L [:math:`\sqrt{\text{unit} \cdot \text{currency}}`], with which
            :math:`L / \sqrt P` units are held at the price P over all prices.
        worth: What it is worth now, without fees that wait to be collected [currency].
    """

    kind: Literal["amm"]
    low: Positive | None = None
    high: Positive | None = None
    liquidity: _Size | None = None
    worth: _Size | None = None

    def check(self, key: str, now: datetime) -> None:
        """Refuse an empty range, two sizes or none; see `Leg.check`."""
        low, high = self.low, self.high
        if low is not None and high is not None and high < low * _NARROWEST:
            raise ConfigError(
                f"{key}.low = {low:g} must be below high = {high:g}, both in the "
                "currency of spot; a range over all prices has neither"
            )
        if self.liquidity is not None and self.worth is not None:
            raise ConfigError(
                f"{key}: liquidity and worth are two answers to one question; "
                "leave out one of them"
            )
        if self.liquidity is None and self.worth is None:
            raise ConfigError(
                f"{key}.liquidity is missing; give it in the pool's units, or worth, "
                "what it is worth now in currency"
            )

    def position(self, spot: float, scale: Scale) -> AmmConfig:
        """The range over `start_spot`, with as many units as make up the liquidity."""
        start = scale.start_spot
        unit = AmmConfig.model_construct(
            kind="amm",
            low=None if self.low is None else self.low / start,
            high=None if self.high is None else self.high / start,
        )
        if self.liquidity is not None:
            size = self.liquidity / (scale.contracts * sqrt(start))
        else:
            each = amm_value(sqrt(spot / start), *unit.range_roots)
            size = (self.worth or 0.0) / scale.notional / each
        return unit.model_copy(update={"quantity": size / unit.liquidity})

    def hedge_bounds(self, spot: float, scale: Scale) -> tuple[float, float]:
        """Of what is owned, all that it can hold and 0; see `Leg.hedge_bounds`."""
        position = self.position(spot, scale)
        return position.hedge_bounds or one_side(-position.quantity)


class EverlastingLeg(Leg):
    """An option that pays funding all the time instead of ending.

    Attributes:
        option: `call` or `put`.
        strike: In the currency of spot.
        quantity: Units of the underlying it is written on; negative is short.
        funding_days: Time in which it pays mark less payoff once [day].
    """

    kind: Literal["everlasting"]
    option: Literal["call", "put"]
    strike: Positive
    quantity: Units
    funding_days: _FundingDays = 7.0

    def position(self, spot: float, scale: Scale) -> EverlastingConfig:
        """The same option."""
        return EverlastingConfig.model_construct(
            kind="everlasting",
            option=self.option,
            moneyness=self.strike / scale.start_spot,
            quantity=self.quantity / scale.contracts,
            funding_days=self.funding_days,
        )


class PowerLeg(Leg):
    r"""A power perpetual, with the index :math:`K (S / K)^p`, funded all the time.

    Attributes:
        power: p.
        strike: K, the price at which its index is that of one unit [currency]; of
            Opyn's squeeth, whose index is :math:`S^2 / 10000`, 10000.
        quantity: How many; negative is short. What funding has taken off each, such as
            squeeth's normalisation factor, is for the desk to multiply in.
        funding_days: Time in which it pays mark less index once [day].
    """

    kind: Literal["power"]
    power: Annotated[float, Field(ge=-4.0, le=4.0)] = 2.0
    strike: Positive
    quantity: Units
    funding_days: _FundingDays = 17.5

    def position(self, spot: float, scale: Scale) -> PowerConfig:
        """As many of those whose index is one unit of the underlying at the start."""
        per_unit = (self.strike / scale.start_spot) ** (1.0 - self.power)
        return PowerConfig.model_construct(
            kind="power",
            power=self.power,
            quantity=self.quantity / scale.contracts * per_unit,
            funding_days=self.funding_days,
        )

    def hedge_bounds(self, spot: float, scale: Scale) -> tuple[float, float]:
        """On one side of 0 without an end; see `Leg.hedge_bounds`."""
        return one_side(-self.quantity * self.power)


class StreamedLeg(Leg):
    """An option made of a pool's liquidity, which pays fees as they come.

    Attributes:
        option: `call` or `put`.
        strike: In the currency of spot.
        width: Upper end of the range over the strike, and strike over its lower end.
        quantity: Units of the underlying it is written on; negative is sold.
    """

    kind: Literal["streamed"]
    option: Literal["call", "put"]
    strike: Positive
    width: Annotated[float, Field(ge=1.0001, le=100.0)]
    quantity: Units

    def position(self, spot: float, scale: Scale) -> StreamedConfig:
        """The same option; what it pays is in the future."""
        return StreamedConfig.model_construct(
            kind="streamed",
            option=self.option,
            moneyness=self.strike / scale.start_spot,
            width=self.width,
            quantity=self.quantity / scale.contracts,
        )


def one_side(sign: float) -> tuple[float, float]:
    """All hedges of one sign."""
    return (-inf if sign < 0.0 else 0.0), (inf if sign > 0.0 else 0.0)


AnyLeg = Annotated[
    OptionLeg | PoolLeg | EverlastingLeg | PowerLeg | StreamedLeg,
    Field(discriminator="kind"),
]
