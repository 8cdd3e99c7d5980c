import numpy as np
import pytest

from hedge_env.config import JumpConfig
from hedge_env.market.spot.diffusion import advance_price, price_params
from hedge_env.market.spot.jumps import draw_jumps, jump_params

N = 200_000
DT = 1.0 / 365.0


def returns(
    volatility: float, drift: float = 0.0, jumps: JumpConfig | None = None
) -> np.ndarray:
    rng, compiled = np.random.default_rng(2), jump_params(jumps, DT)
    jump = np.empty(N)
    draw_jumps(rng.random(N), rng.random(N), jump, compiled)
    log_spot, log_return = np.zeros(N), np.empty(N)
    advance_price(
        log_spot,
        log_return,
        np.full(N, volatility),
        rng.standard_normal(N),
        jump,
        compiled.compensator,
        price_params(drift, DT),
    )
    np.testing.assert_array_equal(log_spot, log_return)
    return log_return


def test_without_volatility_spot_grows_at_its_drift() -> None:
    np.testing.assert_array_equal(returns(0.0, drift=0.3), 0.3 * DT)


def test_log_returns_are_normal_with_the_variance_asked_for() -> None:
    r = returns(0.8)
    sd = 0.8 * np.sqrt(DT)
    assert abs(r.mean() + 0.5 * sd**2) < 4 * sd / np.sqrt(N)
    assert abs(r.var() / sd**2 - 1.0) < 4 * np.sqrt(2.0 / N)
    assert abs(((r - r.mean()) ** 4).mean() / sd**4 - 3.0) < 4 * np.sqrt(96.0 / N)


@pytest.mark.parametrize("drift", [0.0, -0.5])
@pytest.mark.parametrize(
    "jumps",
    [
        None,
        JumpConfig(per_year=100.0),
        JumpConfig(per_year=300.0, probability_up=1.0, mean_up=0.2),
        JumpConfig(per_year=300.0, probability_up=0.0, mean_down=0.3),
    ],
)
def test_spot_is_a_martingale_but_for_its_drift_whatever_the_jumps(
    drift: float, jumps: JumpConfig | None
) -> None:
    growth = np.exp(returns(0.8, drift, jumps) - drift * DT)
    assert abs(growth.mean() - 1.0) < 4 * growth.std() / np.sqrt(N)


def test_each_path_moves_by_its_own_numbers() -> None:
    p = price_params(0.1, DT)
    log_spot, log_return = np.array([0.5, -0.5]), np.empty(2)
    volatility, z = np.array([0.2, 0.9]), np.array([1.0, -2.0])
    jump = np.array([0.0, 0.03])
    advance_price(log_spot, log_return, volatility, z, jump, -0.002, p)
    expected = (0.1 - volatility**2 / 2) * DT + volatility * np.sqrt(DT) * z - 0.002
    expected += [0.0, 0.03]
    np.testing.assert_allclose(log_return, expected, rtol=1e-13)
    log_spot_before = np.array([0.5, -0.5])
    np.testing.assert_allclose(log_spot, log_spot_before + expected, rtol=1e-13)
