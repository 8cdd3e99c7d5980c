"""Jumps of the spot, and how one jump excites others."""

from __future__ import annotations

from math import exp, log

from tests.oracle.market.regime import in_stress, stress_share
from tests.oracle.state import State


def probability_in(world: State, multiple: float) -> float:
    """Probability of a jump in one step without excitation."""
    jumps = world.config.market.jumps
    if jumps is None:
        return 0.0
    return 1.0 - exp(-jumps.per_year * multiple * world.dt)


def usual_probability(world: State) -> float:
    """Long-run probability of a jump in one step."""
    regime, share = world.config.market.regime, stress_share(world)
    stress = 0.0 if regime is None else probability_in(world, regime.jumps)
    return (1.0 - share) * probability_in(world, 1.0) + share * stress


def jump_probability(world: State) -> float:
    """Probability of a jump in the present step."""
    jumps = world.config.market.jumps
    own = probability_in(world, in_stress(world, "jumps"))
    excited = 0.0 if jumps is None else jumps.excitation
    return (1.0 - excited) * own + world.excitation


def jump_square(world: State) -> float:
    """Mean square of a jump."""
    jumps = world.config.market.jumps
    if jumps is None:
        return 0.0
    up, down = jumps.probability_up, 1.0 - jumps.probability_up
    return 2.0 * (up * jumps.mean_up**2 + down * jumps.mean_down**2)


def draw_jump(world: State, u: float, u_sign: float) -> float:
    jumps, probability = world.config.market.jumps, jump_probability(world)
    if jumps is None or u >= probability:
        return 0.0
    size = -log(u / probability)
    up = u_sign < jumps.probability_up
    return size * jumps.mean_up if up else -size * jumps.mean_down


def compensator(world: State, scale: float) -> float:
    """What keeps jumps times `scale` from moving the mean of the spot."""
    jumps = world.config.market.jumps
    if jumps is None:
        return 0.0
    growth = jumps.probability_up / (1.0 - scale * jumps.mean_up)
    growth += (1.0 - jumps.probability_up) / (1.0 + scale * jumps.mean_down)
    return -log(1.0 + jump_probability(world) * (growth - 1.0))


def excite(world: State, jump: float) -> None:
    """Let excitation fade, and rise at a jump."""
    jumps = world.config.market.jumps
    if jumps is None:
        return
    left = 0.5 ** (world.hours_per_step / jumps.excitation_half_life_hours)
    world.excitation *= left
    world.excitation += jumps.excitation * (1.0 - left) * (jump != 0.0)
