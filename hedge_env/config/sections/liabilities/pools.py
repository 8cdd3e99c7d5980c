"""Positions in pools of automated market makers: liquidity, options on it, of options.

The kernels are in `book/amm.py`, `book/endless/streamed_options.py` and
`book/endless/option_pool`.
"""

from __future__ import annotations

from math import sqrt
from typing import Annotated, Literal

from pydantic import Field

from hedge_env.config.model import (
    HOURS_PER_DAY,
    BasisPoints,
    Days,
    Model,
    Multiple,
    NonNegative,
    Probability,
    Quantity,
)
from hedge_env.config.sections.episode import EpisodeConfig
from hedge_env.config.sections.liabilities.liability import Liability, check_maturity

_MOST_ORDERS = 20.0  # expected per decision and option
_Points = Annotated[float, Field(ge=0.0, le=1e3)]  # of implied volatility


class PoolFees(Liability):
    """What trades in a pool and what they pay; see book/amm.py."""

    fee_bp: Annotated[float, Field(ge=0.0, le=5000.0)] = 5.0  # of what is traded
    block_seconds: Annotated[float, Field(ge=1e-3, le=86_400.0)] = 12.0  # mean
    # Volume of noise traders, per day, over the value that the pool's liquidity would
    # have over all prices.
    noise_turnover: Annotated[float, Field(ge=0.0, le=1e4)] = 0.2
    noise_sd: Annotated[float, Field(ge=0.0, le=3.0)] = 0.0  # of its logarithm

    @property
    def is_drawn(self) -> bool:
        """Where the volume of noise traders varies."""
        return self.noise_sd > 0.0


class RecentreConfig(Model):
    """Liquidity that is withdrawn and put around the present price again."""

    # Who decides when: this rule of one number, the same for whoever hedges, or the
    # policy, by a further entry of its action.
    by: Literal["rule", "policy"] = "rule"
    # Of the way from the centre to an end of the range, in logs, that the price has to
    # go: at 1 it is done at the end. Of a policy, what a rule that is not tuned does.
    at: Annotated[float, Field(ge=0.01, le=100.0)] = 1.0
    swap_bp: BasisPoints = 5.5  # of what is swapped
    gas_units: NonNegative = 0.0  # of one time, at the gas price of the market
    fixed_cost_bp: BasisPoints = 0.0  # of initial notional, of one time


class AmmConfig(PoolFees):
    """Liquidity in an automated market maker, owned where long; see book/amm.py.

    One unit is worth one unit of the underlying at the start. Without `low` and `high`
    it lies over all prices (a constant product).
    """

    kind: Literal["amm"]
    quantity: Quantity = 1.0
    low: Multiple | None = None  # end of the range, over initial spot
    high: Multiple | None = None
    recentre: RecentreConfig | None = None  # None: the range stays where it is

    @property
    def is_moved_by_policy(self) -> bool:
        """Whether a policy decides when the range follows the price."""
        return self.recentre is not None and self.recentre.by == "policy"

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
        """All of the underlying that the position can hold; no bound without `low`.

        None either for a range that follows the price: what falls is held by more.
        """
        root_low, inverse_high = self.range_roots
        if root_low == 0.0 or self.recentre is not None:
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
        if self.recentre is None:
            return
        if low is None or high is None or not low < 1.0 < high:
            raise ValueError(
                f"{key}.recentre needs a range around the price of the start: set "
                f"{key}.low below 1 and {key}.high above it"
            )
        if self.quantity < 0.0:
            raise ValueError(
                f"{key}.recentre is decided by who owns the liquidity: set "
                f"{key}.quantity to 0 or more, or {key}.recentre = null"
            )


