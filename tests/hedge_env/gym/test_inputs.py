"""Actions and reset options, right and wrong."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hedge_env.base.errors import ActionError, ResetError
from hedge_env.gym.vector_env import HedgeVectorEnv
from tests.support.environments import random_actions, rollout, short_env


def test_risk_aversion_can_be_set_per_episode():
    env = short_env(3)
    env.reset(seed=0, options={"risk_aversion": [2.0, 10.0, 50.0]})
    zero = np.zeros((3, 3))
    infos = [env.step(zero)[4] for _ in range(4)][-1]
    assert infos["hedge"]["risk_aversion"].tolist() == [2.0, 10.0, 50.0]
    env.reset()
    infos = [env.step(zero)[4] for _ in range(4)][-1]
    assert infos["hedge"]["risk_aversion"].tolist() == [10.0, 10.0, 10.0]


def test_the_callers_options_are_left_alone():
    env = short_env(3)
    env.reset(seed=0)
    mask = np.array([True, False, False])
    options = {"reset_mask": mask, "path_ids": [1, 2, 3], "risk_aversion": 3.0}
    before = copy.deepcopy(options)
    env.reset(options=options)
    assert options.keys() == before.keys()
    np.testing.assert_array_equal(mask, before["reset_mask"])


@pytest.mark.parametrize(
    "action",
    [
        np.zeros((3, 2)),
        np.zeros(3),
        np.zeros((2, 3)),
        np.zeros((3, 3, 1)),
        0.0,
        None,
        "hold",
        [[0, 0], [0]],
        np.zeros((3, 3), dtype=bool),
        np.zeros((3, 3), dtype=complex),
        np.full((3, 3), "a"),
        np.full((3, 3), None),
    ],
)
def test_an_action_of_another_shape_or_type_is_refused(action):
    _assert_refused(short_env(), action)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_action_that_is_not_finite_is_refused_naming_the_environments(bad):
    action = np.zeros((3, 3))
    action[1:, 2] = bad
    message = _assert_refused(short_env(), action)
    assert "environments 1, 2 " in message


@pytest.mark.parametrize("bad", [-1, 21, 2**40])
def test_a_choice_that_does_not_exist_is_refused_naming_the_environment(bad):
    env = short_env(action_mode="discrete")
    assert "environments 1 " in _assert_refused(env, np.array([0, bad, 20]))
    _assert_refused(env, np.array([0.0, 1.0, 2.0]))


def _assert_refused(env: HedgeVectorEnv, action: Any) -> str:
    """The action is an `ActionError` in one line, and nothing has moved."""
    env.reset(seed=0)
    before = env.state_dict()
    with pytest.raises(ActionError) as caught:
        env.step(action)
    for name, array in env.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_action_of_an_environment_that_is_being_reset_is_not_looked_at():
    env = short_env(2)
    rollout(env, random_actions(env, 4), seed=0)
    env.step(np.full((2, 3), np.nan))
    assert env.path_ids.tolist() == [2, 3]


@settings(max_examples=60)
@given(
    action=hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.int64]),
        (2, 3),
        elements=st.one_of(
            st.integers(-(2**20), 2**20),
            st.sampled_from([0, 1, -1, 10**9]),
        ),
    )
    | hnp.arrays(np.float64, (2, 3), elements=st.floats(width=64)),
    action_mode=st.sampled_from(["band", "band_free"]),
)
def test_any_action_is_either_refused_or_played(action, action_mode):
    env = short_env(2, action_mode=action_mode)
    env.reset(seed=0)
    if not np.isfinite(action).all():
        with pytest.raises(ActionError):
            env.step(action)
        return
    observations, rewards, *_ = env.step(action)
    assert observations in env.observation_space
    assert np.isfinite(rewards).all()
    clipped = short_env(2, action_mode=action_mode)
    clipped.reset(seed=0)
    np.testing.assert_array_equal(clipped.step(np.clip(action, -1, 1))[0], observations)


@pytest.mark.parametrize(
    "options",
    [
        {"path_id": [1, 2, 3]},
        {"path_ids": [1, 2]},
        {"path_ids": [1.0, 2.0, 3.0]},
        {"path_ids": [-1, 2, 3]},
        {"path_ids": ["a", "b", "c"]},
        {"path_ids": np.array([2**63, 0, 0], dtype=np.uint64)},
        {"path_ids": [[1], [2, 3]]},
        {"reset_mask": [1, 0, 0]},
        {"reset_mask": np.array([True, False])},
        {"reset_mask": np.zeros(3, dtype=bool)},
        {"risk_aversion": 0.0},
        {"risk_aversion": -1.0},
        {"risk_aversion": np.nan},
        {"risk_aversion": 1e308},
        {"risk_aversion": [1.0, 2.0]},
        {"risk_aversion": "high"},
        {"risk_aversion": True},
    ],
)
def test_wrong_reset_options_are_refused_and_nothing_changes(options):
    env = short_env()
    env.reset(seed=0)
    before = env.state_dict()
    with pytest.raises(ResetError) as caught:
        env.reset(options=options)
    assert "\n" not in str(caught.value)
    for name, array in env.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_seeded_reset_starts_every_environment():
    env = short_env()
    mask = np.array([True, False, True])
    with pytest.raises(ResetError, match="every environment"):
        env.reset(options={"reset_mask": mask})
    env.reset(seed=0)
    with pytest.raises(ResetError, match="every environment"):
        env.reset(seed=1, options={"reset_mask": mask})


def test_stepping_before_the_first_reset_is_refused():
    with pytest.raises(ResetError, match="call reset first"):
        short_env().step(np.zeros((3, 3)))
