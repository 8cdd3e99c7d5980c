import copy

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from tests.training.fakes import CountingVectorEnv
from training.vec_env_adapter import RUNNING, VecEnvAdapter

ACTION = np.zeros((3, 3), dtype=np.float32)


def make(lengths=(2, 3, 3), truncated_rows=(), **options):
    env = VecEnvAdapter(CountingVectorEnv(lengths, truncated_rows), **options)
    env.reset()
    return env


def test_running_rows_share_one_empty_info_that_nobody_can_change():
    env = make()
    _, _, _, infos = env.step(ACTION)
    assert all(info is RUNNING for info in infos)
    for change in (
        lambda: infos[0].__setitem__("x", 1),
        lambda: infos[0].update(x=1),
        lambda: infos[0].setdefault("x", 1),
    ):
        with pytest.raises(TypeError, match="shared"):
            change()
    assert copy.deepcopy(infos[0]) == {}


def test_only_finished_rows_get_an_info_of_their_own():
    env = make()
    env.step(ACTION)
    observations, _, dones, infos = env.step(ACTION)
    assert dones.tolist() == [True, False, False]
    assert infos[1] is RUNNING
    assert infos[2] is RUNNING
    # The observation is the next episode's, the terminal one is in the info.
    np.testing.assert_array_equal(observations[0], [1, 0])
    np.testing.assert_array_equal(infos[0]["terminal_observation"], [0, 2])
    assert infos[0]["hedge"] == {"cost_bp": 7.0}
    assert infos[0]["TimeLimit.truncated"] is False


def test_episode_statistics_are_those_of_the_episode_that_ended():
    env = make()
    episodes = {0: [], 1: [], 2: []}
    for _ in range(6):
        *_, infos = env.step(ACTION)
        for row, info in enumerate(infos):
            if "episode" in info:
                episodes[row].append((info["episode"]["r"], info["episode"]["l"]))
    assert episodes == {
        0: [(3.0, 2)] * 3,
        1: [(10.0 * 3 + 6.0, 3)] * 2,
        2: [(20.0 * 3 + 6.0, 3)] * 2,
    }


def test_the_reward_scale_reaches_the_learner_but_not_the_statistics():
    env = make(reward_scale=0.5)
    _, rewards, _, _ = env.step(ACTION)
    assert rewards.dtype == np.float32
    np.testing.assert_array_equal(rewards, [0.5, 5.5, 10.5])
    *_, infos = env.step(ACTION)
    assert infos[0]["episode"]["r"] == 3.0


def test_a_truncated_episode_is_marked_as_sb3_expects():
    env = make(lengths=(2, 2, 2), truncated_rows=(1,))
    env.step(ACTION)
    *_, infos = env.step(ACTION)
    assert [info["TimeLimit.truncated"] for info in infos] == [False, True, False]


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.DISABLED])
def test_other_autoreset_modes_are_refused(mode):
    venv = CountingVectorEnv((2, 2), autoreset_mode=mode)
    with pytest.raises(ValueError, match="SAME_STEP"):
        VecEnvAdapter(venv)


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_a_reward_scale_that_is_not_positive_is_refused(scale):
    with pytest.raises(ValueError, match="reward_scale"):
        VecEnvAdapter(CountingVectorEnv((2, 2)), reward_scale=scale)


def test_seed_and_options_reach_the_environment_at_the_next_reset_only():
    env = make()
    env.seed(7)
    env.set_options({"path_ids": [1, 2, 3]})
    env.reset()
    env.reset()
    assert env.venv.resets[1:] == [(7, {"path_ids": [1, 2, 3]}), (None, None)]


def test_options_that_differ_between_rows_are_refused():
    env = make()
    env.set_options([{"a": 1}, {}, {}])
    with pytest.raises(ValueError, match="one dict"):
        env.reset()


def test_actions_of_the_wrong_shape_are_refused():
    env = make()
    with pytest.raises(ValueError, match=r"\(3, 2\), expected \(3, 3\)"):
        env.step(np.zeros((3, 2)))


def test_state_dict_continues_the_statistics_of_a_running_episode():
    env, twin = make(), make()
    env.step(ACTION)
    twin.load_state_dict(env.state_dict())
    *_, infos = env.step(ACTION)
    *_, twin_infos = twin.step(ACTION)
    assert twin_infos[0]["episode"]["r"] == infos[0]["episode"]["r"] == 3.0
    assert twin_infos[0]["episode"]["l"] == 2


def test_attributes_and_methods_belong_to_the_whole_batch():
    env = make()
    assert env.get_attr("render_mode") == [None] * 3
    assert env.get_attr("num_envs", indices=[0, 2]) == [3, 3]
    assert env.env_is_wrapped(object) == [False] * 3
    assert len(env.env_method("state_dict", indices=1)) == 1
    env.set_attr("label", "x")
    assert env.venv.label == "x"
    with pytest.raises(ValueError, match="whole batch"):
        env.set_attr("label", "x", indices=[0])
