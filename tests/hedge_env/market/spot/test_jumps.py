import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from hedge_env.config import JumpConfig
from hedge_env.market.spot.jumps import JumpParams, draw_jumps, jump_params

HOUR = 1.0 / 8760.0
KOU = JumpConfig(per_year=400.0, probability_up=0.3, mean_up=0.05, mean_down=0.03)


def jumps_of(u: np.ndarray, u_sign: np.ndarray, p: JumpParams) -> np.ndarray:
    out = np.empty(u.size)
    draw_jumps(u, u_sign, out, p)
    return out


def density(x: float, config: JumpConfig) -> float:
    """Kou's double-exponential density."""
    if x >= 0.0:
        return config.probability_up * np.exp(-x / config.mean_up) / config.mean_up
    down = np.exp(x / config.mean_down) / config.mean_down
    return float((1.0 - config.probability_up) * down)


def expectation(function: object, config: JumpConfig) -> float:
    total = 0.0
    for low, high in ((-np.inf, 0.0), (0.0, np.inf)):
        total += quad(lambda x: function(x) * density(x, config), low, high)[0]
    return total


def test_without_jumps_nothing_jumps_and_nothing_is_compensated() -> None:
    p = jump_params(None, HOUR)
    u = np.linspace(1e-9, 1.0 - 1e-9, 100)
    np.testing.assert_array_equal(jumps_of(u, u, p), 0.0)
    assert (p.compensator, p.variance_rate) == (0.0, 0.0)
    none = jump_params(JumpConfig(per_year=0.0), HOUR)
    np.testing.assert_array_equal(jumps_of(u, u, none), 0.0)
    assert (none.compensator, none.variance_rate) == (0.0, 0.0)


@pytest.mark.parametrize("dt", [HOUR, 4 * HOUR, 24 * HOUR])
def test_probability_is_that_of_at_least_one_poisson_arrival(dt: float) -> None:
    p = jump_params(KOU, dt)
    assert p.probability == pytest.approx(-np.expm1(-400.0 * dt), rel=1e-14)


def test_size_is_the_exponential_quantile_of_the_same_uniform() -> None:
    p = jump_params(KOU, HOUR)
    share = np.linspace(0.001, 0.999, 200)
    u = share * p.probability
    up = jumps_of(u, np.full(200, 0.29), p)
    np.testing.assert_allclose(up, stats.expon.isf(share, scale=0.05), rtol=1e-12)
    down = jumps_of(u, np.full(200, 0.31), p)
    np.testing.assert_allclose(-down, stats.expon.isf(share, scale=0.03), rtol=1e-12)
    late = jumps_of(p.probability + 0.5 * share, share, p)
    np.testing.assert_array_equal(late, 0.0)


def test_frequency_sizes_and_directions_are_those_asked_for() -> None:
    p, n = jump_params(KOU, HOUR), 1_000_000
    rng = np.random.default_rng(3)
    jumps = jumps_of(rng.random(n), rng.random(n), p)
    share = (jumps != 0.0).mean()
    assert abs(share - p.probability) < 4 * np.sqrt(p.probability / n)
    up, down = jumps[jumps > 0.0], -jumps[jumps < 0.0]
    assert abs(up.mean() - 0.05) < 4 * 0.05 / np.sqrt(up.size)
    assert abs(down.mean() - 0.03) < 4 * 0.03 / np.sqrt(down.size)
    error = np.sqrt(0.3 * 0.7 / (up.size + down.size))
    assert abs(up.size / (up.size + down.size) - 0.3) < 4 * error
    assert stats.kstest(up, "expon", (0.0, 0.05)).pvalue > 1e-4


def test_compensator_and_variance_are_integrals_of_the_density() -> None:
    p = jump_params(KOU, HOUR)
    growth = 1.0 - p.probability + p.probability * expectation(np.exp, KOU)
    assert growth * np.exp(p.compensator) == pytest.approx(1.0, rel=1e-12)
    variance = p.probability * expectation(np.square, KOU) / HOUR
    assert p.variance_rate == pytest.approx(variance, rel=1e-9)
