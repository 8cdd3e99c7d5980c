import numpy as np

from hedge_env.config import ConstantVolatility, FlatSurface, SsviSurface
from hedge_env.market.surface import SurfaceParams, advance_surface, surface_params

N = 100_000
SSVI = SsviSurface.model_validate(
    {
        "model": "ssvi",
        "variance_premium": 1.1,
        "level": {"half_life_days": 5.0, "sd": 0.05, "return_correlation": -0.35},
        "skew": {"half_life_days": 3.0, "sd": 0.2, "return_correlation": 0.7},
        "curvature": {"half_life_days": 10.0, "sd": 0.15, "mean": 0.6},
    }
)


def params(config: FlatSurface | SsviSurface) -> SurfaceParams:
    return surface_params(config, ConstantVolatility(level=0.9).level, 0.25)


def moved(p: SurfaceParams, start: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Level, skew and curvature (3, n) after one step."""
    factors = start.copy()
    advance_surface(*factors, *z, p)
    return factors


def test_a_flat_surface_quotes_its_own_volatility_or_the_markets() -> None:
    assert params(FlatSurface()).flat_volatility == 0.9
    assert params(FlatSurface(volatility=0.5)).flat_volatility == 0.5
    assert params(SSVI).flat_volatility == 0.0


def test_factors_of_a_flat_surface_do_not_move() -> None:
    z = np.random.default_rng(0).standard_normal((4, 50))
    np.testing.assert_array_equal(moved(params(FlatSurface()), np.zeros((3, 50)), z), 0)


def test_factors_decay_without_noise() -> None:
    p, start = params(SSVI), np.array([[0.1], [0.2], [0.3]])
    end = moved(p, start, np.zeros((4, 1)))
    lives = np.array([[5.0], [3.0], [10.0]])
    np.testing.assert_allclose(end, start * 0.5 ** (0.25 / lives), rtol=1e-14)


def test_factors_stay_stationary_and_have_their_correlations_with_returns() -> None:
    p, rng = params(SSVI), np.random.default_rng(4)
    sds = np.array([0.05, 0.2, 0.15])
    factors = sds[:, None] * rng.standard_normal((3, N))
    for _ in range(5):
        before, z = factors, rng.standard_normal((4, N))
        factors = moved(p, before, z)
    variance = factors.var(axis=1) / sds**2
    assert np.abs(variance - 1.0).max() < 4 * np.sqrt(2.0 / N)
    decay = np.array([[p.level.decay], [p.skew.decay], [p.curvature.decay]])
    r = np.corrcoef(np.vstack([z[:1], factors - decay * before]))
    # Returns, level, skew, curvature: only through returns do level and skew move
    # together.
    expected = np.eye(4)
    expected[0, 1:] = expected[1:, 0] = [-0.35, 0.7, 0.0]
    expected[1, 2] = expected[2, 1] = -0.35 * 0.7
    assert np.abs(r - expected).max() < 4 / np.sqrt(N)
