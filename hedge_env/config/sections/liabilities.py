"""What a book can hold, one model per kind; `kind` says which.

The kernel that values a kind is in `book/`, listed in `book/liabilities.py`. A kind
says here what the rest of a config has to know of it: when it ends, its strikes, and
how far its hedge can reach.
"""

from __future__ import annotations

from math import sqrt
from typing import Annotated, Literal

from pydantic import Field

from hedge_env.config.model import HOURS_PER_DAY, Days, Model, Multiple, Quantity
from hedge_env.config.sections.episode import EpisodeConfig

_GRID_TOLERANCE = 1e-9  # of a decision interval


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


class LegConfig(Liability):
    """A European option."""

    kind: Literal["call", "put"]
    moneyness: Multiple = 1.0  # strike over initial spot
    maturity_days: Days = 30.0

    @property
    def days(self) -> float:
        """Time to the payoff [day]."""
        return self.maturity_days

    @property
    def strikes(self) -> tuple[float, ...]:
        """Its strike."""
        return (self.moneyness,)

    @property
    def hedge_bounds(self) -> tuple[float, float]:
        """Of a call 0 and -quantity, of a put 0 and quantity."""
        most = -self.quantity if self.kind == "call" else self.quantity
        return min(0.0, most), max(0.0, most)


class ForwardConfig(Liability):
    """A forward: the underlying for a price agreed on; see book/forward.py."""

    kind: Literal["forward"]
    moneyness: Multiple = 1.0  # price agreed on, over initial spot
    maturity_days: Days = 30.0

    @property
    def days(self) -> float:
        """Time to the delivery [day]."""
        return self.maturity_days

    @property
    def strikes(self) -> tuple[float, ...]:
        """The price agreed on."""
        return (self.moneyness,)

    @property
    def hedge_bounds(self) -> tuple[float, float]:
        """One unit of the underlying until the delivery, none after it."""
        return min(0.0, -self.quantity), max(0.0, -self.quantity)


class AmmConfig(Liability):
    """Liquidity in an automated market maker, owned where long; see book/amm.py.

    One unit is worth one unit of the underlying at the start. Without `low` and `high`
    it lies over all prices (a constant product).
    """

    kind: Literal["amm"]
    quantity: Quantity = 1.0
    low: Multiple | None = None  # end of the range, over initial spot
    high: Multiple | None = None
    fee_bp: Annotated[float, Field(ge=0.0, le=5000.0)] = 5.0  # of what is traded
    block_seconds: Annotated[float, Field(ge=1e-3, le=86_400.0)] = 12.0  # mean
    # Volume of noise traders, per day, over the value that the pool's liquidity would
    # have over all prices.
    noise_turnover: Annotated[float, Field(ge=0.0, le=1e4)] = 0.2
    noise_sd: Annotated[float, Field(ge=0.0, le=3.0)] = 0.0  # of its logarithm

    @property
    def strikes(self) -> tuple[float, ...]:
        """The ends of the range; the price at the start where it has none."""
        return tuple(end for end in (self.low, self.high) if end is not None) or (1.0,)

    @property
    def range_roots(self) -> tuple[float, float]:
        """Square root of the lower end, and one over that of the upper; 0 without."""
        root_low = 0.0 if self.low is None else sqrt(self.low)
        return root_low, 0.0 if self.high is None else 1.0 / sqrt(self.high)

    @property
    def liquidity(self) -> float:
        """Liquidity that is worth one unit of the underlying at the start."""
        root_low, inverse_high = self.range_roots
        inverse = max(1.0 / max(1.0, root_low), inverse_high)
        return 1.0 / (inverse - inverse_high + 1.0 / inverse - root_low)

    @property
    def hedge_bounds(self) -> tuple[float, float] | None:
        """All of the underlying that the position can hold; no bound without `low`."""
        root_low, inverse_high = self.range_roots
        if root_low == 0.0:
            return None
        most = -self.quantity * self.liquidity * (1.0 / root_low - inverse_high)
        return min(0.0, most), max(0.0, most)

    def check(self, key: str, episode: EpisodeConfig) -> None:
        """Refuse a range that holds no price.

        Args:
            key: Where the position is in the config.
            episode: Its time grid, which does not matter.

        Raises:
            ValueError: In one sentence that names the key.
        """
        low, high = self.low, self.high
        if low is not None and high is not None and low >= high:
            raise ValueError(
                f"{key}.low = {low:g} must be below {key}.high = {high:g}; both are "
                "over the spot at the start"
            )


