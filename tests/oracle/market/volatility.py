"""Volatility of the spot: its factors, the season and stress."""

from __future__ import annotations

from math import exp, sqrt

from tests.oracle.market.jumps import jump_probability, usual_probability
from tests.oracle.market.regime import volatility_multiple
from tests.oracle.market.season import season
from tests.oracle.state import State, mean_revert


def calm_volatility(world: State) -> float:
    model, f = world.config.market.volatility, world.factors
    if model.model == "heston":
        return sqrt(world.square)
    return model.level * exp(f["fast"] + f["slow"] + f["intraday"])


def volatility(world: State) -> float:
    return calm_volatility(world) * volatility_multiple(world) * season(world)


def fast_sd(world: State) -> float:
    """Stationary deviation of the fast factor, shifts at jumps included."""
    fast, jumps = world.config.market.volatility.fast, world.config.market.jumps
    shift = 0.0 if jumps is None else jumps.volatility_jump
    p, left = usual_probability(world), 0.5 ** (world.days / fast.half_life_days)
    return sqrt(fast.sd**2 + shift**2 * p * (1.0 - p) / (1.0 - left**2))


def move_volatility(world: State, z: list[float], jump: float) -> None:
    model, f = world.config.market.volatility, world.factors
    if model.model == "sabr":
        nu, rho = model.volatility_of_volatility, model.correlation
        shock = rho * z[0] + sqrt(1.0 - rho**2) * z[1]
        f["fast"] += nu * sqrt(world.dt) * shock - nu**2 * world.dt / 2.0
    if model.model != "log_ou":
        return
    own = sqrt(1.0 - model.leverage**2)
    shock = model.leverage * z[0] + own * z[1]
    f["fast"] = mean_revert(f["fast"], shock, model.fast, world.days)
    jumps = world.config.market.jumps
    if jumps is not None:
        surprise = (jump != 0.0) - jump_probability(world)
        f["fast"] += jumps.volatility_jump * surprise
    f["slow"] = mean_revert(f["slow"], z[2], model.slow, world.days)
    if model.intraday is not None:
        shock += own * (z[9] - z[1])
        f["intraday"] = mean_revert(f["intraday"], shock, model.intraday, world.days)
