"""Rewards of a record written by hand, and what they add up to."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from hedge_env.agent.rewards import REWARDS
from hedge_env.base.account_rows import N_COMPONENTS
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig, RewardConfig
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.desk.accounts import StepRecord, objective
from hedge_env.desk.batch import HedgeBatch
from hedge_env.gym.vector_env import HedgeVectorEnv
from tests.examples import full_config

COST = np.array([0.0002, 0.0, 0.001])
HEDGE = np.array([0.01, -0.02, 0.0])
BOOK = np.array([-0.008, 0.02, 0.004])
RECORD = StepRecord(
    cost_components=np.vstack([COST, np.zeros((N_COMPONENTS - 1, 3))]),
    cost=COST,
    hedge_pnl=HEDGE,
    book_pnl=BOOK,
    tracking_increment=HEDGE + BOOK,
    traded=np.array([0.1, 0.0, -0.2]),
    option_traded=np.zeros(3),
    done=np.array([False, False, True]),
)


def pay(config: EnvConfig, record: StepRecord, aversion: FloatArray) -> FloatArray:
    """What the environment pays: the reward that the config names."""
    return REWARDS[config.reward.name](record, aversion, config.reward)


def test_the_objective_pays_cost_and_squared_increments_in_basis_points() -> None:
    # Three records, increments 20, 0 and 40 bp, at risk aversions 10, 10 and 50:
    # 2 + 10 * 0.04, 0 and 10 + 50 * 0.16 bp.
    paid = pay(load_config("reference"), RECORD, np.array([10.0, 10.0, 50.0]))
    np.testing.assert_allclose(paid, [-2.4, 0.0, -18.0], rtol=1e-12, atol=1e-12)


def test_kolm_ritter_pays_profit_less_its_square() -> None:
    settings = ["reward.name=kolm_ritter", "reward.kappa=20"]
    config = load_config("reference", settings=settings)
    # Profits 18, 0 and 30 bp: p - 10 p^2.
    paid = pay(config, RECORD, np.array([1.0, 2.0, 3.0]))
    expected = [18.0 - 1e5 * 0.0018**2, 0.0, 30.0 - 1e5 * 0.003**2]
    np.testing.assert_allclose(paid, expected, rtol=1e-12, atol=1e-12)


def test_without_a_penalty_kolm_ritter_is_the_profit() -> None:
    settings = ["reward.name=kolm_ritter", "reward.kappa=0"]
    paid = pay(load_config("reference", settings=settings), RECORD, COST)
    np.testing.assert_allclose(paid, 1e4 * (HEDGE + BOOK - COST), rtol=1e-12)


@pytest.mark.parametrize("preset", [*PRESETS, "full"])
def test_returns_of_the_objective_are_minus_the_objective(preset: str) -> None:
    config = full_config() if preset == "full" else load_config(preset)
    n, rng = 100, np.random.default_rng(0)
    batch = HedgeBatch(config, n)
    batch.reset(np.arange(n))
    aversion = batch.observables()["risk_aversion"].copy()
    total = np.zeros(n)
    for _ in range(batch.n_decisions):
        record = batch.advance(rng.uniform(-1.0, 1.0, (n, 1)))
        total += pay(config, record, aversion)
    totals = batch.totals
    by_hand = totals.cost + aversion * totals.squared_increments
    np.testing.assert_allclose(total, -1e4 * by_hand, rtol=1e-12)
    np.testing.assert_array_equal(objective(totals, aversion), by_hand)


def test_the_environment_pays_the_reward_that_the_config_names() -> None:
    settings = ["reward.name=kolm_ritter", "reward.kappa=30"]
    config = load_config("reference", settings=settings)
    env, batch = HedgeVectorEnv(4, config=config), HedgeBatch(config, 4)
    env.reset(seed=0, options={"path_ids": np.arange(4)})
    batch.reset(np.arange(4))
    for step in range(3):
        action = np.full((4, 3), 0.3 * step, dtype=np.float32)
        _, reward, _, _, infos = env.step(action)
        record = batch.advance(infos["holdings"][:, None])
        paid = pay(config, record, batch.observables()["risk_aversion"])
        assert paid.all()
        np.testing.assert_allclose(reward, paid, rtol=1e-12)


@pytest.mark.parametrize("name", REWARDS)
def test_rewards_are_finite_and_one_per_path(name: str) -> None:
    config = load_config("reference", settings=[f"reward.name={name}"])
    paid = pay(config, RECORD, np.full(3, 10.0))
    assert paid.shape == (3,)
    assert np.isfinite(paid).all()
    idle = RECORD._replace(cost=COST * 0, tracking_increment=COST * 0)
    assert not pay(config, idle, np.full(3, 10.0)).any()


def test_every_reward_of_a_config_is_there_and_says_how_it_is_paid() -> None:
    names = get_args(RewardConfig.model_fields["name"].annotation)
    assert set(names) == set(REWARDS)
    for reward in REWARDS.values():
        text = reward.__doc__ or ""
        assert ".. math::" in text
        assert "[bp]" in text
