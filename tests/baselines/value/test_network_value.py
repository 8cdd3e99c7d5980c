"""V by a network: a valid bound, tighter than the regression, from the whole state."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.baselines.bands.deadline_band import DeadlineBand
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.baselines.optimum.dynamic_programming import solve
from hedge_env.baselines.optimum.optimal import OptimalPolicy
from hedge_env.baselines.value.certify import certify
from hedge_env.baselines.value.network_value import NetworkValue, fit_network_value
from hedge_env.baselines.value.one_step_better import OneStepBetter
from hedge_env.baselines.value.penalties import Careful, penalties
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.feeds.simulated import quote_params
from hedge_env.feeds.tape import record_tape
from hedge_env.market.engine import market_state
from hedge_env.market.engine.draw_plan import draw_plan
from hedge_env.risk.next_rows import next_rows

LAMBDA = 10.0
DAYS = (
    "episode.decisions=24",
    "book.legs.0.maturity_days=4",
    "observation.true_volatility=true",  # what the policy of the first value reads
)
STRADDLE = (*DAYS, "book.legs.1.maturity_days=4")
ROUNDS = ((600, 2e-3), (300, 1e-3))
# Gas of two factors that a rule sees the sum of: one comes back in hours.
GAS = tuple(
    f"market.gas.{name}={{half_life_days: {days}, sd: 0.7}}"
    for name, days in (("slow", 32), ("fast", 0.3))
)


def _fitted(preset: str, settings: tuple[str, ...]) -> tuple[EnvConfig, NetworkValue]:
    config = load_config(preset, settings=settings)
    return config, fit_network_value(config, LAMBDA, n_paths=1024, rounds=ROUNDS)


@pytest.fixture(scope="module")
def fitted() -> tuple[EnvConfig, NetworkValue]:
    return _fitted("ethereum-l1", STRADDLE)


@pytest.mark.slow
def test_it_is_tighter_than_the_regression_and_no_policy_is_below() -> None:
    config = load_config("ethereum-l1", settings=(*STRADDLE, *GAS))
    rounds = ((1500, 2e-3), (700, 1e-3))
    value = fit_network_value(config, LAMBDA, n_paths=2048, rounds=rounds)
    careful = Careful(101, 128, 512)
    policies = [DeadlineBand(), Delta(), OneStepBetter(value.first)]
    found = certify(config, value, policies, 128, careful=careful)
    before = certify(config, value.first, policies, 128, careful=careful)
    assert found.gaps.min() > -2e-6  # of notional, for holdings between grid points
    assert found.gaps[2].mean() < 0.93 * before.gaps[2].mean()
    # What is taken off a policy's cost has mean zero, whatever V is.
    apart = found.values - before.values
    error = apart.std(axis=1) / np.sqrt(apart.shape[1])
    assert (np.abs(apart.mean(axis=1)) < 4.0 * error).all()


@pytest.mark.slow
def test_the_penalty_has_mean_zero_at_every_holding(
    fitted: tuple[EnvConfig, NetworkValue],
) -> None:
    config, value = fitted
    tape = record_tape(config, np.arange(512), seed=3, stream="test")
    y, careful = np.array([-0.4, 0.0, 0.3]), Careful(3, 32)
    found = penalties(config, value, tape, careful, y, 3, "test").sum(axis=0)
    error = found.std(axis=0) / np.sqrt(found.shape[0])
    assert (np.abs(found.mean(axis=0)) < 4.0 * error).all()
    assert (found.std(axis=0) > 0.0).all()


@pytest.mark.slow
def test_with_funding_no_policy_is_below_either() -> None:
    config, value = _fitted("deribit", STRADDLE)
    policies = [DeadlineBand(), OneStepBetter(value.first)]
    found = certify(config, value, policies, 48, careful=Careful(101, 32, 128))
    assert found.gaps.min() > -2e-6
    assert found.gaps[0].mean() > found.gaps[1].mean()


@pytest.mark.slow
def test_it_is_near_the_optimum_where_that_is_known() -> None:
    config, value = _fitted("reference", DAYS)
    optimum = solve(config, LAMBDA, n_holdings=401)
    found = certify(
        config, value, [OptimalPolicy(optimum)], 128, careful=Careful(201, 128)
    )
    error = 4.0 * found.lower.std() / np.sqrt(found.lower.size)
    assert found.lower.mean() < optimum.value * 1.003 + error
    assert found.gaps[0].mean() < 0.02 * optimum.value


@pytest.mark.slow
def test_it_knows_factors_that_no_policy_sees(
    fitted: tuple[EnvConfig, NetworkValue],
) -> None:
    config, value = fitted
    plan = draw_plan(quote_params(config).market)
    outlook = next(next_rows(config, np.arange(8), plan, seed=0, stream="test"))
    y, ones = np.array([0.0, 0.1]), np.ones((8, 1))
    worth = []
    for moved in (0.0, 1.0):
        states = outlook.state.copy()
        states[market_state.GAS_SLOW] += moved
        out = np.zeros((8, 2))
        value.add(0, outlook.rows[:, :, None], states[:, :, None], ones, y, out)
        worth.append(out[:, 1] - out[:, 0])
    assert np.abs(worth[1] - worth[0]).max() > 1e-7


@pytest.mark.slow
def test_the_same_seed_gives_the_same_value() -> None:
    config = load_config("ethereum-l1", settings=(*STRADDLE, "episode.decisions=6"))
    ends = [
        fit_network_value(config, LAMBDA, n_paths=256, rounds=((20, 1e-3), (10, 1e-3)))
        for _ in range(2)
    ]
    for one, two in zip(ends[0].network.layers, ends[1].network.layers, strict=True):
        np.testing.assert_array_equal(one[0], two[0])
