"""Price of the hedge instrument against spot."""

from __future__ import annotations

from math import exp, sqrt

from hedge_env.config import MeanReverting
from tests.oracle.market.noise import START
from tests.oracle.state import BP, State, mean_revert

BLOCK = 6


def log_basis(world: State) -> float:
    """Log of the hedge instrument's price over spot."""
    basis = world.config.market.basis
    return 0.0 if basis is None else basis.mean_bp * BP + world.basis


def hedge_price(world: State) -> float:
    return exp(world.log_spot + log_basis(world))


def start_basis(world: State, premium_shock: float) -> None:
    basis = world.config.market.basis
    if basis is not None:
        world.basis = basis.sd_bp * BP * basis_shock(world, premium_shock, START)


def move_basis(world: State, premium_shock: float) -> None:
    basis = world.config.market.basis
    if basis is not None:
        shock = basis_shock(world, premium_shock, world.steps)
        process = MeanReverting(
            half_life_days=basis.half_life_hours / 24.0, sd=basis.sd_bp * BP
        )
        world.basis = mean_revert(world.basis, shock, process, world.days)


def basis_shock(world: State, premium_shock: float, step: int) -> float:
    r = world.config.market.basis.premium_correlation
    own = world.noise.normals(step, BLOCK)[2]
    return r * premium_shock + sqrt(1.0 - r**2) * own
