import numpy as np
import pytest

from hedge_env.numerics.ornstein_uhlenbeck import half_life_decay, ou_params, ou_step


def test_half_is_left_after_a_half_life_and_all_after_no_time() -> None:
    assert half_life_decay(5.0, 5.0) == 0.5
    assert half_life_decay(5.0, 10.0) == 0.25
    assert half_life_decay(5.0, 0.0) == 1.0


@pytest.mark.parametrize("half_life", [1e-3, 0.7, 8.0, 240.0, 1e6])
@pytest.mark.parametrize("dt", [1e-4, 1 / 24, 1.0, 30.0])
def test_decay_is_a_power_of_two(half_life: float, dt: float) -> None:
    decay = half_life_decay(half_life, dt)
    assert decay == pytest.approx(2.0 ** (-dt / half_life), rel=1e-13, abs=1e-300)
    assert decay**2 == pytest.approx(half_life_decay(half_life, 2 * dt), rel=1e-13)


@pytest.mark.parametrize("dt", [1e-6, 0.1, 1.0, 50.0])
def test_a_step_keeps_the_stationary_variance(dt: float) -> None:
    p = ou_params(half_life=3.0, sd=0.7, dt=dt)
    assert p.decay**2 * p.sd**2 + p.scale**2 == pytest.approx(0.49, rel=1e-14)


def test_a_long_step_is_white_noise_and_no_deviation_gives_no_noise() -> None:
    long = ou_params(half_life=1.0, sd=0.7, dt=1e4)
    assert (long.decay, long.scale) == (0.0, 0.7)
    assert ou_params(half_life=1.0, sd=0.0, dt=1.0).scale == 0.0


def test_a_step_without_noise_decays_and_the_noise_is_added() -> None:
    p = ou_params(half_life=2.0, sd=0.3, dt=2.0)
    assert ou_step(1.0, 0.0, p) == 0.5
    assert ou_step(1.0, 2.0, p) == pytest.approx(0.5 + 2 * 0.3 * np.sqrt(0.75))


def test_many_small_steps_have_the_law_of_one_large_step() -> None:
    n = 100_000
    small, rng = ou_params(2.0, 0.5, 0.25), np.random.default_rng(1)
    start = 0.5 * rng.standard_normal(n)
    x = start
    for _ in range(8):
        x = small.decay * x + small.scale * rng.standard_normal(n)
    assert abs(x.mean()) < 4 * 0.5 / np.sqrt(n)
    assert abs(x.var() / 0.25 - 1.0) < 4 * np.sqrt(2.0 / n)
    # One half-life later the correlation is a half; its s.e. is (1 - r^2) / sqrt(n).
    assert abs(np.corrcoef(start, x)[0, 1] - 0.5) < 4 * 0.75 / np.sqrt(n)
