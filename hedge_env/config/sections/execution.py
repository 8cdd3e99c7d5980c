"""What trading costs, and what can go wrong with an order."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hedge_env.config.model import BasisPoints, Model, NonNegative, Probability
from hedge_env.config.sections.front_runner import FrontRunnerConfig
from hedge_env.config.sections.keeper import KeeperConfig
from hedge_env.config.sections.option import OptionConfig

Fraction = Annotated[float, Field(ge=1e-6, le=1.0)]
_Quote = Annotated[float, Field(ge=1.0, le=1e18)]  # an amount [quote]


class FailureConfig(Model):
    """Transactions that fail: gas is paid and the position stays."""

    probability: Probability  # at the median gas price
    # Log odds per log gas price over its median.
    congestion: Annotated[float, Field(ge=0.0, le=1e3)] = 1.0


class SandwichConfig(Model):
    """Trades that somebody front-runs and back-runs."""

    probability: Probability  # that a trade is hit
    loss_bp: BasisPoints  # of traded value, when hit


class HaltConfig(Model):
    """A circuit breaker: no trading after a large move."""

    # |log return| over one decision interval.
    move: Annotated[float, Field(gt=0.0, le=1e3)]
    decisions: int = Field(default=1, ge=1, le=1_000_000)  # that are halted


class MarginConfig(Model):
    """Margin account of a perpetual position."""

    # Posted at the start [notional].
    collateral: Annotated[float, Field(ge=1e-9, le=1e6)]
    initial: Fraction = 0.1  # equity needed to open, over the position's value
    maintenance: Fraction = 0.05  # equity needed to keep it, over its value
    penalty_bp: BasisPoints = 50.0  # of the value closed by force
    reopen: bool = True  # may a position be opened again after a liquidation?

    @model_validator(mode="after")
    def _ordered(self) -> MarginConfig:
        if self.maintenance >= self.initial:
            raise ValueError(
                f"maintenance = {self.maintenance} must be below initial = "
                f"{self.initial}: a position just opened would be liquidated"
            )
        return self


class ExecutionConfig(Model):
    """What a trade in the hedge instrument costs; a part that is None is off."""

    instrument: Literal["spot", "perp"] = "spot"  # only a perp pays funding
    fee_bp: BasisPoints = 0.0  # of traded value
    half_spread_bp: BasisPoints = 0.0  # of traded value
    fixed_cost_bp: BasisPoints = 0.0  # of initial notional, per transaction
    gas_units: NonNegative = 0.0  # per transaction, paid in the underlying
    gas_cost_bp: BasisPoints = 0.0  # mean gas of a transaction, of initial notional
    depth: _Quote | None = None  # AMM depth [quote]: cost = value^2 / depth
    # Y: cost = Y daily_vol sqrt(value/volume).
    square_root_impact: Annotated[float, Field(ge=0.0, le=1e3)] = 0.0
    daily_volume: _Quote = 1e9  # [quote], for square-root and permanent impact
    # Log spot move per day's volume traded.
    permanent_impact: Annotated[float, Field(ge=0.0, le=1e3)] = 0.0
    # Orders are rounded down to whole lots, and one below the least is not sent;
    # 0 switches either off [units of the underlying].
    lot: Annotated[float, Field(ge=0.0, le=1e9)] = 0.0
    least_order: Annotated[float, Field(ge=0.0, le=1e9)] = 1e-10
    charge_opening: bool = True
    charge_liquidation: bool = True
    # From order to fill [market step].
    latency_steps: int = Field(default=0, ge=0, le=10_000)
    failure: FailureConfig | None = None
    sandwich: SandwichConfig | None = None
    halt: HaltConfig | None = None
    margin: MarginConfig | None = None
    keeper: KeeperConfig | None = None  # None: every decision is acted on at once
    front_runner: FrontRunnerConfig | None = None
    option: OptionConfig | None = None  # second hedge instrument; None: no option
