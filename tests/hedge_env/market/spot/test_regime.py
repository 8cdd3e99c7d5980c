from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hedge_env.base.field import BOOK_VALUE, IMPLIED_VOLATILITY
from hedge_env.config import RegimeConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.history.volatility_factors import without_regime
from hedge_env.feeds.tape import MarketTape, TapeMarket, record_tape
from hedge_env.market.engine.parameters import market_params
from hedge_env.market.spot.regime import RegimeParams, advance_regime, regime_params
from tests.hedge_env.feeds.history.examples import full_replay
from tests.hedge_env.market.drive import decisions
from tests.support.examples import full_config, stormy_config

FOREVER = 1e15  # days
SHORT = ("episode.decisions=8", "book.legs.2.maturity_days=2")


def chain(days: float, **settings: Any) -> RegimeParams:
    config = {"calm_days": 6.0, "stress_days": 2.0} | settings
    return regime_params(RegimeConfig.model_validate(config), days, 365.0)


@pytest.mark.parametrize("days", [1 / 24, 1.0, 30.0])
def test_shares_and_durations_are_those_asked_for(days: float) -> None:
    n, p, rng = 40_000, chain(days), np.random.default_rng(2)
    assert p.share == pytest.approx(0.25, rel=1e-15)
    stress = np.where(rng.random(n) < p.start, 1.0, 0.0)
    for _ in range(5):
        before = stress.copy()
        advance_regime(stress, rng.random(n), p)
    # Stationary, and each state is left as a chain in continuous time would.
    assert abs(stress.mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / n)
    left = np.exp(-days * (1 / 6 + 1 / 2))
    for state, stays in ((1.0, 0.25 + 0.75 * left), (0.0, 0.75 + 0.25 * left)):
        there = before == state
        kept = (stress[there] == state).mean()
        error = np.sqrt(max(stays * (1 - stays), 1e-9) / there.sum())
        assert abs(kept - stays) < 4 * error


@pytest.mark.parametrize(("start", "state"), [("calm", 0.0), ("stress", 1.0)])
def test_a_regime_without_end_is_the_one_it_started_in(
    start: str, state: float
) -> None:
    p = chain(1.0, calm_days=FOREVER, stress_days=FOREVER, start=start)
    assert p.start == state
    stress, rng = np.full(1000, state), np.random.default_rng(3)
    for _ in range(50):
        advance_regime(stress, rng.random(1000), p)
    np.testing.assert_array_equal(stress, state)


def test_lasting_calm_is_the_market_without_regimes() -> None:
    plain = full_config(*SHORT)
    regime = {"calm_days": FOREVER, "stress_days": 1.0, "start": "calm"}
    effects = {"volatility": 3.0, "jumps": 5.0, "gas": 9.0, "drift": -9.0}
    calm = load_config(plain, {"market": {"regime": regime | effects}})
    for a, b in zip(decisions(calm, 50), decisions(plain, 50), strict=True):
        for name, values in a.items():
            np.testing.assert_allclose(
                values, b[name], rtol=1e-9, atol=1e-15, err_msg=name
            )


def test_lasting_stress_is_a_market_with_all_of_its_numbers_changed() -> None:
    plain = full_config(*SHORT)
    regime = {"calm_days": 1.0, "stress_days": FOREVER, "start": "stress"}
    effects = {"volatility": 2.0, "jumps": 3.0, "skew": -0.3, "gas": 4.0}
    effects |= {"liquidity": 5.0, "drift": -2.0}
    stress = load_config(plain, {"market": {"regime": regime | effects}})
    by_hand = load_config(
        plain,
        {
            "market": {
                "volatility": {"level": 1.4},
                "jumps": {"per_year": 1500.0},
                "surface": {"skew": {"mean": -0.5}},
                "gas": {"median_gwei": 120.0},
                "drift": 0.1 - 2.0,
            },
            # Half-spread and impact five times.
            "execution": {
                "half_spread_bp": 7.5,
                "depth": 3e6 / 5,
                "square_root_impact": 4.0,
            },
        },
    )
    for a, b in zip(decisions(stress, 50), decisions(by_hand, 50), strict=True):
        for name, values in a.items():
            shift = np.log(4.0) if name == "log_gas" else 0.0
            np.testing.assert_allclose(
                values - shift, b[name], rtol=1e-9, atol=1e-13, err_msg=name
            )


