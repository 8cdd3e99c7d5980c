"""The single environment: a batch of one, and its docstring is true."""

from __future__ import annotations

import copy
import pickle
import re

import numpy as np
import pytest

from hedge_env.agent.features import FEATURES
from hedge_env.agent.rewards import REWARDS
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.errors import ActionError, ConfigError, ResetError
from hedge_env.config import ACTION_MODES
from hedge_env.config.loading import PRESETS
from hedge_env.gym.env import HedgeEnv
from hedge_env.gym.infos import Infos
from hedge_env.gym.vector_env import HedgeVectorEnv
from tests.support.environments import PRESET_MODES, SHORT


def row_of(infos: Infos, row: int) -> Infos:
    """Infos of one row of a batch, as plain numbers."""
    return {
        name: row_of(value, row) if isinstance(value, dict) else value[row].item()
        for name, value in infos.items()
        if not name.startswith("_")
    }


@pytest.mark.parametrize(("preset", "action_mode"), PRESET_MODES)
def test_it_equals_a_row_of_a_batch_bit_for_bit(preset, action_mode):
    kwargs = {"preset": preset, "config": SHORT, "action_mode": action_mode}
    n = 5
    batch = HedgeVectorEnv(n, **kwargs)
    batch.action_space.seed(0)
    actions = [batch.action_space.sample() for _ in range(4)]
    start = batch.reset(seed=9)
    steps = [batch.step(action) for action in actions]
    for row in range(n):
        env = HedgeEnv(**kwargs)
        observation, infos = env.reset(seed=9, options={"path_ids": row})
        np.testing.assert_array_equal(observation, start[0][row])
        assert infos == row_of(start[1], row)
        for action, expected in zip(actions, steps, strict=True):
            observation, reward, terminated, truncated, infos = env.step(action[row])
            np.testing.assert_array_equal(observation, expected[0][row])
            assert reward == expected[1][row]
            assert terminated == expected[2][row]
            assert truncated == expected[3][row]
            assert infos == row_of(expected[4], row)


def test_numbers_and_flags_are_plain_python():
    env = HedgeEnv(preset="ethereum-l1", config=SHORT)
    env.reset(seed=0)
    for _ in range(4):
        observation, reward, terminated, truncated, infos = env.step(np.zeros(3))
        assert observation.dtype == np.float32
        assert type(reward) is float
        assert type(terminated) is bool
        assert truncated is False
        assert type(infos["path_id"]) is int
        assert type(infos["cost"]) is float
    assert terminated
    assert all(type(value) is float for value in infos["hedge"].values())


def test_episodes_follow_each_other_on_new_paths():
    env = HedgeEnv(config=SHORT)
    paths = [env.reset(seed=3)[1]["path_id"]]
    paths += [env.reset()[1]["path_id"] for _ in range(3)]
    assert paths == [0, 1, 2, 3]
    assert env.path_id == 3
    assert env.reset(seed=3)[1]["path_id"] == 0


def test_without_a_seed_gymnasium_chooses_and_records_one():
    env, other = HedgeEnv(config=SHORT), HedgeEnv(config=SHORT)
    env.reset()
    other.reset()
    other.step(np.zeros(3))
    assert not np.array_equal(env.step(np.zeros(3))[0], other.step(np.zeros(3))[0])
    replay = HedgeEnv(config=SHORT)
    replay.reset(seed=env.np_random_seed)
    replay.step(np.zeros(3))
    np.testing.assert_array_equal(replay.step(np.zeros(3))[0], env.step(np.zeros(3))[0])


def test_stepping_an_ended_episode_is_refused():
    env = HedgeEnv(config=SHORT)
    env.reset(seed=0)
    for _ in range(4):
        env.step(np.zeros(3))
    with pytest.raises(ResetError, match="have ended"):
        env.step(np.zeros(3))
    env.reset()
    env.step(np.zeros(3))


def test_stepping_before_the_first_reset_is_refused():
    with pytest.raises(ResetError, match="call reset first"):
        HedgeEnv().step(np.zeros(3))


@pytest.mark.parametrize(
    "action", [np.zeros(2), np.zeros((1, 3)), 0.0, None, [np.nan, 0, 0], ["a"] * 3]
)
def test_a_wrong_action_is_refused(action):
    env = HedgeEnv(config=SHORT)
    env.reset(seed=0)
    with pytest.raises(ActionError) as caught:
        env.step(action)
    assert "\n" not in str(caught.value)
    if np.shape(action) != (3,):
        assert "expected (3,)" in str(caught.value)


