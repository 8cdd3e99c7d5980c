"""Rewards that add up to a utility of the net loss of an episode."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.agent.reward_params import _reference_losses, reward_params
from hedge_env.agent.terminal_rewards import MEAN_STD, TERMINAL, Utility, utility_of
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig, RewardConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.gym.vector_env import HedgeVectorEnv

N = 12


def played(
    name: str, *settings: str, preset: str = "cao-gbm-1m"
) -> tuple[FloatArray, FloatArray, HedgeVectorEnv]:
    """Rewards (decisions, n) [bp] and final net losses of random actions."""
    config = load_config(preset, {}, [f"reward.name={name}", *settings])
    env = HedgeVectorEnv(N, config=config)
    env.reset(seed=0)
    rng, paid, losses = np.random.default_rng(1), [], np.zeros(N)
    for _ in range(config.episode.decisions):
        actions = rng.uniform(-1.0, 1.0, env.action_space.shape)
        _, reward, _, _, _ = env.step(actions.astype(np.float32))
        paid.append(reward)
        losses = env.batch.totals.net_loss.copy()
    return np.array(paid), losses, env


def utility(env: HedgeVectorEnv) -> Utility:
    found = reward_params(env.config).utility
    assert found is not None
    return found


@pytest.mark.parametrize("preset", ["cao-gbm-1m", "ethereum-l1", "deribit"])
@pytest.mark.parametrize("name", TERMINAL)
def test_returns_are_the_utility_of_the_net_loss(name: str, preset: str) -> None:
    paid, losses, env = played(name, preset=preset)
    p, g = utility(env), 20.0
    expected = {
        "entropic": np.expm1(g * losses) / g,
        "cvar": np.maximum(losses - p.threshold, 0.0) / 0.05
        - max(-p.threshold, 0.0) / 0.05,
    }
    off = losses - p.mean
    weight = 0.5 * 1.645 / p.deviation
    quadratic = losses + weight * (off**2 - p.mean**2)
    if name == "entropic":
        g = 2.0 * load_config(preset).risk_aversions[0]
        expected["entropic"] = np.expm1(g * losses) / g
    np.testing.assert_allclose(
        paid.sum(axis=0), -1e4 * expected.get(name, quadratic), rtol=1e-9, atol=1e-6
    )


def test_three_ways_to_be_paid_the_same() -> None:
    by_name = {name: played(name)[0] for name in MEAN_STD}
    totals = [paid.sum(axis=0) for paid in by_name.values()]
    np.testing.assert_allclose(totals[0], totals[1], rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(totals[0], totals[2], rtol=1e-9, atol=1e-6)
    assert (by_name["mean_std"][:-1] == 0.0).all()
    spread = {name: paid[:-1].std() for name, paid in by_name.items()}
    assert spread["cash_flow"] > 3.0 * spread["accounting"] > 0.0


def test_cash_moves_when_something_is_traded_and_paid_out() -> None:
    """One decision by hand, without a square: premium 2, half a unit bought at 1 %."""
    config = load_config(
        "cao-gbm-1m", {}, ["reward.name=cash_flow", "reward.deviations=0"]
    )
    env = HedgeVectorEnv(1, config=config)
    env.reset(seed=0)
    narrow = np.array([[1.0, -1.0, -1.0]], dtype=np.float32)  # so that it trades again
    _, first, _, _, _ = env.step(np.zeros((1, 3), dtype=np.float32))
    held, cash = env.batch.rows[field.HOLDINGS, 0], env.batch.totals.cash[0]
    _, second, _, _, _ = env.step(narrow)
    assert held > 0.1
    assert abs(second[0]) > 10.0
    premium = 1e-4 * config_premium(config)
    np.testing.assert_allclose(1e-4 * first[0], cash + premium, rtol=1e-9)
    paid = env.batch.totals.cash[0] - cash
    np.testing.assert_allclose(1e-4 * second[0], paid, rtol=1e-9)


def config_premium(config: EnvConfig) -> float:
    """Value of the book at the start [bp]."""
    batch = HedgeBatch(config, 1)
    batch.reset(np.zeros(1, dtype=np.int64))
    return float(-1e4 * batch.rows[field.BOOK_VALUE, 0])


def test_the_reference_is_measured_or_given() -> None:
    losses = np.linspace(-1e-3, 3e-3, 101)
    found = utility_of(RewardConfig(name="cvar", quantile=90), losses, field.SPOT)
    assert found.threshold == pytest.approx(2.6e-3)
    assert found.worst == pytest.approx(0.1)
    assert found.mean == pytest.approx(1e-3)
    assert found.deviation == pytest.approx(losses.std())
    given = RewardConfig(name="mean_std", mean_bp=-5, deviation_bp=20, threshold_bp=7)
    found = utility_of(given, losses, field.SPOT)
    assert (found.mean, found.deviation) == pytest.approx((-5e-4, 2e-3))
    assert found.threshold == pytest.approx(7e-4)
    config = load_config("cao-gbm-1m", {}, ["reward.name=cvar"])
    one = reward_params(config)
    _reference_losses.cache_clear()  # a new process measures again
    assert reward_params(config) == one


def test_a_bound_from_above_is_the_criterion_at_its_own_moments() -> None:
    """What rewards add up to is at least mean + K sd of whoever is paid."""
    rng = np.random.default_rng(0)
    losses = rng.normal(1e-3, 2e-3, 100_000)
    exact = losses.mean() + 1.5 * losses.std()
    for mean, deviation in ((10.0, 20.0), (5.0, 20.0), (10.0, 35.0)):
        reward = RewardConfig(
            name="mean_std", deviations=1.5, mean_bp=mean, deviation_bp=deviation
        )
        p = utility_of(reward, losses, field.SPOT)
        square = ((losses - p.mean) ** 2).mean() / p.deviation + p.deviation
        bound = losses.mean() + 0.75 * square
        assert bound > exact - 1e-9
        own = (mean, deviation) == (10.0, 20.0)
        assert (bound < exact + 1e-6) == own


def test_the_net_loss_so_far_can_be_observed() -> None:
    config = load_config("cao-gbm-1m", {}, ["observation.features=[default,net_loss]"])
    env = HedgeVectorEnv(N, config=config)
    seen, _ = env.reset(seed=0)
    assert (seen[:, -1] == 0.0).all()
    scale = 10.0 / (0.2 * np.sqrt(20.0 / 250.0))
    for _ in range(3):
        seen, *_ = env.step(np.full((N, 3), 0.3, dtype=np.float32))
        loss = env.batch.totals.net_loss
        np.testing.assert_allclose(env.batch.rows[field.NET_LOSS], loss, atol=1e-15)
        np.testing.assert_allclose(
            seen[:, -1], np.clip(loss * scale, -4.0, 4.0), rtol=1e-6
        )
    assert np.abs(seen[:, -1]).max() > 0.0


def test_cash_of_two_instruments_is_refused() -> None:
    config = load_config("gamma-vega", {}, ["reward.name=cash_flow"])
    with pytest.raises(ConfigError, match=r"execution\.option"):
        HedgeVectorEnv(1, config=config)
