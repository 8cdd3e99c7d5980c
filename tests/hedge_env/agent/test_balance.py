"""Rewards of many risk aversions at one size."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.agent import balance as module
from hedge_env.agent.balance import measure_balance
from hedge_env.agent.reward_params import balance_of, require_reward
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.gym.vector_env import HedgeVectorEnv

LEVELS = np.array([2.0, 4.0, 10.0, 25.0, 50.0])
N = 1280  # 256 paths at each


def problem(*settings: str, preset: str = "reference") -> EnvConfig:
    return load_config(preset, settings=["risk_aversion=[2, 50]", *settings])


def environment(config: EnvConfig, n: int = N) -> HedgeVectorEnv:
    return HedgeVectorEnv(n, config=config, autoreset_mode="SameStep")


def returns(config: EnvConfig) -> FloatArray:
    """What the analytic band is paid in an episode at each of LEVELS [bp]."""
    env = environment(config)
    each = N // LEVELS.size
    env.reset(
        seed=1,
        options={
            "path_ids": np.tile(np.arange(each), LEVELS.size),
            "risk_aversion": np.repeat(LEVELS, each),
        },
    )
    action = np.zeros(env.action_space.shape, np.float32)
    total = sum(env.step(action)[1] for _ in range(config.episode.decisions))
    means: FloatArray = np.asarray(total).reshape(LEVELS.size, each).mean(axis=1)
    return means


@pytest.mark.parametrize("mode", ["band", "target"])
def test_every_risk_aversion_is_paid_about_the_same(mode: str) -> None:
    sets = (f"action.mode={mode}", "reward.name=expected")
    weights = balance_of(problem(*sets))
    assert weights is not None
    plain = returns(problem("reward.name=expected"))
    paid = plain * weights.weight(LEVELS)
    assert plain.min() / plain.max() > 3.0  # both are negative
    assert paid.min() / paid.max() < 1.12


@pytest.mark.parametrize("reward", ["objective", "expected", "controlled"])
def test_a_reward_is_multiplied_by_the_weight_of_its_own_episode(reward: str) -> None:
    sets = f"reward.name={reward}"
    plain, even = problem(sets), problem(sets, "reward.balanced=true")
    weights = balance_of(plain)
    assert weights is not None
    one, two = environment(plain, 64), environment(even, 64)
    one.reset(seed=3)
    two.reset(seed=3)
    rng = np.random.default_rng(0)
    for _ in range(5):
        factor = weights.weight(one.batch.rows[field.RISK_AVERSION])
        assert np.unique(factor).size > 60
        action = rng.uniform(-1.0, 1.0, one.action_space.shape).astype(np.float32)
        first, second = one.step(action), two.step(action)
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_allclose(second[1], first[1] * factor, rtol=1e-13)


def test_the_weight_is_one_in_the_middle_falls_and_keeps_to_the_range() -> None:
    weights = balance_of(problem())
    assert weights is not None
    assert weights.weight(np.array([10.0])) == pytest.approx(1.0)
    assert np.all(np.diff(weights.weight(np.geomspace(2.0, 50.0, 40))) < 0.0)
    ends = weights.weight(np.array([2.0, 50.0]))
    np.testing.assert_array_equal(weights.weight(np.array([1e-3, 1e6])), ends)


def test_a_new_process_measures_the_same_bits_whatever_is_seen_or_paid() -> None:
    found = balance_of(problem())
    module._measured.cache_clear()
    assert balance_of(problem("reward.name=expected", "name=another")) == found
    assert measure_balance(problem(), seed=1) != found


def test_funding_which_no_policy_avoids_does_not_count() -> None:
    weights = balance_of(problem(preset="deribit"))
    assert weights is not None
    low, high = weights.weight(np.array([2.0, 50.0]))
    assert low / high > 1.4  # with funding it is 1.2


def test_without_costs_the_weight_is_that_of_risk() -> None:
    free = ("execution.fee_bp=0", "execution.fixed_cost_bp=0")
    weights = balance_of(problem(*free))
    assert weights is not None
    np.testing.assert_allclose(weights.weight(LEVELS), 10.0 / LEVELS)


def test_one_risk_aversion_has_nothing_to_balance() -> None:
    assert balance_of(load_config("reference")) is None
    assert balance_of(problem("risk_aversion=[3, 3]")) is None
    alone = load_config("reference", settings=["reward.balanced=true"])
    env, plain = environment(alone, 4), environment(load_config("reference"), 4)
    env.reset(seed=0)
    plain.reset(seed=0)
    action = np.ones(env.action_space.shape, np.float32)
    np.testing.assert_array_equal(env.step(action)[1], plain.step(action)[1])


def test_a_reward_that_knows_no_risk_aversion_cannot_be_balanced() -> None:
    config = problem("reward.name=kolm_ritter", "reward.balanced=true")
    with pytest.raises(ConfigError, match=r"kolm_ritter does not know it; use reward"):
        require_reward(config)


@pytest.mark.parametrize("preset", ["reference-gas", "ethereum-l1", "deribit"])
def test_no_market_depends_on_the_risk_aversion_that_is_drawn(preset: str) -> None:
    drawn = environment(problem("action.mode=target", preset=preset), 8)
    fixed = environment(load_config(preset, settings=["action.mode=target"]), 8)
    drawn.reset(seed=4)
    fixed.reset(seed=4)
    rng = np.random.default_rng(2)
    own = [
        field.RISK_AVERSION,
        field.LOG_RISK_AVERSION,
        field.BAND_RISK_AVERSION,
        field.BAND_HALF_WIDTH,
        field.BAND_INNER,
        field.BAND_POSITION,
        field.WORTH,
    ]
    for _ in range(12):
        action = rng.uniform(-1.0, 1.0, drawn.action_space.shape).astype(np.float32)
        drawn.step(action)
        fixed.step(action)
        one, two = drawn.batch.rows.copy(), fixed.batch.rows.copy()
        assert np.unique(one[field.RISK_AVERSION]).size == 8
        one[own] = two[own] = 0.0
        np.testing.assert_array_equal(one, two)
