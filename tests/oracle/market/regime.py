"""Calm and stress."""

from __future__ import annotations

from math import exp, log, sqrt

from scipy.stats import beta

from tests.oracle.market.noise import START
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


def starting_depth(world: State) -> float:
    """How far the variance has come at the start."""
    regime = world.config.market.regime
    now = float(world.stressed)
    if regime is None or regime.volatility_half_life_days is None:
        return now
    if regime.start != "stationary":
        return now
    days = regime.volatility_half_life_days / log(2.0)
    law = beta(days / regime.calm_days + now, days / regime.stress_days + 1.0 - now)
    return float(law.ppf(world.noise.uniforms(START, BLOCK)[1]))


def move_depth(world: State) -> None:
    """The variance goes a share of the way that is left; the chain has moved."""
    days = None
    if world.config.market.regime is not None:
        days = world.config.market.regime.volatility_half_life_days
    left = 0.0 if days is None else 0.5 ** (world.days / days)
    world.depth += (1.0 - left) * (world.stressed - world.depth)


def volatility_multiple(world: State) -> float:
    regime = world.config.market.regime
    if regime is None:
        return 1.0
    return sqrt(1.0 + (regime.volatility**2 - 1.0) * world.depth)


def moves_regime(world: State) -> bool:
    """Whether calm turns into stress, or stress into calm, in this step."""
    regime = world.config.market.regime
    if regime is None:
        return False
    rate = 1.0 / regime.calm_days + 1.0 / regime.stress_days
    moves = 1.0 - exp(-rate * world.days)
    share = 1.0 - stress_share(world) if world.stressed else stress_share(world)
    return world.noise.uniforms(world.steps, BLOCK)[0] < share * moves
