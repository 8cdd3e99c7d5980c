"""A second chain to trade the underlying on, and the bridges to it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from hedge_env.config.model import (
    BasisPoints,
    Hours,
    Model,
    NonNegative,
    Probability,
    Quantity,
    Quote,
    Title,
)

MOST_BRIDGES = 2
# What of the execution is about one place to trade in, or about one transaction.
ONE_CHAIN = (
    "venues option margin keeper slicing lot permanent_impact impact_on sandwich "
    "front_runner"
)


class InventoryConfig(Model):
    """Units of the underlying that a chain's treasury may hold, per contract.

    It begins with none, which stands for what it has for both sides: it can sell down
    to the least, and has the cash to buy up to the most. None: no limit.
    """

    least: Quantity | None = None
    most: Quantity | None = None

    @model_validator(mode="after")
    def _holds_the_start(self) -> InventoryConfig:
        least = 0.0 if self.least is None else self.least
        most = 0.0 if self.most is None else self.most
        if not least <= 0.0 <= most:
            raise ValueError(
                f"least = {least:g} and most = {most:g} must have 0 between them: an "
                "episode starts with no holdings; they are counted from there"
            )
        return self


class BridgeConfig(Model):
    """One way of moving inventory; it carries one transfer at a time.

    A transfer is two legs at once: units one way, and their worth in cash the other.
    Each leg pays the fee and the gas of the chain that it leaves from.
    """

    name: Title = "bridge"
    delay_hours: Hours = 0.25  # until the later of the two legs has arrived
    fee_bp: Annotated[float, Field(ge=0.0, le=1e4)] = 0.0  # of its value, each leg
    fixed_cost_bp: BasisPoints = 0.0  # of initial notional, per transfer
    gas_units: NonNegative = 0.0  # on the first chain; on a rollup as for a trade
    daily_capacity: Quote | None = None  # [quote], refilled evenly; None: no limit


class RollupConfig(Model):
    """What trading on the rollup costs, what it may hold, how inventory gets there."""

    fee_bp: BasisPoints = 0.0  # of traded value
    half_spread_bp: BasisPoints = 0.0  # of traded value
    fixed_cost_bp: BasisPoints = 0.0  # of initial notional, per transaction
    depth: Quote | None = None  # cost = value^2 / depth [quote]
    gas_units: NonNegative = 0.0  # per transaction, at market.fees.rollup
    blob_gas: NonNegative = 0.0  # of its data, at market.fees.blob
    failure: Probability = 0.0  # of a transaction: gas is paid, the position stays
    # From order to fill [market step].
    latency_steps: int = Field(default=0, ge=0, le=10_000)
    inventory: InventoryConfig = InventoryConfig()  # on the rollup
    home: InventoryConfig = InventoryConfig()  # on the first chain
    # In the order of preference: what one cannot take goes over the next.
    bridges: tuple[BridgeConfig, ...] = Field(default=(), max_length=MOST_BRIDGES)
