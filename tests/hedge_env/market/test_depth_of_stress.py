"""Variance that takes its time from the level of one regime to that of the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.special import hyp2f1

from hedge_env.base.types import FloatArray
from hedge_env.config import RegimeConfig
from hedge_env.config.loading import load_config
from hedge_env.feeds.history.volatility_factors import without_regime
from hedge_env.market.spot.regime import (
    RegimeParams,
    advance_depth,
    advance_regime,
    regime_params,
    start_depth,
    volatility_at,
)
from tests.hedge_env.feeds.history.examples import full_replay
from tests.hedge_env.market.drive import decisions
from tests.support.examples import full_config, stormy_config

SHORT = ("episode.decisions=8", "book.legs.2.maturity_days=2")
HALF_LIFE = 3.0  # days
RATE = np.log(2.0) / HALF_LIFE
CALM, STRESS = 6.0, 2.0


def chain(days: float, **settings: Any) -> RegimeParams:
    config = {"calm_days": CALM, "stress_days": STRESS, "volatility": 3.0}
    config |= {"volatility_half_life_days": HALF_LIFE} | settings
    return regime_params(RegimeConfig.model_validate(config), days, 365.0)


def started(p: RegimeParams, n: int, seed: int) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    stress = np.where(rng.random(n) < p.start, 1.0, 0.0)
    uniforms = rng.random(n)
    depth = [start_depth(s, u, p) for s, u in zip(stress, uniforms, strict=True)]
    return stress, np.array(depth)


def within_four_errors(samples: FloatArray, expected: float) -> bool:
    error = samples.std() / np.sqrt(samples.size)
    return bool(abs(samples.mean() - expected) < 4.0 * error)


@pytest.mark.parametrize("steps", [0, 40, 400])
def test_the_depth_stays_distributed_as_in_the_long_run(steps: int) -> None:
    # Steps of a fiftieth of the half-life: the chain stands still within one.
    p, rng = chain(HALF_LIFE / 50), np.random.default_rng(6)
    stress, depth = started(p, 20_000, seed=5)
    for _ in range(steps):
        advance_regime(stress, rng.random(stress.size), p)
        advance_depth(depth, stress, p)
    a, b = 1.0 / (RATE * CALM), 1.0 / (RATE * STRESS)
    share = a / (a + b)
    assert within_four_errors(depth, share)
    square = a * (a + 1.0) / ((a + b) * (a + b + 1.0))
    assert within_four_errors(depth**2, square)
    # E[1 / (1 + 8 y)] of a beta distribution is a hypergeometric function.
    harmonic = float(hyp2f1(1.0, a, a + b, -8.0))
    assert within_four_errors(1.0 / (1.0 + 8.0 * depth), harmonic)
    # Under stress it is Beta(a + 1, b).
    assert within_four_errors(depth[stress > 0.0], (a + 1.0) / (a + b + 1.0))


def test_a_depth_goes_half_the_way_in_a_half_life() -> None:
    p = chain(HALF_LIFE)
    depth, stress = np.array([0.0, 0.4, 1.0]), np.array([1.0, 1.0, 0.0])
    advance_depth(depth, stress, p)
    np.testing.assert_allclose(depth, [0.5, 0.7, 0.5], rtol=1e-14)


def test_the_square_of_the_multiple_is_linear_in_the_depth() -> None:
    multiples = np.array([volatility_at(y, 3.0) for y in (0.0, 0.25, 1.0)])
    np.testing.assert_allclose(multiples**2, [1.0, 3.0, 9.0], rtol=1e-14)


@pytest.mark.parametrize("half_life", [1e-4, None])
def test_at_once_is_the_limit_of_a_short_half_life(half_life: float | None) -> None:
    plain = stormy_config(*SHORT)
    regime = {"regime": {"volatility_half_life_days": half_life}}
    ramped = load_config(plain, {"market": regime})
    # Of eight days, 1e-4 are 1.3e-5, and so is what the surface expects of the depth.
    tolerance = 0.0 if half_life is None else 1e-3
    for a, b in zip(decisions(ramped, 50), decisions(plain, 50), strict=True):
        for name, values in a.items():
            np.testing.assert_allclose(
                values, b[name], rtol=tolerance, atol=tolerance, err_msg=name
            )


def test_the_way_of_the_variance_leaves_all_other_noise_alone() -> None:
    plain = load_config(stormy_config(*SHORT), settings=["market.jumps=null"])
    ramped = load_config(
        plain, {"market": {"regime": {"volatility_half_life_days": 2.0}}}
    )
    pairs = list(zip(decisions(ramped, 50), decisions(plain, 50), strict=True))
    for name in ("skew", "hour_sin"):
        for a, b in pairs:
            np.testing.assert_array_equal(a[name], b[name])
    assert (pairs[-1][0]["true_volatility"] != pairs[-1][1]["true_volatility"]).any()


@pytest.mark.parametrize("start", ["calm", "stress", "stationary"])
@pytest.mark.parametrize("half_life", [0.5, 5.0])
def test_the_surface_expects_the_variance_that_is_realised(
    start: str, half_life: float
) -> None:
    # Constant volatility, for which the expectation is exact but for the length of
    # a step; the premium is one and the level stands still.
    market = {
        "volatility": {"model": "constant", "level": 0.5},
        "surface": {
            "level": {"half_life_days": 1.0, "sd": 0.0},
            "variance_premium": 1.0,
        },
        "season": None,
        "regime": {
            "start": start,
            "drift": 0.0,
            "volatility_half_life_days": half_life,
        },
    }
    episode = {"decisions": 192, "decision_interval_hours": 0.5, "market_steps": 1}
    book = {"legs": [{"kind": "call", "maturity_days": 4.0}]}
    config = load_config(
        stormy_config(), {"market": market, "book": book, "episode": episode}
    )
    n = 4000
    rows = list(decisions(config, n))
    fair = rows[0]["implied_volatility"] ** 2
    returns = np.diff(np.log([row["spot"] for row in rows]), axis=0)
    realised = (returns**2).sum(axis=0) * 365.0 / 4.0
    error = (realised - fair).std() / np.sqrt(n)
    assert abs((realised - fair).mean()) < 4 * error + 0.01 * fair.mean()


def test_recorded_days_take_over_what_the_depth_does_to_log_volatility(
    tmp_path: Path,
) -> None:
    regime = {"calm_days": CALM, "stress_days": STRESS, "volatility": 3.0}
    regime["volatility_half_life_days"] = HALF_LIFE
    plain = full_replay(tmp_path)
    alone = without_regime(load_config(plain, {"market": {"regime": regime}})).market
    _, depth = started(chain(1.0), 40_000, seed=8)
    logs = 0.5 * np.log(1.0 + 8.0 * depth)
    before, after = plain.market.volatility, alone.volatility
    assert within_four_errors(logs, np.log(after.level / before.level))
    added = after.slow.sd**2 - before.slow.sd**2
    assert within_four_errors((logs - logs.mean()) ** 2, added)


@pytest.mark.parametrize("days", [0.0, -1.0, 1e-5, 1000.0])
def test_a_half_life_is_seconds_to_a_year(days: float) -> None:
    with pytest.raises(ValidationError, match="volatility_half_life_days"):
        chain(1.0, volatility_half_life_days=days)


def test_a_lasting_stress_is_as_deep_as_it_gets() -> None:
    plain = full_config(*SHORT)
    regime = {"calm_days": 1.0, "stress_days": 1e15, "start": "stress"}
    regime |= {"volatility": 2.0, "volatility_half_life_days": 4.0}
    ramped = load_config(plain, {"market": {"regime": regime}})
    doubled = load_config(plain, {"market": {"volatility": {"level": 1.4}}})
    for a, b in zip(decisions(ramped, 50), decisions(doubled, 50), strict=True):
        np.testing.assert_allclose(a["spot"], b["spot"], rtol=1e-9)
