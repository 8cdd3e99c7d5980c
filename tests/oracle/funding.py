"""Funding of the perpetual future."""

from __future__ import annotations

from math import exp, floor

from hedge_env.config import MeanReverting
from tests.oracle.state import BP, State, mean_revert


def funding_rate(world: State) -> float:
    """Premium through the clamp."""
    funding = world.config.market.funding
    if funding is None:
        return 0.0
    premium = world.factors["premium"] + funding.premium_mean_bp * BP
    premium += funding.return_response_bp * BP * world.trailing
    clamp = funding.clamp_bp * BP
    return premium + max(-clamp, min(clamp, funding.interest_bp * BP - premium))


def move_funding(world: State, z: float, log_return: float) -> None:
    """Move the premium and settle; the spot has moved already."""
    funding = world.config.market.funding
    if funding is None:
        return
    process = MeanReverting(
        half_life_days=funding.premium_half_life_hours / 24.0,
        sd=funding.premium_sd_bp * BP,
    )
    premium = mean_revert(world.factors["premium"], z, process, world.days)
    world.factors["premium"] = premium
    world.trailing *= exp(-world.days / funding.trailing_days)
    world.trailing += log_return
    hour = funding.settlement_hours * (floor(world.hour / funding.settlement_hours))
    while hour <= world.hour + world.hours_per_step + 1e-9:
        if hour > world.hour + 1e-9:
            world.accrued += funding_rate(world) * exp(world.log_spot)
        hour += funding.settlement_hours
