"""Forecasts of volatility and of gas from weighted means of the past."""

from __future__ import annotations

from math import cos, exp, log, pi

from tests.oracle.market.gas import log_gas
from tests.oracle.state import State


def start_forecasts(world: State) -> None:
    f = world.factors
    world.past_variances = [world.variance] * 3
    if world.config.market.gas is not None:
        world.past_gas = [f["gas_slow"] + f["gas_fast"], f["gas_slow"]]


def move_forecasts(world: State, log_return: float) -> None:
    """After gas has moved."""
    forecasts = world.config.market.forecasts
    if forecasts is None:
        return
    hours, f = world.hours_per_step, world.factors
    if forecasts.volatility is not None:
        left = [0.5 ** (hours / h) for h in forecasts.volatility.half_lives_hours]
        world.past_variances = [
            w * old + (1.0 - w) * log_return**2 / world.dt
            for w, old in zip(left, world.past_variances, strict=True)
        ]
    if forecasts.gas is not None:
        left = [0.5 ** (hours / h) for h in forecasts.gas.half_lives_hours]
        price = f["gas_slow"] + f["gas_fast"] + world.burst
        world.past_gas = [
            w * old + (1.0 - w) * price
            for w, old in zip(left, world.past_gas, strict=True)
        ]


def forecast_rows(world: State) -> dict[str, float]:
    forecasts, found = world.config.market.forecasts, {}
    if forecasts is not None and forecasts.volatility is not None:
        p = forecasts.volatility
        terms = zip(p.weights, world.past_variances, strict=True)
        total = p.intercept + sum(w * log(v) for w, v in terms)
        found["volatility_forecast"] = exp(total / 2.0)
    if forecasts is not None and forecasts.gas is not None:
        p, gas = forecasts.gas, world.config.market.gas
        now, then = (
            gas.season * cos(2.0 * pi * (hour - gas.season_peak_hour) / 24.0)
            for hour in (world.hour, world.hour + p.horizon_hours)
        )
        left = p.present * (log_gas(world) - now) + p.intercept
        terms = zip(p.weights, world.past_gas, strict=True)
        found["gas_forecast"] = then + left + sum(w * m for w, m in terms)
    return found
