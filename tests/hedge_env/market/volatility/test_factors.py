import numpy as np
import pytest

from hedge_env.config import (
    ConstantVolatility,
    JumpConfig,
    LogOuVolatility,
    SabrVolatility,
)
from hedge_env.market.volatility.factors import (
    VolatilityParams,
    advance_intraday,
    advance_volatility,
    volatility_params,
)

N = 100_000
DAY = 1.0
TWO_FACTORS = LogOuVolatility.model_validate(
    {
        "model": "log_ou",
        "level": 0.6,
        "fast": {"half_life_days": 5.0, "sd": 0.35},
        "slow": {"half_life_days": 100.0, "sd": 0.25},
        "leverage": -0.4,
    }
)


def still(level: float) -> LogOuVolatility:
    """Log-OU volatility that never moves."""
    factor = {"half_life_days": 5.0, "sd": 0.0}
    return LogOuVolatility.model_validate(
        {"model": "log_ou", "level": level, "fast": factor, "slow": factor}
    )


class Paths:
    """Factors of many paths, at their stationary law."""

    def __init__(self, p: VolatilityParams, *, stationary: bool = True) -> None:
        self.p, self.rng = p, np.random.default_rng(5)
        spread = 1.0 if stationary else 0.0
        self.fast = spread * p.fast.sd * self.rng.standard_normal(N)
        self.slow = spread * p.slow.sd * self.rng.standard_normal(N)
        self.intraday = spread * p.intraday.sd * self.rng.standard_normal(N)
        self.volatility = p.level * np.exp(self.fast + self.slow + self.intraday)

    def step(self, jump: np.ndarray | None = None) -> np.ndarray:
        """One step; returns the normals of spot."""
        z = self.rng.standard_normal((3, N))
        jump = np.zeros(N) if jump is None else jump
        factors = (self.volatility, self.fast, self.slow, self.intraday)
        advance_volatility(*factors, z[0], z[1], z[2], jump, self.p)
        return np.asarray(z[0])


def test_factors_without_deviation_are_constant_volatility_exactly() -> None:
    paths = Paths(volatility_params(still(0.6), None, 0.0, DAY))
    paths.step()
    np.testing.assert_array_equal(paths.volatility, 0.6)
    constant = volatility_params(ConstantVolatility(level=0.6), None, 0.0, DAY)
    assert (constant.level, constant.fast.scale, constant.slow.scale) == (0.6, 0, 0)


def test_log_volatility_stays_stationary_around_its_median() -> None:
    paths = Paths(volatility_params(TWO_FACTORS, None, 0.0, DAY))
    for _ in range(10):
        paths.step()
    for factor, sd in ((paths.fast, 0.35), (paths.slow, 0.25)):
        assert abs(factor.mean()) < 4 * sd / np.sqrt(N)
        assert abs(factor.var() / sd**2 - 1.0) < 4 * np.sqrt(2.0 / N)
    np.testing.assert_allclose(
        paths.volatility, 0.6 * np.exp(paths.fast + paths.slow), rtol=1e-14
    )


def test_leverage_is_the_correlation_of_returns_with_fast_shocks_only() -> None:
    paths = Paths(volatility_params(TWO_FACTORS, None, 0.0, DAY))
    before = paths.fast.copy(), paths.slow.copy()
    z = paths.step()
    fast = paths.fast - paths.p.fast.decay * before[0]
    slow = paths.slow - paths.p.slow.decay * before[1]
    assert abs(np.corrcoef(z, fast)[0, 1] + 0.4) < 4 * (1 - 0.16) / np.sqrt(N)
    assert abs(np.corrcoef(z, slow)[0, 1]) < 4 / np.sqrt(N)
    assert abs(np.corrcoef(fast, slow)[0, 1]) < 4 / np.sqrt(N)


def test_a_jump_raises_the_fast_factor_and_the_mean_stays() -> None:
    jumps, probability = JumpConfig(per_year=1.0, volatility_jump=0.3), 0.1
    calm = Paths(volatility_params(TWO_FACTORS, jumps, probability, DAY))
    wild = Paths(volatility_params(TWO_FACTORS, jumps, probability, DAY))
    calm.step()
    wild.step(np.full(N, -0.01))
    np.testing.assert_allclose(wild.fast - calm.fast, 0.3, rtol=1e-12)
    paths = Paths(volatility_params(TWO_FACTORS, jumps, probability, DAY))
    draws = np.random.default_rng(6)
    for _ in range(20):
        paths.step(np.where(draws.random(N) < probability, 1.0, 0.0))
    assert abs(paths.fast.mean()) < 4 * paths.fast.std() / np.sqrt(N)
    # The stationary variance is that of the shifts and of the rest; no kurtosis yet
    # to speak of, so the standard error is a normal's.
    decay = 0.5 ** (1 / 5)
    shifts = 0.3**2 * probability * (1 - probability) / (1 - decay**2)
    assert paths.p.fast.sd == pytest.approx(np.sqrt(0.35**2 + shifts), rel=1e-12)
    assert abs(paths.fast.var() / paths.p.fast.sd**2 - 1) < 4 * np.sqrt(2.0 / N)


THREE_FACTORS = LogOuVolatility.model_validate(
    TWO_FACTORS.model_dump() | {"intraday": {"half_life_days": 0.2, "sd": 0.5}}
)


def test_the_intraday_factor_is_stationary_and_has_the_leverage() -> None:
    p = volatility_params(THREE_FACTORS, None, 0.0, DAY / 24.0)
    rng = np.random.default_rng(8)
    factor = p.intraday.sd * rng.standard_normal(N)
    for _ in range(10):
        z = rng.standard_normal((2, N))
        before = factor.copy()
        advance_intraday(factor, z[0], z[1], p)
    assert abs(factor.var() / 0.5**2 - 1.0) < 4 * np.sqrt(2.0 / N)
    shock = factor - p.intraday.decay * before
    assert abs(np.corrcoef(z[0], shock)[0, 1] + 0.4) < 4 * (1 - 0.16) / np.sqrt(N)


SABR = SabrVolatility.model_validate(
    {
        "model": "sabr",
        "level": 0.2,
        "volatility_of_volatility": 0.6,
        "correlation": -0.4,
    }
)


def test_sabr_volatility_is_a_lognormal_martingale_with_its_correlation() -> None:
    paths = Paths(volatility_params(SABR, None, 0.0, DAY, days_per_year=250.0))
    np.testing.assert_array_equal(paths.volatility, 0.2)
    z_spot = sum(paths.step() for _ in range(10))
    logs = np.log(paths.volatility / 0.2)
    variance = 0.6**2 * 10 / 250.0
    assert abs(logs.var() / variance - 1.0) < 4 * np.sqrt(2.0 / N)
    assert abs(logs.mean() + variance / 2.0) < 4 * np.sqrt(variance / N)
    mean, sd = paths.volatility.mean(), paths.volatility.std()
    assert abs(mean - 0.2) < 4 * sd / np.sqrt(N)
    assert abs(np.corrcoef(z_spot, logs)[0, 1] + 0.4) < 4 * (1 - 0.16) / np.sqrt(N)
