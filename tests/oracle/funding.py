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


def start_funding(world: State, z: list[float]) -> None:
    """Both factors of the premium from the long run."""
    funding, f = world.config.market.funding, world.factors
    f["premium_slow"] = 0.0 if funding is None else funding.premium_sd_bp * BP * z[8]
    f["premium_fast"] = 0.0 if funding is None else funding.fast_sd_bp * BP * z[10]
    f["premium"] = f["premium_slow"] + f["premium_fast"]


def move_funding(world: State, z: list[float], log_return: float) -> None:
    """Move the premium and settle; the spot has moved already."""
    funding = world.config.market.funding
    if funding is None:
        return
    total = 0.0
    for name, sd, hours, shock in (
        ("slow", funding.premium_sd_bp, funding.premium_half_life_hours, z[8]),
        ("fast", funding.fast_sd_bp, funding.fast_half_life_hours, z[10]),
    ):
        process = MeanReverting(half_life_days=hours / 24.0, sd=sd * BP)
        name = f"premium_{name}"
        world.factors[name] = mean_revert(
            world.factors[name], shock, process, world.days
        )
        total += world.factors[name]
    world.factors["premium"] = total
    world.trailing *= exp(-world.days / funding.trailing_days)
    world.trailing += log_return
    hour = funding.settlement_hours * (floor(world.hour / funding.settlement_hours))
    while hour <= world.hour + world.hours_per_step + 1e-9:
        if hour > world.hour + 1e-9:
            world.accrued += funding_rate(world) * exp(world.log_spot)
        hour += funding.settlement_hours
