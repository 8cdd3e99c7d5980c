"""Heston's variance and the return that goes with it."""

from __future__ import annotations

from math import exp, log, sqrt

from scipy.stats import norm

from tests.oracle.state import State


def heston(world: State, z: list[float]) -> tuple[float, float]:
    """Variance after the step, and the step's log return.

    Andersen (2008): the QE-M scheme, psi_c = 3/2, gamma_1 = gamma_2 = 1/2.
    """
    model, dt, v = world.config.market.volatility, world.dt, world.square
    kappa, theta = model.mean_reversion, model.long_run_level**2
    xi, rho = model.volatility_of_variance, model.correlation
    left = exp(-kappa * dt)
    m = theta + (v - theta) * left
    s2 = v * xi**2 * left * (1.0 - left) / kappa
    s2 += theta * xi**2 * (1.0 - left) ** 2 / (2.0 * kappa)
    k1 = dt / 2.0 * (kappa * rho / xi - 0.5) - rho / xi
    k2 = dt / 2.0 * (kappa * rho / xi - 0.5) + rho / xi
    k3 = dt / 2.0 * (1.0 - rho**2)
    tilt, psi = k2 + k3 / 2.0, s2 / m**2
    if psi <= 1.5:
        b2 = 2.0 / psi - 1.0 + sqrt(2.0 / psi) * sqrt(2.0 / psi - 1.0)
        a = m / (1.0 + b2)
        following = a * (sqrt(b2) + z[1]) ** 2
        k0 = -tilt * b2 * a / (1.0 - 2.0 * tilt * a)
        k0 += log(1.0 - 2.0 * tilt * a) / 2.0
    else:
        p, u = (psi - 1.0) / (psi + 1.0), float(norm.cdf(z[1]))
        beta = (1.0 - p) / m
        following = 0.0 if u <= p else log((1.0 - p) / (1.0 - u)) / beta
        k0 = -log(p + beta * (1.0 - p) / (beta - tilt))
    k0 -= (k1 + k3 / 2.0) * v
    noise = sqrt(k3 * (v + following)) * z[0]
    drift = world.config.market.drift * dt
    return following, drift + k0 + k1 * v + k2 * following + noise
