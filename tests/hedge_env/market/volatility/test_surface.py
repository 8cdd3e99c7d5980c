from typing import Any

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.config import ConstantVolatility, FlatSurface, SsviSurface
from hedge_env.config.loading import load_config
from hedge_env.market.engine.parameters import market_params
from hedge_env.market.volatility.surface import (
    SurfaceParams,
    advance_surface,
    react,
    surface_params,
)
from tests.hedge_env.market.drive import decisions, start_rows
from tests.support.examples import full_config, stormy_config

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


def reacting(reaction: float) -> SurfaceParams:
    config = SSVI.model_copy(update={"reaction": reaction})
    return surface_params(config, 0.9, 0.25)


@pytest.mark.parametrize("reaction", [0.0, 0.5, 0.75, 2.0])
def test_what_is_quoted_follows_the_fair_variance_to_a_power(reaction: float) -> None:
    fair = np.array([1e-12, 0.05, 0.81, 3.0, 1e4])
    quoted = fair.copy()
    react(quoted, 0.81, reacting(reaction))
    np.testing.assert_allclose(quoted, 0.81 * (fair / 0.81) ** reaction, rtol=1e-12)


@pytest.mark.parametrize("reaction", [0.0, 0.5, 1.0, 2.0])
def test_where_spot_stands_still_nothing_is_quoted(reaction: float) -> None:
    quoted = np.zeros(3)
    react(quoted, 0.0, reacting(reaction))
    np.testing.assert_array_equal(quoted, 0.0)


def test_a_reaction_of_one_changes_no_bit() -> None:
    fair = np.random.default_rng(3).lognormal(size=1000)
    quoted = fair.copy()
    react(quoted, 0.81, reacting(1.0))
    np.testing.assert_array_equal(quoted, fair)


@pytest.mark.parametrize("reaction", [-0.1, 2.1, np.nan, np.inf])
def test_a_reaction_beyond_its_bounds_is_refused(reaction: float) -> None:
    with pytest.raises(ConfigError, match=r"surface.*reaction"):
        load_config("ethereum-l1", {"market": {"surface": {"reaction": reaction}}})


# Constant volatility, no premium, a level that stands still: what is quoted is the
# expected variance alone.
PLAIN: dict[str, Any] = {
    "volatility": {"model": "constant", "level": 0.5},
    "surface": {"level": {"half_life_days": 1.0, "sd": 0.0}, "variance_premium": 1.0},
    "season": None,
    "jumps": None,
    "regime": {"calm_days": 20.0, "stress_days": 10.0, "volatility": 3.0, "skew": 0.0},
}


@pytest.mark.parametrize("start", ["calm", "stress"])
def test_quoted_volatility_is_that_of_the_formula(start: str) -> None:
    def quoted(reaction: float) -> float:
        changes: dict[str, Any] = {
            "surface": {"reaction": reaction},
            "regime": {"start": start},
        }
        book = {"legs": [{"kind": "call", "maturity_days": 4.0}]}
        config = load_config(stormy_config(), {"market": PLAIN, "book": book})
        rows = start_rows(load_config(config, {"market": changes}), 3)
        return float(rows["implied_volatility"][0])

    # A third of the time under stress, over four of the days that the chain takes
    # 20 / 3 to forget: in closed form.
    decay = 4.0 * (1.0 / 20.0 + 1.0 / 10.0)
    now = 1.0 if start == "stress" else 0.0
    share = 1.0 / 3.0 + (now - 1.0 / 3.0) * (1.0 - np.exp(-decay)) / decay
    fair, usual = 0.25 * (1.0 + 8.0 * share), 0.25 * (1.0 + 8.0 / 3.0)
    assert quoted(1.0) ** 2 == pytest.approx(fair, rel=1e-12)
    for reaction in (0.0, 0.6, 1.5):
        expected = usual * (fair / usual) ** reaction
        assert quoted(reaction) ** 2 == pytest.approx(expected, rel=1e-12)


def test_a_surface_that_does_not_react_quotes_the_mean_variance_of_the_market() -> None:
    changes = {
        "surface": PLAIN["surface"] | {"reaction": 0.0},
        "season": None,
        # Factors that are independent and normal, as the formula has them: what
        # leverage makes alike in two, and shifts that cluster, add some points.
        "volatility": {"intraday": {"half_life_days": 0.2, "sd": 0.2}, "leverage": 0.0},
        "regime": {"volatility_half_life_days": 2.0},
        "jumps": {"volatility_jump": 0.0},
    }
    config = load_config(stormy_config("episode.decisions=4"), {"market": changes})
    rows = list(decisions(config, N))
    level = rows[0]["implied_volatility"]
    np.testing.assert_allclose(level, level[0], rtol=1e-14)
    p = market_params(config)
    jumps = p.cascades.mean * p.jumps.mean_square / p.price.dt
    for row in rows:
        variance = row["true_volatility"] ** 2
        error = variance.std() / np.sqrt(N)
        assert abs(variance.mean() + jumps - level[0] ** 2) < 4 * error
        np.testing.assert_allclose(row["implied_volatility"], level[0], rtol=1e-14)


def test_less_reaction_is_less_dispersion_and_leaves_all_else_alone() -> None:
    less = load_config(full_config(), settings=["market.surface.reaction=0.5"])
    pairs = list(zip(decisions(less, 500), decisions(full_config(), 500), strict=True))
    for name in ("spot", "true_volatility", "gas_price", "funding_rate"):
        for a, b in pairs:
            np.testing.assert_array_equal(a[name], b[name])
    for a, b in pairs:
        spread = [np.log(rows["implied_volatility"]).std() for rows in (a, b)]
        assert spread[0] < 0.9 * spread[1]
