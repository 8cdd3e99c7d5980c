"""The volatility of recorded days is as volatile as the record, not as the preset."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.baselines import BASELINES
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.feeds.history.dispersion import measured_spread, with_spread
from hedge_env.feeds.history.volatility_factors import without_regime
from hedge_env.market.engine.parameters import market_params
from tests.hedge_env.feeds.history.files import hourly, walk, write_series
from tests.support.checkout import SHARED

DATA = SHARED / "data"
ETHER, DVOL = DATA / "eth_usdt_1h.csv", DATA / "eth_dvol_daily.csv"
FACTORS = (
    "market.regime=null",
    "market.volatility.fast={half_life_days: 4, sd: 0.3}",
    "market.volatility.slow={half_life_days: 60, sd: 0.4}",
)


def log_ou_returns(years: int, level: float, *, seed: int = 3) -> np.ndarray:
    """Hourly returns of the two factors above without jumps."""
    rng = np.random.default_rng(seed)
    total = np.zeros(24 * 365 * years)
    for half_life, sd in ((4.0, 0.3), (60.0, 0.4)):
        decay = 0.5 ** (1.0 / (24.0 * half_life))
        shocks = sd * math.sqrt(1.0 - decay**2) * rng.standard_normal(total.size)
        factor = sd * rng.standard_normal()
        for t, shock in enumerate(shocks):
            factor = decay * factor + shock
            total[t] += factor
    step = level * math.sqrt(1.0 / 8760.0)
    return np.asarray(step * np.exp(total) * rng.standard_normal(total.size))


def test_the_spread_of_a_simulated_record_is_found_again() -> None:
    config = load_config("ethereum-l1", settings=FACTORS)
    found = [
        measured_spread(returns, np.full(returns.size, True), 1.0 / 24.0, config)
        for returns in (log_ou_returns(12, 0.5, seed=seed) for seed in range(4))
    ]
    spreads = [spread for spread in found if spread is not None]
    assert len(spreads) == 4
    assert np.mean([s.fast for s in spreads]) == pytest.approx(0.09, abs=0.03)
    assert np.mean([s.slow for s in spreads]) == pytest.approx(0.16, abs=0.05)
    mean = 0.25 * math.exp(2.0 * 0.25)
    assert np.mean([s.variance for s in spreads]) == pytest.approx(mean, rel=0.15)
    # |r| of a normal variable, 24 of which make a day.
    assert np.mean([s.noise for s in spreads]) == pytest.approx(0.571 / 24, rel=0.15)


def test_the_market_has_the_variance_of_the_record() -> None:
    returns = log_ou_returns(4, 0.4)
    config = without_regime(load_config("ethereum-l1"))
    known = np.full(returns.size, True)
    spread = measured_spread(returns, known, 1.0 / 24.0, config)
    assert spread is not None
    p = market_params(with_spread(config, spread))
    factors = p.volatility.fast.sd**2 + p.volatility.slow.sd**2
    factors += p.volatility.intraday.sd**2
    variance = p.volatility.level**2 * math.exp(2.0 * factors) + p.jumps.variance_rate
    assert variance == pytest.approx(8760.0 * np.mean(returns**2), rel=1e-9)


def test_jumps_alone_never_vary_more_than_the_record() -> None:
    returns = log_ou_returns(4, 0.05)
    config = without_regime(load_config("ethereum-l1"))
    known = np.full(returns.size, True)
    spread = measured_spread(returns, known, 1.0 / 24.0, config)
    assert spread is not None
    jumps = market_params(with_spread(config, spread)).jumps.variance_rate
    assert jumps == pytest.approx(0.75 * spread.variance, rel=0.01)


def test_a_short_record_keeps_the_spread_of_the_preset() -> None:
    config = load_config("ethereum-l1", settings=FACTORS)
    returns = log_ou_returns(1, 0.5)[: 24 * 170]
    known = np.full(returns.size, True)
    assert measured_spread(returns, known, 1.0 / 24.0, config) is None


def test_a_record_of_steady_volatility_has_steady_implied_volatility(
    tmp_path: Path,
) -> None:
    n = 24 * 900 + 1
    spot = write_series(tmp_path / "p.csv", hourly(n), walk(n, volatility=0.6))
    still = "market.surface.level={half_life_days: 20, sd: 0, return_correlation: 0}"
    config = load_config("ethereum-l1", settings=[f"replay.spot={spot}", still])
    batch = HedgeBatch(config, 100, stream="test")
    batch.reset(np.arange(100))
    implied = batch.rows[field.IMPLIED_VOLATILITY]
    assert implied.mean() == pytest.approx(0.6 * math.sqrt(0.9789), rel=0.05)
    assert np.log(implied).std() < 0.05


@pytest.mark.parametrize("half_life", [1.0, 10.0])
def test_the_market_does_not_depend_on_what_the_agent_estimates(
    tmp_path: Path, half_life: float
) -> None:
    n = 24 * 400 + 1
    spot = write_series(tmp_path / "p.csv", hourly(n), walk(n))
    implied = []
    for days in (3.0, half_life):
        config = load_config(
            "ethereum-l1",
            settings=[
                f"replay.spot={spot}",
                f"observation.realised_half_life_days={days}",
            ],
        )
        batch = HedgeBatch(config, 5, stream="test")
        batch.reset(np.arange(5))
        implied.append(batch.rows[field.IMPLIED_VOLATILITY].copy())
    np.testing.assert_array_equal(*implied)


@pytest.mark.slow
@pytest.mark.skipif(not ETHER.exists(), reason=f"needs the history {ETHER.name}")
def test_without_implied_volatility_ether_costs_what_it_costs_with_it() -> None:
    settings = [
        f"replay.spot={ETHER}",
        "replay.validation_from=2021-01-01",
        "replay.test_from=2024-01-01",
        "risk_aversion=10",
    ]
    modelled, recorded = (
        evaluate(
            [(BASELINES["delta"](), 10.0)],
            load_config("deribit", settings=[*settings, *more]),
            n_episodes=672,
        )[0].objective
        for more in ((), (f"replay.implied_volatility={DVOL}",))
    )
    overlap = math.sqrt(30.0)
    half = 1.96 * overlap * recorded.std() / math.sqrt(672.0)
    assert abs(modelled.mean() - recorded.mean()) < 0.5 * half
