"""Implied volatilities: flat, of the surface's own factors, or of SABR."""

from __future__ import annotations

from math import exp, log, sqrt, tanh

from tests.oracle.market.fair_variance import fair_variance, seen_stress, usual_variance
from tests.oracle.market.volatility import volatility
from tests.oracle.state import State, mean_revert


def smile(world: State, log_strike: float, days: float) -> float:
    """Implied volatility at log strike over spot and time left."""
    market = world.config.market
    surface = market.surface
    if surface.model == "flat":
        level = surface.volatility
        return market.volatility.level if level is None else level
    years = days / world.config.episode.days_per_year
    if surface.model == "sabr":
        return hagan(world, log_strike, years)
    theta = surface.variance_premium * exp(2.0 * world.factors["level"])
    theta = min(theta * quoted_variance(world, days) * years, 2.0)
    rho, eta = correlation(world), curvature(world)
    x = eta * log_strike / sqrt(theta)
    w = 0.5 * theta * (1.0 + rho * x + sqrt((x + rho) ** 2 + 1.0 - rho**2))
    return sqrt(w / years)


def quoted_variance(world: State, days: float) -> float:
    """Fair variance as far as the surface follows it."""
    usual, reaction = usual_variance(world), world.config.market.surface.reaction
    return usual * (fair_variance(world, days) / usual) ** reaction


def correlation(world: State) -> float:
    """Correlation of the surface: which way the smile leans."""
    regime, mean = world.config.market.regime, world.config.market.surface.skew.mean
    shift = 0.0 if regime is None else regime.skew * seen_stress(world)
    return 0.95 * tanh((mean + world.factors["skew"] + shift) / 0.95)


def curvature(world: State) -> float:
    mean = world.config.market.surface.curvature.mean
    return min(mean * exp(world.factors["curvature"]), 1.4)


def skew(world: State, days: float) -> float:
    """Slope of the smile at the money, per deviation of the log spot."""
    surface, model = world.config.market.surface, world.config.market.volatility
    if surface.model == "ssvi":
        return correlation(world) * curvature(world) / 2.0
    if surface.model != "sabr" or days == 0.0:
        return 0.0
    slope = 0.5 * model.correlation * model.volatility_of_volatility
    slope *= smile(world, 0.0, days) / volatility(world)
    return slope * sqrt(days / world.config.episode.days_per_year)


def hagan(world: State, log_strike: float, years: float) -> float:
    """SABR's implied volatility as Hagan and others (2002) print it, beta 1."""
    alpha, model = volatility(world), world.config.market.volatility
    nu, rho = model.volatility_of_volatility, model.correlation
    z = -nu / alpha * log_strike
    root = sqrt(1.0 - 2.0 * rho * z + z**2)
    ratio = 1.0 if z == 0.0 else z / log((root + z - rho) / (1.0 - rho))
    rate = rho * nu * alpha / 4.0 + (2.0 - 3.0 * rho**2) * nu**2 / 24.0
    return alpha * ratio * (1.0 + rate * years)


def move_surface(world: State, z: list[float]) -> None:
    surface, f = world.config.market.surface, world.factors
    if surface.model != "ssvi":
        return
    for name, process, own in (
        ("level", surface.level, z[3]),
        ("skew", surface.skew, z[4]),
    ):
        r = process.return_correlation
        shock = r * z[0] + sqrt(1.0 - r**2) * own
        f[name] = mean_revert(f[name], shock, process, world.days)
    f["curvature"] = mean_revert(f["curvature"], z[5], surface.curvature, world.days)
