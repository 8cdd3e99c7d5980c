"""What trading costs, and what can go wrong with an order."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hedge_env.config.model import Model, NonNegative, Positive, Probability
from hedge_env.config.option import OptionConfig

Fraction = Annotated[float, Field(gt=0.0, le=1.0)]


class FailureConfig(Model):
    """Transactions that fail: gas is paid and the position stays."""

    probability: Probability  # at the median gas price
    congestion: NonNegative = 1.0  # log odds per log gas price over its median


class SandwichConfig(Model):
    """Trades that somebody front-runs and back-runs."""

    probability: Probability  # that a trade is hit
    loss_bp: NonNegative  # of traded value, when hit


class HaltConfig(Model):
    """A circuit breaker: no trading after a large move."""

    move: Positive  # |log return| over one decision interval
    decisions: int = Field(default=1, ge=1)  # that are halted


class MarginConfig(Model):
    """Margin account of a perpetual position."""

    collateral: Positive  # posted at the start [notional]
    initial: Fraction = 0.1  # equity needed to open, over the position's value
    maintenance: Fraction = 0.05  # equity needed to keep it, over its value
    penalty_bp: NonNegative = 50.0  # of the value closed by force
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
    fee_bp: NonNegative = 0.0  # of traded value
    half_spread_bp: NonNegative = 0.0  # of traded value
    fixed_cost_bp: NonNegative = 0.0  # of initial notional, per transaction
    gas_units: NonNegative = 0.0  # per transaction, paid in the underlying
    gas_cost_bp: NonNegative = 0.0  # mean gas of a transaction, of initial notional
    depth: Positive | None = None  # AMM depth [quote]: cost = value^2 / depth
    square_root_impact: NonNegative = 0.0  # Y: cost = Y daily_vol sqrt(value/volume)
    daily_volume: Positive = 1e9  # [quote], for square-root and permanent impact
    permanent_impact: NonNegative = 0.0  # log spot move per day's volume traded
    charge_opening: bool = True
    charge_liquidation: bool = True
    latency_steps: int = Field(default=0, ge=0)  # from order to fill [market step]
    failure: FailureConfig | None = None
    sandwich: SandwichConfig | None = None
    halt: HaltConfig | None = None
    margin: MarginConfig | None = None
    option: OptionConfig | None = None  # second hedge instrument; None: no option