class StreamedConfig(PoolFees):
    """An option made of a pool's liquidity, which pays fees as they come.

    See book/endless/streamed_options.py.
    """

    kind: Literal["streamed"]
    option: Literal["call", "put"] = "call"
    moneyness: Multiple = 1.0  # strike over initial spot
    # Upper end of the range over the strike, and strike over its lower end.
    width: Annotated[float, Field(ge=1.0001, le=100.0)] = 1.1
    # Of the liquidity in the range, what buyers have taken out.
    removed: Annotated[float, Field(ge=0.0, le=0.9)] = 0.0
    spread: Annotated[float, Field(ge=0.0, le=10.0)] = (
        0.25  # per removed over what is left
    )

    @property
    def strikes(self) -> tuple[float, ...]:
        """Its strike."""
        return (self.moneyness,)

    @property
    def range_roots(self) -> tuple[float, float]:
        """Square root of the lower end of the range, and one over that of the upper."""
        strike, width = self.moneyness, self.width
        return sqrt(strike / width), 1.0 / sqrt(strike * width)

    @property
    def liquidity(self) -> float:
        """Liquidity that is one unit of the underlying below the range."""
        root_low, inverse_high = self.range_roots
        return 1.0 / (1.0 / root_low - inverse_high)

    @property
    def premium_multiple(self) -> float:
        """Premium over the fees of its liquidity, paid if bought, received if sold."""
        per_left = self.removed / (1.0 - self.removed)
        share = 1.0 if self.quantity > 0.0 else self.removed
        return 1.0 + self.spread * share * per_left

    @property
    def hedge_bounds(self) -> tuple[float, float]:
        """Of a call 0 and -quantity, of a put 0 and quantity."""
        most = -self.quantity if self.option == "call" else self.quantity
        return min(0.0, most), max(0.0, most)


class BoardOption(Model):
    """An option that a pool quotes."""

    kind: Literal["call", "put"]
    moneyness: Multiple = 1.0  # strike over spot when it is listed


class OptionPoolConfig(Liability):
    """A pool that quotes options to whoever comes; see book/endless/option_pool.

    Sizes are units of the underlying per contract.
    """

    kind: Literal["option_pool"]
    quantity: Quantity = 1.0  # pools that are owned
    options: tuple[BoardOption, ...] = Field(
        default=(
            BoardOption(kind="put", moneyness=0.95),
            BoardOption(kind="put", moneyness=1.0),
            BoardOption(kind="call", moneyness=1.0),
            BoardOption(kind="call", moneyness=1.05),
        ),
        min_length=1,
        max_length=16,
    )
    maturity_days: Days = 7.0  # of an option when it is listed
    board_days: Days = 7.0  # until all are listed anew, at the strikes of then
    # Options that it can have sold, or bought, all together.
    capacity: Annotated[float, Field(ge=1e-6, le=1e6)] = 1.0
    half_spread_points: _Points = 2.0
    # For each standard size sold: of the board, and of an option's own volatility.
    standard_size: Annotated[float, Field(ge=1e-9, le=1e6)] = 0.1
    board_points: _Points = 1.0
    skew_share: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0125
    utilisation_points: _Points = 5.0  # on what it sells, once all capacity is used
    order_size: Annotated[float, Field(ge=1e-9, le=1e6)] = 0.02
    # Of one option at the volatility it is marked at.
    orders_per_day: Annotated[float, Field(ge=0.0, le=1e6)] = 1.0
    probability_buy: Probability = 0.5  # a client who buys leaves the pool short
    # Decay of the number of orders by the volatility asked over that of the mark.
    price_response: Annotated[float, Field(ge=0.0, le=100.0)] = 10.0
    informed_share: Probability = 0.0  # of the orders at the mark

    @property
    def tenor_days(self) -> float:
        """Of an option that has just been listed."""
        return self.maturity_days

    @property
    def is_drawn(self) -> bool:
        """Where anybody comes."""
        return self.orders_per_day > 0.0

    @property
    def strikes(self) -> tuple[float, ...]:
        """The price at the start stands for those to come."""
        return (1.0,)

    @property
    def hedge_bounds(self) -> tuple[float, float]:
        """All that it can have sold and bought, at a delta of one."""
        most = 2.0 * abs(self.quantity) * self.capacity
        return -most, most

    def check(self, key: str, episode: EpisodeConfig) -> None:
        """Refuse options between two decisions, boards beyond them, crowds.

        Args:
            key: Where the position is in the config.
            episode: Its time grid.

        Raises:
            ValueError: In one sentence that names the key.
        """
        check_maturity(f"{key}.maturity_days", self.maturity_days, episode)
        check_maturity(f"{key}.board_days", self.board_days, episode)
        if self.board_days > self.maturity_days:
            raise ValueError(
                f"{key}.board_days = {self.board_days:g} must not exceed "
                f"{key}.maturity_days = {self.maturity_days:g}: nothing would be "
                "quoted between the end of a board and the next one"
            )
        expected = self.orders_per_day * episode.decision_interval_hours / HOURS_PER_DAY
        if expected > _MOST_ORDERS:
            raise ValueError(
                f"{key}.orders_per_day = {self.orders_per_day:g} is more than "
                f"{_MOST_ORDERS:g} orders of an option per decision; use fewer and "
                f"larger ones ({key}.order_size)"
            )