@pytest.mark.parametrize("choice", [3, np.int64(3), np.array(3)])
def test_a_choice_may_be_any_kind_of_integer(choice):
    env = HedgeEnv(config=SHORT, action_mode="discrete")
    env.reset(seed=0)
    assert env.step(choice)[4]["holdings"] == pytest.approx(0.15)


def test_wrong_reset_options_are_refused():
    env = HedgeEnv(config=SHORT)
    for options in ({"path_ids": [1, 2]}, {"path": 1}, {"risk_aversion": -1}):
        with pytest.raises(ResetError):
            env.reset(options=options)


def test_an_argument_of_the_batch_alone_is_not_taken():
    with pytest.raises(TypeError, match="num_envs"):
        HedgeEnv(num_envs=3)  # type: ignore[call-arg]  # wrong on purpose
    with pytest.raises(ConfigError, match="did you mean reference"):
        HedgeEnv(preset="referenc")


def test_a_saved_state_resumes_bit_for_bit():
    env = HedgeEnv(preset="deribit", config=SHORT)
    env.reset(seed=5)
    env.step(np.ones(3))
    resumed = HedgeEnv(preset="deribit", config=SHORT)
    resumed.load_state_dict(env.state_dict())
    assert resumed.np_random_seed == env.np_random_seed
    for twin in (resumed, copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        clone = copy.deepcopy(env)
        for _ in range(3):
            expected, got = clone.step(np.zeros(3)), twin.step(np.zeros(3))
            np.testing.assert_array_equal(got[0], expected[0])
            assert got[1:] == expected[1:]
        np.testing.assert_array_equal(twin.reset()[0], clone.reset()[0])


def table_rows() -> dict[str, list[str]]:
    """Rows of the docstring's tables, by the name in their first column."""
    rows = {}
    for line in (HedgeEnv.__doc__ or "").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        name = re.fullmatch(r"`(\w+)`", cells[0])
        if name:
            rows[name[1]] = cells[1:]
    return rows


def test_the_docstring_lists_every_feature_with_its_bounds():
    rows = table_rows()
    for name, feature in FEATURES.items():
        low, high, unit, _ = rows[name]
        assert (float(low), float(high)) == (feature.low, feature.high), name
        assert unit
    assert set(rows) - set(FEATURES) == set(ACTION_MODES) | set(REWARDS)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_docstring_says_when_a_feature_is_there(preset):
    env = HedgeEnv(preset=preset)
    market = env.config.market
    present = {
        "always": True,
        "volatility moves": market.volatility.model != "constant",
        "the surface smiles": market.surface.model != "flat",
        "gas": market.gas is not None,
        "gas or season of volatility": market.gas is not None
        or market.season is not None,
        "perpetual with funding": market.funding is not None,
        "spread moves, or several venues": market.liquidity.exponent > 0.0,
        "perpetual with basis": market.basis is not None,
        "trading can halt": env.config.execution.halt is not None,
        "keeper": env.config.execution.keeper is not None,
        "margin account": env.config.execution.margin is not None,
        "listed option": env.config.execution.option is not None,
        "two chains": env.config.execution.rollup is not None,
        "policy moves a range": bool(env.config.book.recentring_keys),
        "risk aversion is drawn": False,
        "`observation.true_volatility`": False,
        "if named": False,
    }
    rows = table_rows()
    expected = [name for name in FEATURES if present[rows[name][3]]]
    assert sorted(env.unwrapped._vector.encoder.names) == sorted(expected)


def test_the_docstring_names_every_mode_and_metric_and_where_rewards_are():
    text = HedgeEnv.__doc__ or ""
    for name in (*ACTION_MODES, HedgeEnv(config=SHORT).config.reward.name):
        assert f"`{name}`" in text
    assert REWARDS["objective"].__module__ in text
    env = HedgeEnv(config=SHORT)
    env.reset(seed=0)
    for _ in range(4):
        infos = env.step(np.zeros(3))[4]
    components = {f"cost_{name}_bp" for name in COST_COMPONENTS}
    for name in infos["hedge"].keys() - components:
        assert f"`{name}`" in text, name
    for name in infos.keys() - {"hedge"}:
        assert f"`{name}`" in text, name


def test_every_observation_is_within_its_bounds_over_whole_episodes():
    env = HedgeEnv(preset="ethereum-l1")
    observation, _ = env.reset(seed=1)
    env.action_space.seed(1)
    terminated = False
    while not terminated:
        assert observation in env.observation_space
        observation, _, terminated, _, _ = env.step(env.action_space.sample())
    assert observation in env.observation_space