class PerpetualOption(Liability):
    """What everlasting options and power perpetuals have in common."""

    funding_days: Annotated[float, Field(ge=1e-2, le=1e3)] = 7.0  # T
    # n, of funding in one period; None: all the time. Each is a sum over decades of n.
    payments: Annotated[int, Field(ge=1, le=48)] | None = None

    @property
    def tenor_days(self) -> float:
        """The funding period, the mean time to its payoffs."""
        return self.funding_days

    def check(self, key: str, episode: EpisodeConfig) -> None:
        """Refuse payments between two decisions.

        Args:
            key: Where the position is in the config.
            episode: Its time grid.

        Raises:
            ValueError: In one sentence that names the key.
        """
        if self.payments is None:
            return
        hours = self.funding_days * HOURS_PER_DAY / self.payments
        steps = hours / episode.decision_interval_hours
        if round(steps) < 1 or abs(steps - round(steps)) > _GRID_TOLERANCE:
            raise ValueError(
                f"{key}.payments = {self.payments} are {hours:g} hours apart, which is "
                "no multiple of episode.decision_interval_hours = "
                f"{episode.decision_interval_hours:g}; use another number, or null for "
                "funding that is paid all the time"
            )


class EverlastingConfig(PerpetualOption):
    """An option that pays funding instead of ending; see book/endless."""

    kind: Literal["everlasting"]
    option: Literal["call", "put"] = "call"
    moneyness: Multiple = 1.0  # strike over initial spot

    @property
    def strikes(self) -> tuple[float, ...]:
        """Its strike."""
        return (self.moneyness,)

    @property
    def hedge_bounds(self) -> tuple[float, float]:
        """Of a call 0 and -quantity, of a put 0 and quantity."""
        most = -self.quantity if self.option == "call" else self.quantity
        return min(0.0, most), max(0.0, most)


class PowerConfig(PerpetualOption):
    """A power of spot, worth one unit at the start; see book/endless."""

    kind: Literal["power"]
    power: Annotated[float, Field(ge=-4.0, le=4.0)] = 2.0
    funding_days: Annotated[float, Field(ge=1e-2, le=1e3)] = 17.5

    @property
    def strikes(self) -> tuple[float, ...]:
        """None: the price at the start stands for one."""
        return (1.0,)


class RolledCallConfig(Liability):
    """A call that is sold anew whenever one has ended; see book/endless."""

    kind: Literal["rolled_call"]
    roll_days: Days = 7.0
    delta: Annotated[float, Field(ge=0.01, le=0.99)] = 0.15  # of a call when it is sold
    discount: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0  # of an auction, on value

    @property
    def tenor_days(self) -> float:
        """Of a call that has just been sold."""
        return self.roll_days

    @property
    def strikes(self) -> tuple[float, ...]:
        """The price at the start stands for those to come."""
        return (1.0,)

    @property
    def hedge_bounds(self) -> tuple[float, float]:
        """Of calls: 0 and -quantity."""
        return min(0.0, -self.quantity), max(0.0, -self.quantity)

    def check(self, key: str, episode: EpisodeConfig) -> None:
        """Refuse calls that end between two decisions; see `Liability.check`."""
        check_maturity(f"{key}.roll_days", self.roll_days, episode)


# Every kind; its kernel is listed in `book/liabilities.py`.
LiabilityConfig = Annotated[
    LegConfig
    | ForwardConfig
    | AmmConfig
    | EverlastingConfig
    | PowerConfig
    | RolledCallConfig,
    Field(discriminator="kind"),
]


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
    if days < episode.horizon_days and abs(steps - round(steps)) > _GRID_TOLERANCE:
        raise ValueError(
            f"{key} = {days} falls between two decisions; use a multiple of "
            "episode.decision_interval_hours"
        )
