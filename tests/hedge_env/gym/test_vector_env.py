"""The vector environment: Gymnasium's contract, accounting, resuming."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import RecordEpisodeStatistics

from hedge_env.base.errors import ResetError
from hedge_env.config.loading import PRESETS
from hedge_env.gym.vector_env import HedgeVectorEnv
from tests.support.environments import (
    PRESET_MODES,
    SHORT,
    OnSchedule,
    assert_same_step,
    random_actions,
    rollout,
    short_env,
)

MODES = tuple(AutoresetMode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("action_mode", ["band", "discrete"])
def test_it_equals_gymnasiums_vector_of_single_environments(mode, action_mode):
    kwargs = {"preset": "ethereum-l1", "config": SHORT, "action_mode": action_mode}
    n = 3
    env = HedgeVectorEnv(n, autoreset_mode=mode, **kwargs)
    reference = SyncVectorEnv(
        [lambda i=i: OnSchedule(i, n, **kwargs) for i in range(n)], autoreset_mode=mode
    )
    assert env.single_observation_space == reference.single_observation_space
    assert env.single_action_space == reference.single_action_space
    assert env.observation_space == reference.observation_space
    assert env.action_space == reference.action_space
    assert_same_step(env.reset(seed=7), reference.reset(seed=7))
    for action in random_actions(env, 13):
        got = env.step(action)
        assert_same_step(got, reference.step(action))
        if mode is AutoresetMode.DISABLED and got[2].any():
            mask = got[2]
            assert_same_step(
                env.reset(options={"reset_mask": mask}),
                reference.reset(options={"reset_mask": mask}),
            )


@pytest.mark.parametrize("mode", MODES)
def test_it_equals_them_when_rows_are_out_of_step(mode):
    n = 4
    kwargs = {"preset": "deribit", "config": SHORT}
    env = HedgeVectorEnv(n, autoreset_mode=mode, **kwargs)
    reference = SyncVectorEnv(
        [lambda i=i: OnSchedule(i, n, **kwargs) for i in range(n)], autoreset_mode=mode
    )
    env.reset(seed=1)
    reference.reset(seed=1)
    generator = np.random.default_rng(0)
    for number, action in enumerate(random_actions(env, 16)):
        ended = env.step(action)[2]
        np.testing.assert_array_equal(ended, reference.step(action)[2])
        mask = generator.random(n) < 0.3
        if mode is AutoresetMode.DISABLED:
            mask |= ended
        if mask.any() and (number % 2 or mode is AutoresetMode.DISABLED):
            assert_same_step(
                env.reset(options={"reset_mask": mask}),
                reference.reset(options={"reset_mask": mask}),
            )


@pytest.mark.parametrize("mode", MODES)
def test_the_autoreset_mode_is_where_others_look_for_it(mode):
    env = short_env(autoreset_mode=mode)
    assert env.metadata["autoreset_mode"] is mode
    assert env.autoreset_mode is mode
    assert short_env(autoreset_mode=mode.value).autoreset_mode is mode
    assert short_env(autoreset_mode=mode.name).autoreset_mode is mode
    assert "autoreset_mode" not in HedgeVectorEnv.metadata


def test_in_next_step_mode_the_step_after_the_end_is_the_reset():
    env = short_env(autoreset_mode="NextStep")
    steps = rollout(env, [env.action_space.sample()] * 6, seed=0)
    assert steps[4][2].all()
    observations, rewards, terminated, truncated, infos = steps[5]
    assert not rewards.any()
    assert not terminated.any()
    assert not truncated.any()
    np.testing.assert_array_equal(infos["path_id"], [3, 4, 5])
    fresh = short_env()
    expected = fresh.reset(seed=0, options={"path_ids": [3, 4, 5]})[0]
    np.testing.assert_array_equal(observations, expected)


def test_in_same_step_mode_the_last_observation_is_in_the_infos():
    actions = random_actions(short_env(), 4)
    disabled = rollout(short_env(autoreset_mode="Disabled"), actions, seed=5)
    same = rollout(short_env(autoreset_mode="SameStep"), actions, seed=5)
    final = np.stack(list(same[-1][4]["final_obs"]))
    np.testing.assert_array_equal(final, disabled[-1][0])
    np.testing.assert_array_equal(same[-1][1], disabled[-1][1])
    hedge = same[-1][4]["final_info"]["hedge"]
    expected = disabled[-1][4]["hedge"]
    np.testing.assert_array_equal(hedge["objective_bp"], expected["objective_bp"])


def test_in_disabled_mode_an_ended_episode_cannot_be_stepped():
    env = short_env(autoreset_mode="Disabled")
    steps = rollout(env, random_actions(env, 4), seed=0)
    assert steps[-1][2].all()
    with pytest.raises(ResetError, match="environments 0, 1, 2 have ended"):
        env.step(env.action_space.sample())
    env.reset(options={"reset_mask": np.array([True, True, False])})
    with pytest.raises(ResetError, match="environments 2 have ended"):
        env.step(env.action_space.sample())
    env.reset()
    env.step(env.action_space.sample())


@pytest.mark.parametrize("preset", PRESETS)
def test_returns_add_up_to_minus_the_objective(preset):
    env = HedgeVectorEnv(4, preset=preset, config=SHORT)
    steps = rollout(env, random_actions(env, 4), seed=2)[1:]
    returns = sum(step[1] for step in steps)
    hedge = steps[-1][4]["hedge"]
    np.testing.assert_allclose(returns, -hedge["objective_bp"], rtol=1e-12)
    costs = sum(step[4]["cost"] for step in steps) * 1e4
    np.testing.assert_allclose(costs, hedge["cost_bp"], rtol=1e-12)
    parts = [v for k, v in hedge.items() if k.startswith("cost_") and k != "cost_bp"]
    np.testing.assert_allclose(sum(parts), hedge["cost_bp"], rtol=1e-12)
    moves = sum(step[4]["tracking_increment"] for step in steps) * 1e4
    np.testing.assert_allclose(moves, hedge["tracking_bp"], rtol=1e-9)
    net_loss = hedge["cost_bp"] - hedge["tracking_bp"]
    np.testing.assert_allclose(net_loss, hedge["net_loss_bp"], rtol=1e-12)


@pytest.mark.parametrize(("preset", "action_mode"), PRESET_MODES)
def test_a_whole_episode_stays_inside_the_declared_spaces(preset, action_mode):
    env = HedgeVectorEnv(4, preset=preset, action_mode=action_mode)
    observations, _ = env.reset(seed=0)
    low, high = env.config.holdings_bounds
    steps = 0
    terminated = np.zeros(4, dtype=bool)
    env.action_space.seed(0)
    while not terminated.any():
        assert observations in env.observation_space
        observations, rewards, terminated, truncated, infos = env.step(
            env.action_space.sample()
        )
        assert rewards.dtype == np.float64
        assert np.isfinite(rewards).all()
        assert terminated.dtype == truncated.dtype == np.bool_
        assert not truncated.any()
        assert (infos["holdings"] >= low).all()
        assert (infos["holdings"] <= high).all()
        steps += 1
    assert terminated.all()
    assert steps == env.config.episode.decisions
    assert not infos["holdings"].any()  # liquidated


@pytest.mark.parametrize("mode", MODES)
def test_what_is_handed_out_belongs_to_the_caller(mode):
    clean, spoilt = short_env(autoreset_mode=mode), short_env(autoreset_mode=mode)
    clean.reset(seed=0)
    _spoil(spoilt.reset(seed=0))
    for action in random_actions(clean, 9):
        expected = clean.step(action.copy())
        got = spoilt.step(action)
        assert_same_step(got, expected)
        if mode is AutoresetMode.DISABLED and got[2].all():
            clean.reset()
            spoilt.reset()
        action[...] = 0.0
        _spoil(got)


def _spoil(result: Any) -> None:
    """Overwrite every array in a result."""
    if isinstance(result, np.ndarray):
        if result.dtype == object:
            for entry in result:
                _spoil(entry)
        elif result.dtype == np.bool_:
            result[...] = ~result
        else:
            result[...] = 77
    elif isinstance(result, dict):
        for value in result.values():
            _spoil(value)
    elif isinstance(result, tuple):
        for value in result:
            _spoil(value)


@pytest.mark.parametrize("mode", MODES)
def test_gymnasiums_episode_statistics_work_on_top(mode):
    env = RecordEpisodeStatistics(short_env(2, autoreset_mode=mode))
    env.reset(seed=0)
    total = np.zeros(2)
    for _ in range(4):
        _, rewards, terminated, _, infos = env.step(np.zeros((2, 3)))
        total += rewards
    assert terminated.all()
    np.testing.assert_allclose(infos["episode"]["r"], total)
    np.testing.assert_array_equal(infos["episode"]["l"], [4, 4])


@pytest.mark.parametrize("preset", PRESETS)
def test_a_saved_state_resumes_bit_for_bit(preset):
    env = HedgeVectorEnv(3, preset=preset, config=SHORT)
    actions = random_actions(env, 12)
    rollout(env, actions[:6], seed=4)
    file = io.BytesIO()
    np.savez(file, **env.state_dict())
    expected = [env.step(action) for action in actions[6:]]
    file.seek(0)
    resumed = HedgeVectorEnv(3, preset=preset, config=SHORT)
    resumed.load_state_dict(dict(np.load(file, allow_pickle=False)))
    for action, result in zip(actions[6:], expected, strict=True):
        assert_same_step(resumed.step(action), result)


def test_a_state_of_an_unseeded_environment_resumes_too():
    env = short_env()
    env.reset()
    resumed = short_env()
    resumed.load_state_dict(env.state_dict())
    assert_same_step(resumed.reset(), env.reset())
    assert resumed.np_random_seed == env.np_random_seed


def test_a_state_of_another_batch_is_refused():
    env = short_env(2)
    env.reset(seed=0)
    with pytest.raises(ResetError, match="3 environments"):
        short_env(3).load_state_dict(env.state_dict())
    with pytest.raises(ResetError, match="3 environments"):
        short_env(3).load_state_dict({})
    with pytest.raises(ResetError, match="another problem"):
        HedgeVectorEnv(2, preset="reference").load_state_dict(env.state_dict())
    seed_only = {k: v for k, v in env.state_dict().items() if "batch" not in k}
    with pytest.raises(ResetError, match="another problem"):
        short_env(2).load_state_dict(seed_only)


def test_it_can_be_pickled_and_copied_in_the_middle_of_an_episode():
    env = short_env()
    rollout(env, random_actions(env, 2), seed=0)
    action = env.action_space.sample()
    twins = [pickle.loads(pickle.dumps(env)), copy.deepcopy(env)]
    expected = env.step(action)
    for twin in twins:
        assert_same_step(twin.step(action), expected)


def test_it_can_be_closed_twice():
    env = short_env()
    env.reset(seed=0)
    env.close()
    env.close()
    assert env.closed
