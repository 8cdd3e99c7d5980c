"""Heston's variance and price, one step at a time."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base.types import FloatArray
from hedge_env.config import HestonVolatility
from hedge_env.market.volatility.heston import (
    HestonParams,
    advance_heston,
    heston_params,
)

N = 200_000
DAY = 1.0 / 365.0


def model(**changes: float) -> HestonVolatility:
    """The parameters of Buehler and others, some changed."""
    values = {
        "level": 0.2,
        "long_run_level": 0.2,
        "mean_reversion": 1.0,
        "volatility_of_variance": 2.0,
        "correlation": -0.7,
    }
    return HestonVolatility.model_validate({"model": "heston"} | values | changes)


def step(
    variance: float, p: HestonParams, seed: int = 3
) -> tuple[FloatArray, FloatArray]:
    """Variances and log returns after one step from the same variance."""
    z = np.random.default_rng(seed).standard_normal((2, N))
    state = np.full(N, variance)
    log_return = np.empty(N)
    advance_heston(np.zeros(N), log_return, state, z[0], z[1], p)
    return state, log_return


# From zero, from a little and from a lot: exponential and squared-normal branch.
@pytest.mark.parametrize("start", [0.0, 1e-3, 0.04, 0.5])
@pytest.mark.parametrize("dt", [DAY, 0.5])
def test_a_step_has_the_mean_and_the_variance_of_the_exact_law(
    start: float, dt: float
) -> None:
    kappa, theta, xi = 1.0, 0.04, 2.0
    variance, _ = step(start, heston_params(model(), 0.0, dt))
    left = np.exp(-kappa * dt)
    mean = theta + (start - theta) * left
    spread = start * xi**2 * left / kappa * (1.0 - left)
    spread += theta * xi**2 / (2.0 * kappa) * (1.0 - left) ** 2
    assert variance.min() >= 0.0
    assert abs(variance.mean() - mean) < 4 * variance.std() / np.sqrt(N)
    squares = (variance - mean) ** 2
    assert abs(squares.mean() - spread) < 4 * squares.std() / np.sqrt(N)


@pytest.mark.parametrize("start", [0.0, 1e-3, 0.04, 0.5])
@pytest.mark.parametrize("correlation", [-0.7, 0.0, 0.6])
def test_spot_grows_at_its_drift_over_a_step(start: float, correlation: float) -> None:
    p = heston_params(model(correlation=correlation), 0.3, DAY)
    growth = np.exp(step(start, p)[1] - 0.3 * DAY)
    assert abs(growth.mean() - 1.0) < 4 * growth.std() / np.sqrt(N)


def test_returns_and_the_variance_have_their_correlation() -> None:
    variance, log_return = step(0.5, heston_params(model(), 0.0, DAY))
    found = np.corrcoef(variance, log_return)[0, 1]
    assert abs(found + 0.7) < 4 * (1.0 - 0.49) / np.sqrt(N) + 0.002


def test_a_variance_without_noise_follows_its_mean_and_returns_are_lognormal() -> None:
    p = heston_params(model(volatility_of_variance=0.0, level=0.3), 0.0, 0.5)
    variance, log_return = step(0.09, p)
    np.testing.assert_allclose(variance, 0.04 + 0.05 * np.exp(-0.5), rtol=1e-14)
    total = 0.5 * 0.5 * (0.09 + variance[0])  # the trapezoid over the step
    z = np.random.default_rng(3).standard_normal((2, N))[0]
    expected = -0.5 * total + np.sqrt(total) * z
    np.testing.assert_allclose(log_return, expected, rtol=1e-9, atol=1e-12)


def test_where_the_mean_of_spot_would_be_infinite_a_step_is_finite_still() -> None:
    p = heston_params(model(correlation=0.95, volatility_of_variance=9.0), 0.0, 1.0)
    for start in (0.0, 0.04, 3.0):
        variance, log_return = step(start, p)
        assert np.isfinite(variance).all()
        assert np.isfinite(log_return).all()
