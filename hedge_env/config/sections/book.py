"""The book and the bounds of its hedge."""

from __future__ import annotations

from itertools import groupby
from math import inf
from typing import Literal

from pydantic import Field

from hedge_env.config.model import Model, Positive, Quantity
from hedge_env.config.sections.liabilities import (
    AmmConfig,
    LegConfig,
    Liability,
    LiabilityConfig,
    RecentreConfig,
)
from hedge_env.config.sections.option import ArrivalsConfig


class BookConfig(Model):
    """What the desk owes: a list of positions, each of a kind."""

    contracts: Positive = 1.0  # units of underlying per unit of quantity
    legs: tuple[LiabilityConfig, ...] = Field(
        default=(LegConfig(kind="call"),), min_length=1
    )
    arrivals: ArrivalsConfig | None = None  # None: no orders while it is hedged
    # What options are quoted, margined and settled in: coin, in the underlying itself
    # ("inverse"); see book/coin_margin.py.
    margin: Literal["quote", "coin"] = "quote"

    @property
    def europeans(self) -> tuple[LegConfig, ...]:
        """The European options of the book."""
        return tuple(leg for leg in self.legs if isinstance(leg, LegConfig))

    @property
    def others(self) -> tuple[Liability, ...]:
        """All that is no European option."""
        return tuple(leg for leg in self.legs if not isinstance(leg, LegConfig))

    @property
    def recentring_keys(self) -> tuple[str, ...]:
        """Keys by which a policy decides when ranges of liquidity follow the price."""
        return tuple(
            f"book.legs.{number}.recentre.by"
            for number, leg in enumerate(self.legs)
            if isinstance(leg, AmmConfig) and leg.is_moved_by_policy
        )

    @property
    def recentred_by_policy(self) -> RecentreConfig | None:
        """Terms of the range that a policy moves; None where it moves none."""
        for leg in self.legs:
            if isinstance(leg, AmmConfig) and leg.is_moved_by_policy:
                return leg.recentre
        return None

    @property
    def strikes(self) -> tuple[float, ...]:
        """Distinct prices that matter to a payoff, over initial spot, rising [-]."""
        return tuple(sorted({price for leg in self.legs for price in leg.strikes}))

    @property
    def longest_days(self) -> float:
        """Longest time to a payoff [day]; 0 if nothing of it ends."""
        return max((leg.days for leg in self.legs if leg.days is not None), default=0.0)

    def clock_days(self, horizon_days: float) -> float:
        """Time from the start that `time_to_maturity` is counted to [day].

        To the last payoff, or, for what never ends, to the end of the episode and as
        far beyond it as the volatility looks that it is quoted with.

        Args:
            horizon_days: Length of an episode.
        """
        tenors = [leg.tenor_days for leg in self.legs if leg.days is None]
        endless = [horizon_days + max(tenors)] if tenors else []
        return max([self.longest_days, *endless]) or horizon_days


class HoldingsConfig(Model):
    """Bounds of the holdings; None: the book's limiting deltas."""

    low: Quantity | None = None
    high: Quantity | None = None
    # What is held before the first decision, bought at the price of then.
    start: Quantity = 0.0


def limiting_deltas(book: BookConfig) -> tuple[float, float]:
    """Extremes over spot, and over the legs that are left, of the payoff's hedge.

    Exact for European options; the bounds of what else the book holds are added.

    Raises:
        ValueError: If the hedge of a kind has no bound.
    """
    if book.margin == "coin" and any(leg.kind == "put" for leg in book.europeans):
        raise ValueError(
            "holdings.low and holdings.high must be set with a put in book.legs and "
            "book.margin = coin: its net delta, (K/S) N(-d2) for each, has no bound"
        )
    low, high = _european_deltas(book.europeans) if book.europeans else (0.0, 0.0)
    for leg in book.others:
        if leg.hedge_bounds is None:
            raise ValueError(
                f"holdings.low and holdings.high must be set with {leg.kind} in "
                "book.legs: its hedge has no bound"
            )
        low, high = low + leg.hedge_bounds[0], high + leg.hedge_bounds[1]
    return low, high


def _european_deltas(options: tuple[LegConfig, ...]) -> tuple[float, float]:
    strikes = sorted({leg.moneyness for leg in options})
    place = {strike: number for number, strike in enumerate(strikes)}
    profile = _HedgeProfile(len(strikes))
    low, high = inf, -inf
    legs = sorted(options, key=lambda leg: -leg.maturity_days)
    for _, together in groupby(legs, key=lambda leg: leg.maturity_days):
        for leg in together:  # those that live longest come first
            profile.add(leg, place[leg.moneyness])
        low, high = min(low, profile.low), max(high, profile.high)
    return low, high


class _HedgeProfile:
    """Hedge of a payoff below, between and above its strikes, legs being added.

    Sold calls are held above their strike, sold puts are sold short below it: each
    leg adds one step at its strike, and those of all add up from left to right. A
    binary tree keeps the sum of the steps, and the extremes of the sums from its left
    end, of every range: adding a leg takes the logarithm of the number of strikes.

    Args:
        n_strikes: Number of different strikes.
    """

    def __init__(self, n_strikes: int) -> None:
        self._size = 1 << max(0, n_strikes - 1).bit_length()
        self._sum = [0.0] * (2 * self._size)
        self._low = [0.0] * (2 * self._size)
        self._high = [0.0] * (2 * self._size)
        self._puts = 0.0  # hedge where spot is below all strikes

    @property
    def low(self) -> float:
        """Lowest hedge over spot."""
        return self._puts + self._low[1]

    @property
    def high(self) -> float:
        """Highest hedge over spot."""
        return self._puts + self._high[1]

    def add(self, leg: LegConfig, place: int) -> None:
        """Add a leg whose strike is number `place` from below."""
        if leg.kind == "put":
            self._puts += leg.quantity
        node = self._size + place
        self._sum[node] -= leg.quantity  # of a put as of a call
        self._low[node] = min(0.0, self._sum[node])
        self._high[node] = max(0.0, self._sum[node])
        while node > 1:
            node //= 2
            left, right = 2 * node, 2 * node + 1
            first = self._sum[left]
            self._sum[node] = first + self._sum[right]
            self._low[node] = min(self._low[left], first + self._low[right])
            self._high[node] = max(self._high[left], first + self._high[right])
