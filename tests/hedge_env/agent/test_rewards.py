"""Rewards of a record written by hand, and what they add up to."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from hedge_env.agent.decision import Decision
from hedge_env.agent.reward_params import RewardParams, reward_params
from hedge_env.agent.rewards import REWARDS
from hedge_env.base import field
from hedge_env.base.account_rows import N_COMPONENTS
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig, RewardConfig
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.desk.accounts import StepRecord, objective
from hedge_env.desk.batch import HedgeBatch
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.risk.minimum_variance import MinimumVariance
from hedge_env.risk.state_features import N_FEATURES
from tests.support.examples import full_config

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

ROWS = {
    field.SPOT: 1.0,
    field.DELTA: 0.4,
    field.HOLDINGS: 0.3,
    field.IMPLIED_VOLATILITY: 0.8,
    field.REALISED_VOLATILITY: 0.7,
    field.TRUE_VOLATILITY: 0.6,
    field.TIME_TO_MATURITY: 0.05,
}
# y* = delta + 0.5 vega sigma / S, A = S^2 (0.01 true^2): by hand below.
BEST = MinimumVariance(
    (0.5, *[0.0] * (N_FEATURES - 1)), (0.01, *[0.0] * 7), 0.8, 1e-3, True
)


def decision(record: StepRecord, aversion: FloatArray) -> Decision:
    """A decision at spot 1 on a book of delta .4, held .3 before, spot 1.02 after."""
    before = np.zeros((field.N_FIELDS, aversion.size))
    for row, value in ROWS.items():
        before[row] = value
    after = before.copy()
    after[field.SPOT], after[field.RISK_AVERSION] = 1.02, aversion
    return Decision(before, after, record)


def pay(config: EnvConfig, record: StepRecord, aversion: FloatArray) -> FloatArray:
    """What the environment pays: the reward that the config names."""
    reward = REWARDS[config.reward.name]
    return reward(decision(record, aversion), reward_params(config))


def test_the_objective_pays_cost_and_squared_increments_in_basis_points() -> None:
    # Three records, increments 20, 0 and 40 bp, at risk aversions 10, 10 and 50:
    # 2 + 10 * 0.04, 0 and 10 + 50 * 0.16 bp.
    paid = pay(load_config("reference"), RECORD, np.array([10.0, 10.0, 50.0]))
    np.testing.assert_allclose(paid, [-2.4, 0.0, -18.0], rtol=1e-12, atol=1e-12)


def test_expected_pays_the_parabola_around_the_best_holdings() -> None:
    made = decision(RECORD, np.array([10.0, 20.0, 50.0]))
    made.before[field.VEGA] = 0.1  # y* = .4 + .5 * .1 * .8 = .44, A = .0036
    paid = REWARDS["expected"](made, RewardParams(0.0, field.SPOT, BEST))
    # Holdings .4, .3 and .1 after the trades.
    risk = 0.0036 * np.array([10 * 0.04**2, 20 * 0.14**2, 50 * 0.34**2])
    np.testing.assert_allclose(paid, -1e4 * (COST + risk), rtol=1e-12)


def test_controlled_takes_off_what_the_best_holdings_would_have_had() -> None:
    made = decision(RECORD, np.array([10.0, 20.0, 50.0]))
    made.before[field.VEGA] = 0.1
    paid = REWARDS["controlled"](made, RewardParams(0.0, field.SPOT, BEST))
    least = 0.44 * 0.02 + BOOK
    risk = np.array([10.0, 20.0, 50.0]) * ((HEDGE + BOOK) ** 2 - least**2)
    np.testing.assert_allclose(paid, -1e4 * (COST + risk), rtol=1e-12)


@pytest.mark.parametrize("name", ["expected", "controlled"])
def test_a_reward_without_its_fit_is_refused(name: str) -> None:
    made = decision(RECORD, np.full(3, 10.0))
    with pytest.raises(ValueError, match="without a fit"):
        REWARDS[name](made, RewardParams(0.0, field.SPOT, None))


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
    total, params = np.zeros(n), reward_params(config)
    for _ in range(batch.n_decisions):
        before = batch.rows
        record = batch.advance(rng.uniform(-1.0, 1.0, (n, 1)))
        made = Decision(before, batch.rows, record)
        total += REWARDS["objective"](made, params)
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
    short = ["episode.decisions=6", "book.legs.0.maturity_days=1"]
    config = load_config("reference", settings=[*short, f"reward.name={name}"])
    paid = pay(config, RECORD, np.full(3, 10.0))
    assert paid.shape == (3,)
    assert np.isfinite(paid).all()


@pytest.mark.parametrize("name", ["objective", "kolm_ritter"])
def test_without_cost_and_increment_nothing_is_paid(name: str) -> None:
    config = load_config("reference", settings=[f"reward.name={name}"])
    idle = RECORD._replace(cost=COST * 0, tracking_increment=COST * 0)
    assert not pay(config, idle, np.full(3, 10.0)).any()


def test_every_reward_of_a_config_is_there_and_says_how_it_is_paid() -> None:
    names = get_args(RewardConfig.model_fields["name"].annotation)
    assert set(names) == set(REWARDS)
    for reward in REWARDS.values():
        text = reward.__doc__ or ""
        assert ".. math::" in text
        assert "[bp]" in text
