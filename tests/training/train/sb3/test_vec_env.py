import copy
import pickle
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecMonitor, VecNormalize

from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.training.train.sb3.vec_env import RUNNING, VecEnvAdapter
from tests.training.helpers.fakes import CountingVectorEnv

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


class ZeroModel:
    """What `evaluate_policy` needs of a model."""

    def predict(self, observations, state=None, **_):
        return np.zeros((len(observations), 3), dtype=np.float32), state


@pytest.mark.parametrize(
    "wrap", [lambda v: v, VecNormalize], ids=["bare", "normalised"]
)
def test_every_report_of_sb3_is_in_the_unit_of_the_environment(wrap):
    def make_env(scale):
        env = HedgeVectorEnv(
            8,
            preset="reference",
            config={"episode": {"decisions": 6}},
            autoreset_mode="SameStep",
            stream="validation",
        )
        return VecEnvAdapter(env, reward_scale=scale)

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a missing Monitor
        plain, scaled = make_env(1.0), wrap(make_env(0.01))
        plain.seed(3)
        scaled.seed(3)
        expected = evaluate_policy(
            ZeroModel(), plain, n_eval_episodes=8, return_episode_rewards=True
        )
        returns, lengths = evaluate_policy(
            ZeroModel(), scaled, n_eval_episodes=8, return_episode_rewards=True
        )
    np.testing.assert_allclose(returns, expected[0], rtol=1e-12)
    assert lengths == [6] * 8
    assert np.mean(returns) < -5.0  # bp, not hundredths of one


def test_eval_callback_and_rollouts_agree():
    def make_env():
        env = HedgeVectorEnv(
            64, config={"episode": {"decisions": 6}}, autoreset_mode="SameStep"
        )
        adapter = VecEnvAdapter(env, reward_scale=0.01)
        adapter.seed(0)
        return adapter

    model = PPO("MlpPolicy", make_env(), n_steps=6, batch_size=384, n_epochs=1, seed=0)
    model.policy.log_std.data.fill_(-20.0)  # samples are the mean action
    callback = EvalCallback(make_env(), n_eval_episodes=64, eval_freq=6, verbose=0)
    callback.eval_env.seed(0)
    model.env.seed(0)  # SB3 has seeded it anew
    model.learn(64 * 6, callback=callback)
    rollout = np.mean([episode["r"] for episode in model.ep_info_buffer])
    assert len(model.ep_info_buffer) == 64
    assert callback.last_mean_reward == pytest.approx(rollout, rel=1e-3)


def test_only_a_monitor_is_claimed():
    env = make()
    assert env.env_is_wrapped(Monitor, indices=[0, 1]) == [True] * 2
    for other in (gymnasium.Wrapper, gymnasium.wrappers.TimeLimit, VecMonitor):
        assert env.env_is_wrapped(other) == [False] * 3


def test_it_goes_on_in_read_only_memory():
    env = VecEnvAdapter(
        HedgeVectorEnv(
            3, config={"episode": {"decisions": 4}}, autoreset_mode="SameStep"
        )
    )
    env.seed(0)
    env.reset()
    env.step(ACTION)
    buffers = []
    data = pickle.dumps(env, protocol=5, buffer_callback=buffers.append)
    twin = pickle.loads(data, buffers=[bytes(buffer.raw()) for buffer in buffers])
    for _ in range(5):
        observations, rewards, dones, infos = env.step(ACTION)
        twin_observations, twin_rewards, twin_dones, twin_infos = twin.step(ACTION)
        np.testing.assert_array_equal(twin_observations, observations)
        np.testing.assert_array_equal(twin_rewards, rewards)
        np.testing.assert_array_equal(twin_dones, dones)
        for info, twin_info in zip(infos, twin_infos, strict=True):
            assert twin_info.get("hedge") == info.get("hedge")
