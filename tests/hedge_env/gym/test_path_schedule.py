"""Which path is played: by size of the batch, seed, stream and option."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.config.loading import PRESETS
from hedge_env.gym.vector_env import HedgeVectorEnv
from tests.support.environments import (
    SHORT,
    assert_same_step,
    random_actions,
    rollout,
    short_env,
)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_path_does_not_depend_on_the_size_of_the_batch(preset):
    sizes, played = (1, 7, 64), {}
    for n in sizes:
        env = HedgeVectorEnv(n, preset=preset, config=SHORT)
        action = np.full(env.action_space.shape, 0.3)
        steps = rollout(env, [action] * 4, seed=3)
        for i in range(n):
            history = [(s[0][i].tobytes(), s[1][i].tobytes()) for s in steps[1:]]
            path = int(env.path_ids[i])
            assert played.setdefault(path, history) == history
    assert len(played) == max(sizes)
    assert len({tuple(history) for history in played.values()}) == max(sizes)


def test_a_path_does_not_depend_on_what_was_played_before():
    env = short_env(2)
    env.reset(seed=3, options={"path_ids": [40, 41]})
    late = env.step(np.zeros((2, 3)))
    env.reset(seed=8)
    env.step(np.zeros((2, 3)))
    env.reset(seed=3)
    env.reset(options={"path_ids": [40, 41]})
    assert_same_step(env.step(np.zeros((2, 3))), late)


def test_the_same_seed_gives_the_same_bits_and_another_one_others():
    actions = random_actions(short_env(), 4)
    first, again = (rollout(short_env(), actions, seed=11) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        assert_same_step(a, b)
    other = rollout(short_env(), actions, seed=12)
    assert not np.array_equal(first[2][0], other[2][0])


def test_seeds_next_to_each_other_share_no_path():
    env = short_env(8)
    seen = [env.reset(seed=seed)[0] for seed in range(4)]
    rows = np.concatenate(seen)
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_streams_share_no_path():
    first = [
        short_env(stream=stream).reset(seed=0)[0]
        for stream in ("training", "validation", "test")
    ]
    assert len(np.unique(np.concatenate(first), axis=0)) == 9


def test_a_reset_without_a_seed_goes_on_to_new_paths():
    env = short_env(3)
    seen = []
    env.reset(seed=0)
    for _ in range(4):
        seen.append(env.path_ids)
        env.reset()
    np.testing.assert_array_equal(np.concatenate(seen), np.arange(12))
    env.reset(seed=0)
    np.testing.assert_array_equal(env.path_ids, [0, 1, 2])


def test_without_any_seed_two_environments_differ_and_can_be_replayed():
    a, b = short_env(), short_env()
    first = a.reset()
    assert not np.array_equal(first[0], b.reset()[0])
    assert_same_step(short_env().reset(seed=a.np_random_seed), first)


def test_environments_can_share_paths():
    env = short_env(6, envs_per_path=3)
    env.reset(seed=0)
    np.testing.assert_array_equal(env.path_ids, [0, 0, 0, 1, 1, 1])
    env.reset()
    np.testing.assert_array_equal(env.path_ids, [2, 2, 2, 3, 3, 3])
    observations = env.step(np.zeros((6, 3)))[0]
    np.testing.assert_array_equal(observations[0], observations[2])


def test_chosen_paths_are_replayed_and_do_not_count():
    env = short_env(3)
    env.reset(seed=0)
    np.testing.assert_array_equal(
        env.reset(options={"path_ids": [9, 9, 2]})[1]["path_id"], [9, 9, 2]
    )
    assert env.reset(options={"path_ids": 5})[1]["path_id"].tolist() == [5, 5, 5]
    assert env.reset()[1]["path_id"].tolist() == [3, 4, 5]
