"""Price of gas: slow and fast factors, bursts, season, stress, or a chain of states."""

from __future__ import annotations

from math import comb, cos, cosh, exp, log, pi, sqrt

from tests.oracle.market.noise import START
from tests.oracle.market.regime import in_stress
from tests.oracle.state import State, mean_revert

STATE_BLOCK = 7


def log_gas(world: State) -> float:
    """Log gas price over its median."""
    gas, f = world.config.market.gas, world.factors
    if gas is None:
        return 0.0
    season = cos(2.0 * pi * (world.hour - gas.season_peak_hour) / 24.0)
    week = log(gas.weekend) * (5.0 / 7.0 if world.is_weekend else -2.0 / 7.0)
    shift = week + log(in_stress(world, "gas"))
    return f["gas_slow"] + f["gas_fast"] + world.burst + gas.season * season + shift


def gas_over_mean(world: State) -> float:
    """Gas price over its long-run mean, of a season and a chain alone."""
    gas = world.config.market.gas
    if gas is None or gas.fast_states is None:
        return 0.0
    n = gas.fast_states - 1
    mean = cosh(gas.fast.sd / sqrt(n)) ** n * exp(gas.season**2 / 4.0)
    return exp(log_gas(world)) / mean


def move_gas(world: State, z: list[float], u: float, sigmas: float) -> None:
    gas, f = world.config.market.gas, world.factors
    if gas is None:
        return
    f["gas_slow"] = mean_revert(f["gas_slow"], z[6], gas.slow, world.days)
    if gas.fast_states is None:
        f["gas_fast"] = mean_revert(f["gas_fast"], z[7], gas.fast, world.days)
    else:
        move_gas_state(world)
    world.burst *= 0.5 ** (world.hours_per_step / gas.burst_half_life_hours)
    world.burst += gas.return_response * (min(sigmas, 6.0) - sqrt(2.0 / pi))
    probability = 1.0 - exp(-gas.spikes.per_year * world.dt)
    if u < probability:
        world.burst += gas.spikes.mean_size * -log(u / probability)


def start_gas_state(world: State) -> None:
    gas = world.config.market.gas
    if gas is not None and gas.fast_states is not None:
        draw_gas_state(world, binomial(gas.fast_states - 1, 0.5), START)


def move_gas_state(world: State) -> None:
    """The ups that stay and the downs that turn, of independent switches."""
    gas = world.config.market.gas
    n = gas.fast_states - 1
    stay = 0.5 + 0.5 * 0.5 ** (world.days / gas.fast.half_life_days)
    up = round(world.factors["gas_fast"] / gas.fast.sd / sqrt(n) * n / 2 + n / 2)
    stays, turns = binomial(up, stay), binomial(n - up, 1.0 - stay)
    chances = [
        sum(stays[i] * turns[k - i] for i in range(up + 1) if 0 <= k - i <= n - up)
        for k in range(n + 1)
    ]
    draw_gas_state(world, chances, world.steps)


def draw_gas_state(world: State, chances: list[float], step: int) -> None:
    """The factor at the first state whose cumulative chance reaches u."""
    u = world.noise.uniforms(step, STATE_BLOCK)[0]
    state = next(k for k in range(len(chances)) if u <= sum(chances[: k + 1]))
    gas, n = world.config.market.gas, len(chances) - 1
    world.factors["gas_fast"] = gas.fast.sd * sqrt(n) * (2 * state / n - 1)


def binomial(n: int, p: float) -> list[float]:
    """Chances of 0, 1, ... n successes."""
    return [comb(n, k) * p**k * (1.0 - p) ** (n - k) for k in range(n + 1)]
