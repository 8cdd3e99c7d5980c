"""What options are settled at: spot, or its mean over the last minutes."""

from __future__ import annotations

from math import exp, sqrt

from tests.oracle.state import State

BLOCK, PLACE = 6, 3


def move_fixing(world: State, vol: float, log_return: float) -> None:
    """Add the step that has just moved spot, if it is one of the last of a decision."""
    market, steps = world.config.market, world.config.episode.market_steps
    if market.settlement == "spot":
        return
    minutes = 60.0 * world.hours_per_step
    last = max(1, round(market.settlement_minutes / minutes))
    share = min(1.0, market.settlement_minutes / minutes)
    place = world.steps % steps - (steps - last)
    if place < 0:
        return
    # Mean and variance of a Brownian bridge's mean over the end of the step.
    variance = vol**2 * world.dt * (share / 3.0 - share**2 / 4.0)
    z = world.noise.normals(world.steps, BLOCK)[PLACE]
    mean = world.log_spot - log_return * share / 2.0 + sqrt(variance) * z
    world.log_fixing = (world.log_fixing if place > 0 else 0.0) + mean / last


def fixing(world: State) -> float:
    is_spot = world.config.market.settlement == "spot"
    return exp(world.log_spot if is_spot else world.log_fixing)


def lost_days(world: State) -> float:
    """By how much a mean is less uncertain than the last price."""
    market = world.config.market
    window = market.settlement_minutes / 1440.0
    return 0.0 if market.settlement == "spot" else 2.0 * window / 3.0
