"""What trading costs, and what can go wrong with an order."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hedge_env.config.model import (
    BasisPoints,
    Model,
    NonNegative,
    Probability,
    Quote,
)
from hedge_env.config.sections.margin import MarginConfig
from hedge_env.config.sections.onchain.front_runner import FrontRunnerConfig
from hedge_env.config.sections.onchain.keeper import KeeperConfig
from hedge_env.config.sections.onchain.rollup import ONE_CHAIN, RollupConfig
from hedge_env.config.sections.option import OptionConfig
from hedge_env.config.sections.venues import (
    MOST_VENUES,
    VenueConfig,
    check_venues,
)

Fraction = Annotated[float, Field(ge=1e-6, le=1.0)]
# What belongs to one venue: of several, each says itself what it costs, and what fills
# of an order is no whole number of lots.
ONE_VENUE = (
    "fee_bp fee_limit_bp half_spread_bp fixed_cost_bp gas_units gas_cost_bp depth "
    "square_root_impact permanent_impact lot slicing failure sandwich"
)

_FEWEST_TO_SPLIT = 2


def _as_yaml(value: float | None) -> str:
    """A default as a file says it."""
    return "null" if value is None else f"{value:g}"


class FailureConfig(Model):
    """Transactions that fail: gas is paid and the position stays."""

    probability: Probability  # at the median gas price
    # Log odds per log gas price over its median.
    congestion: Annotated[float, Field(ge=0.0, le=1e3)] = 1.0


class SandwichConfig(Model):
    """Trades that somebody front-runs and back-runs."""

    probability: Probability  # that a trade is hit
    loss_bp: BasisPoints  # of traded value, when hit


class SlicingConfig(Model):
    """Orders that are filled in slices, one market step apart; each pays its gas."""

    slices: Annotated[int, Field(ge=2, le=10_000)]
    schedule: Literal["twap", "almgren-chriss"] = "twap"
    # kappa tau of almgren-chriss: the larger, the more is filled at once; see
    # pricing/schedules.py.
    urgency: Annotated[float, Field(ge=0.0, le=1e3)] = 0.5


class HaltConfig(Model):
    """A circuit breaker: no trading after a large move."""

    # |log return| over one decision interval.
    move: Annotated[float, Field(gt=0.0, le=1e3)]
    decisions: int = Field(default=1, ge=1, le=1_000_000)  # that are halted


class ExecutionConfig(Model):
    """What a trade in the hedge instrument costs; a part that is None is off."""

    instrument: Literal["spot", "perp"] = "spot"  # only a perp pays funding
    fee_bp: BasisPoints = 0.0  # of traded value
    fee_limit_bp: BasisPoints | None = None  # most of a trade, of initial notional
    half_spread_bp: BasisPoints = 0.0  # of traded value
    fixed_cost_bp: BasisPoints = 0.0  # of initial notional, per transaction
    gas_units: NonNegative = 0.0  # per transaction, paid in the underlying
    gas_cost_bp: BasisPoints = 0.0  # mean gas of a transaction, of initial notional
    depth: Quote | None = None  # AMM depth [quote]: cost = value^2 / depth
    # Y: cost = Y daily_vol sqrt(value/volume).
    square_root_impact: Annotated[float, Field(ge=0.0, le=1e3)] = 0.0
    daily_volume: Quote = 1e9  # [quote], for square-root and permanent impact
    # Log move of spot, or of the perpetual alone, per day's volume traded.
    permanent_impact: Annotated[float, Field(ge=0.0, le=1e3)] = 0.0
    impact_on: Literal["spot", "perpetual"] = "spot"
    # Orders are rounded down to whole lots, and one below the least is not sent;
    # 0 switches either off [units of the underlying].
    lot: Annotated[float, Field(ge=0.0, le=1e9)] = 0.0
    least_order: Annotated[float, Field(ge=0.0, le=1e9)] = 1e-10
    charge_opening: bool = True
    charge_liquidation: bool = True
    # From order to fill [market step].
    latency_steps: int = Field(default=0, ge=0, le=10_000)
    slicing: SlicingConfig | None = None  # None: an order fills at once
    failure: FailureConfig | None = None
    sandwich: SandwichConfig | None = None
    halt: HaltConfig | None = None
    margin: MarginConfig | None = None
    keeper: KeeperConfig | None = None  # None: every decision is acted on at once
    front_runner: FrontRunnerConfig | None = None
    # A second chain to trade on; what is above is the first. None: one chain.
    rollup: RollupConfig | None = None
    option: OptionConfig | None = None  # second hedge instrument; None: no option
    # Several places to trade the hedge instrument in, each with its own costs; they
    # replace those above. Empty: one place.
    venues: tuple[VenueConfig, ...] = Field(default=(), max_length=MOST_VENUES)
    # Of an order over the venues: by least cost, to the one that is cheapest for it, or
    # by shares that a policy gives, one a venue; an order without shares, such as one
    # of a rule or at the end, is split by least cost then.
    split: Literal["optimal", "single", "policy"] = "optimal"
    # Order that the fixed and the proportional cost are quoted for [notional].
    quoted_order: Annotated[float, Field(ge=1e-6, le=10.0)] = 0.05

    @property
    def fills_late(self) -> bool:
        """Whether an order fills, or a part of it, after its decision."""
        return self.latency_steps > 0 or self.slicing is not None

    @property
    def moves_perpetual(self) -> bool:
        """Whether own orders part the perpetual's price from spot."""
        return self.permanent_impact > 0.0 and self.impact_on == "perpetual"

    @property
    def may_fail(self) -> bool:
        """Whether an order can fail and cost gas all the same, on one chain or both."""
        rollup = self.rollup
        return self.failure is not None or (rollup is not None and rollup.failure > 0.0)

    @property
    def rollup_fills_late(self) -> bool:
        """Whether an order on the rollup fills after its decision."""
        return self.rollup is not None and self.rollup.latency_steps > 0

    @property
    def n_shares(self) -> int:
        """Shares of an order that a policy gives, one a venue; 0: it gives none."""
        return len(self.venues) if self.split == "policy" else 0

    @property
    def transactions(self) -> int:
        """Of an order; each pays gas and what else is fixed."""
        return 1 if self.slicing is None else self.slicing.slices

    @model_validator(mode="after")
    def _slices_fill(self) -> ExecutionConfig:
        if self.slicing is not None and self.failure is not None:
            raise ValueError(
                "slicing does not go with failure: an order fails as a whole; set "
                "slicing = null, or failure = null"
            )
        return self

    @model_validator(mode="after")
    def _two_chains_alone(self) -> ExecutionConfig:
        if self.rollup is None:
            return self
        usual = {key: type(self).model_fields[key].default for key in ONE_CHAIN.split()}
        given = [key for key in usual if getattr(self, key) != usual[key]]
        if given:
            raise ValueError(
                f"rollup does not go with {', '.join(given)}; leave them out, or set "
                "rollup = null"
            )
        return self

    @model_validator(mode="after")
    def _limit_matters(self) -> ExecutionConfig:
        if self.fee_limit_bp is None:
            return self
        if self.fee_bp == 0.0:
            raise ValueError(
                "fee_limit_bp limits a fee that is zero; set fee_bp, or fee_limit_bp = "
                "null"
            )
        if self.slicing is not None:
            raise ValueError(
                "fee_limit_bp is of an order that fills at once and does not go with "
                "slicing; set slicing = null, or fee_limit_bp = null"
            )
        return self

    @model_validator(mode="after")
    def _venues_alone(self) -> ExecutionConfig:
        if self.split == "policy" and len(self.venues) < _FEWEST_TO_SPLIT:
            raise ValueError(
                f"split = policy needs at least {_FEWEST_TO_SPLIT} venues to split an "
                f"order over, and venues lists {len(self.venues)}; add some, or set "
                "split = optimal"
            )
        if not self.venues:
            return self
        usual = {key: type(self).model_fields[key].default for key in ONE_VENUE.split()}
        given = [key for key in usual if getattr(self, key) != usual[key]]
        if given:
            reset = ", ".join(f"{key} = {_as_yaml(usual[key])}" for key in given)
            raise ValueError(
                f"{', '.join(given)} belong to one venue and do not go with a list of "
                f"venues; set {reset}, or venues = []"
            )
        check_venues(self.venues)
        return self
