"""Calm and stress."""

from __future__ import annotations

from math import exp

from tests.oracle.noise import START
from tests.oracle.state import State

BLOCK = 4


def in_stress(world: State, key: str) -> float:
    """What the regime multiplies by at present."""
    return getattr(world.config.market.regime, key) if world.stressed else 1.0


def stress_share(world: State) -> float:
    regime = world.config.market.regime
    if regime is None:
        return 0.0
    return regime.stress_days / (regime.calm_days + regime.stress_days)


def starts_stressed(world: State) -> bool:
    regime = world.config.market.regime
    if regime is None:
        return False
    starts = {"stationary": stress_share(world), "calm": 0.0, "stress": 1.0}
    return world.noise.uniforms(START, BLOCK)[0] < starts[regime.start]


def moves_regime(world: State) -> bool:
    """Whether calm turns into stress, or stress into calm, in this step."""
    regime = world.config.market.regime
    if regime is None:
        return False
    rate = 1.0 / regime.calm_days + 1.0 / regime.stress_days
    moves = 1.0 - exp(-rate * world.days)
    share = 1.0 - stress_share(world) if world.stressed else stress_share(world)
    return world.noise.uniforms(world.steps, BLOCK)[0] < share * moves
