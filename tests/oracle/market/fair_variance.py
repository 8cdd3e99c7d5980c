"""Variance that is expected until a maturity."""

from __future__ import annotations

from math import exp, log

import numpy as np
from scipy.integrate import simpson
from scipy.linalg import expm

from tests.oracle.market.jumps import jump_square, probability_in, usual_probability
from tests.oracle.market.regime import stress_share
from tests.oracle.market.volatility import fast_sd
from tests.oracle.state import State


def fair_variance(world: State, days: float) -> float:
    """Expected mean variance until `days` from now, log-linear in the factors."""
    volatility, f = world.config.market.volatility, world.factors
    jump_variance, multiple = expected_clusters(world, days)
    if volatility.model == "constant":
        return jump_variance + multiple * volatility.level**2
    time = np.linspace(0.0, days, 65)
    fast_left = 0.5 ** (time / volatility.fast.half_life_days)
    slow_left = 0.5 ** (time / volatility.slow.half_life_days)
    gone = fast_sd(world) ** 2 * (1.0 - fast_left**2)
    gone += volatility.slow.sd**2 * (1.0 - slow_left**2)
    hours_left = np.zeros(time.size)
    if volatility.intraday is not None:
        hours_left = 0.5 ** (time / volatility.intraday.half_life_days)
        gone += volatility.intraday.sd**2 * (1.0 - hours_left**2)
    weight = np.exp(2.0 * gone)
    total = simpson(weight, x=time)
    hours = simpson(weight * hours_left, x=time) / total * f["intraday"]
    fast = simpson(weight * fast_left, x=time) / total * f["fast"]
    slow = simpson(weight * slow_left, x=time) / total * f["slow"]
    level = volatility.level**2 * total / days
    level *= multiple
    return jump_variance + float(level * exp(2.0 * (fast + slow + hours)))


def usual_variance(world: State) -> float:
    """Mean variance of the long run."""
    market = world.config.market
    model, regime = market.volatility, market.regime
    jump_variance = usual_probability(world) * jump_square(world) / world.dt
    spread = 0.0
    if model.model == "log_ou":
        hours = 0.0 if model.intraday is None else model.intraday.sd
        spread = fast_sd(world) ** 2 + model.slow.sd**2 + hours**2
    multiple = 1.0
    if regime is not None:
        multiple += (regime.volatility**2 - 1.0) * stress_share(world)
    return jump_variance + model.level**2 * exp(2.0 * spread) * multiple


def seen_stress(world: State) -> float:
    """The stress that options are priced by."""
    surface = world.config.market.surface
    sees_depth = surface.model == "ssvi" and surface.sees == "depth"
    return world.depth if sees_depth else float(world.stressed)


def expected_clusters(world: State, days: float) -> tuple[float, float]:
    """Expected variance of jumps per year and multiple of diffusive variance.

    Linear equations for what regime and excitation are expected to be, solved
    and averaged over the time by one matrix exponential.
    """
    jumps, regime = world.config.market.jumps, world.config.market.regime
    share, calm = stress_share(world), probability_in(world, 1.0)
    stress = calm if regime is None else probability_in(world, regime.jumps)
    rate, square = 0.0, 1.0
    if regime is not None:
        rate = 1.0 / regime.calm_days + 1.0 / regime.stress_days
        square = regime.volatility**2
    excited, forgets = 0.0, 0.0
    if jumps is not None:
        excited = jumps.excitation
        left = 0.5 ** (world.hours_per_step / jumps.excitation_half_life_hours)
        forgets = -log(left + excited * (1.0 - left)) / world.days
    follows = 0.0
    if regime is not None and regime.volatility_half_life_days is not None:
        follows = log(2.0) / regime.volatility_half_life_days
    flow = np.zeros((6, 6))  # stress, excitation, 1, two integrals, and depth
    flow[0, [0, 2]] = -rate, rate * share
    flow[1, [0, 1]] = forgets * excited * (stress - calm), -forgets
    flow[1, 2] = forgets * excited * calm
    flow[5, [0, 5]] = follows, -follows
    flow[3, 5 if follows else 0] = 1.0
    flow[4, [0, 1]] = (1.0 - excited) * (stress - calm), 1.0
    flow[4, 2] = (1.0 - excited) * calm
    stressed = seen_stress(world)
    now = np.array([stressed, world.excitation, 1.0, 0.0, 0.0, world.depth])
    later = expm(flow * days) @ now / days
    probability = float(later[4])
    multiple = 1.0 + (square - 1.0) * float(later[3])
    return probability * jump_square(world) / world.dt, multiple