def test_spot_keeps_its_drift_through_regimes_and_cascades() -> None:
    config = stormy_config(*SHORT, "market.regime.drift=0", "market.drift=0")
    n = 20_000
    *_, last = decisions(config, n)
    error = last["spot"].std() / np.sqrt(n)
    assert abs(last["spot"].mean() - 1.0) < 4 * error


@pytest.mark.parametrize("start", ["calm", "stress", "stationary"])
def test_the_surface_expects_the_variance_that_is_realised(start: str) -> None:
    # Constant volatility, for which the expectation is exact but for the length of
    # a step; the premium is one and the level stands still.
    still = {"half_life_days": 1.0, "sd": 0.0}
    surface = {"level": still, "variance_premium": 1.0}
    market = {
        "volatility": {"model": "constant", "level": 0.5},
        "surface": surface,
        "season": None,
        "regime": {"start": start, "drift": 0.0},
    }
    legs = [{"kind": "call", "maturity_days": 4.0}]
    half_hours = {
        "decisions": 192,
        "decision_interval_hours": 0.5,
        "market_steps": 1,
    }
    overrides = {"market": market, "book": {"legs": legs}, "episode": half_hours}
    n = 4000
    rows = list(decisions(load_config(stormy_config(), overrides), n))
    fair = rows[0]["implied_volatility"] ** 2
    returns = np.diff(np.log([row["spot"] for row in rows]), axis=0)
    realised = (returns**2).sum(axis=0) * 365.0 / 4.0
    error = (realised - fair).std() / np.sqrt(n)
    assert abs((realised - fair).mean()) < 4 * error + 0.01 * fair.mean()


def test_a_path_is_the_same_in_any_batch_and_on_a_tape() -> None:
    config = stormy_config(*SHORT)
    tape = record_tape(config, np.arange(300), seed=0, stream="test")
    few = record_tape(config, np.arange(7), seed=0, stream="test")
    np.testing.assert_array_equal(few.rows, tape.rows[..., :7])
    totals = []
    for market in (None, TapeMarket(MarketTape(tape.path_ids, tape.rows))):
        batch = HedgeBatch(config, 300, seed=0, stream="test", market=market)
        batch.reset(np.arange(300))
        for _ in range(8):
            batch.advance(0.5 * batch.observables()["delta"][:, None])
        totals.append(batch.totals.rows.copy())
    np.testing.assert_array_equal(*totals)


def test_regimes_leave_the_noise_of_the_rest_alone() -> None:
    plain = full_config(*SHORT, "market.jumps=null")
    chain = "market.regime={calm_days: 1, stress_days: 1, liquidity: 3}"
    changed = load_config(plain, settings=[chain])
    for a, b in zip(decisions(changed, 50), decisions(plain, 50), strict=True):
        for name in ("spot", "true_volatility", "gas_price", "funding_rate", "skew"):
            np.testing.assert_allclose(a[name], b[name], rtol=1e-12)
    assert (a["half_spread"] > 2.0 * b["half_spread"]).any()
    assert np.isclose(a["half_spread"], b["half_spread"], rtol=1e-12).any()


def test_recorded_days_know_a_regime_as_moves_of_the_slow_factor(
    tmp_path: Path,
) -> None:
    plain = full_replay(tmp_path)
    stress = load_config(
        plain,
        {
            "market": {
                "regime": {
                    "calm_days": 1.0,
                    "stress_days": 1.0,
                    "start": "stress",
                    "volatility": 3.0,
                    "liquidity": 4.0,
                }
            }
        },
    )
    assert market_params(stress).parts.regime
    seen = []
    for config in (stress, without_regime(stress), plain):
        batch = HedgeBatch(config, 3, stream="test")
        batch.reset(np.arange(3))
        batch.advance(np.full((3, 1), 0.3))
        seen.append(batch.rows[[BOOK_VALUE, IMPLIED_VOLATILITY]].copy())
    chain, alone, calm = seen
    np.testing.assert_array_equal(chain, alone)
    assert (chain != calm).all()
