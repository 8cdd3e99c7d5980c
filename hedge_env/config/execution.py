"""What trading costs."""

from __future__ import annotations

from typing import Literal

from hedge_env.config.model import Model, NonNegative, Positive


class ExecutionConfig(Model):
    """What a trade in the hedge instrument costs."""

    instrument: Literal["spot", "perp"] = "spot"  # only a perp pays funding
    fee_bp: NonNegative = 0.0  # of traded value
    half_spread_bp: NonNegative = 0.0  # of traded value
    fixed_cost_bp: NonNegative = 0.0  # of initial notional, per transaction
    gas_units: NonNegative = 0.0  # per transaction, paid in the underlying
    gas_cost_bp: NonNegative = 0.0  # mean gas of a transaction, of initial notional
    depth: Positive | None = None  # AMM depth [quote]: cost = value^2 / depth
    square_root_impact: NonNegative = 0.0  # Y: cost = Y daily_vol sqrt(value/volume)
    daily_volume: Positive = 1e9  # [quote], for the square-root impact
    charge_opening: bool = True
    charge_liquidation: bool = True
