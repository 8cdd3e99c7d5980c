"""Whatever stands between observation and network is carried along."""

import gymnasium
import numpy as np
import pytest
from gymnasium import wrappers as single
from gymnasium.vector import AutoresetMode
from stable_baselines3 import DDPG, DQN, SAC, TD3
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import (
    DummyVecEnv,
    VecCheckNan,
    VecMonitor,
    VecNormalize,
)
from torch import nn

from hedge_env.gym.env import HedgeEnv
from hedge_env.training.train.sb3.export import to_policy
from hedge_env.training.train.sb3.vec_env import VecEnvAdapter
from tests.training.helpers.exported import (
    OFF_POLICY,
    SHORT,
    adapter,
    assert_same_actions,
    config,
    played,
    ppo,
)


@pytest.mark.filterwarnings("ignore:The environment is already wrapped")
@pytest.mark.parametrize("clip", [10.0, 0.5])
@pytest.mark.parametrize("wrap", [lambda v: v, VecMonitor, VecCheckNan])
def test_vec_normalize_goes_into_the_file_and_clips(clip, wrap, tmp_path):
    env = VecNormalize(wrap(adapter()), gamma=1.0, clip_obs=clip)
    model = ppo(env)
    model.learn(16 * 24)
    assert_same_actions(model, env.normalize_obs, tmp_path)


def test_two_normalisations_are_composed(tmp_path):
    inner = VecNormalize(adapter(), norm_reward=False, clip_obs=2.0)
    outer = VecNormalize(inner, norm_reward=False, clip_obs=1.0)
    model = ppo(outer)
    model.learn(16 * 24)
    inner.training = outer.training = False
    assert_same_actions(
        model, lambda x: outer.normalize_obs(inner.normalize_obs(x)), tmp_path
    )


def test_a_reward_that_is_normalised_changes_no_observation(tmp_path):
    env = VecNormalize(adapter(), norm_obs=False)
    model = ppo(env)
    model.learn(16 * 16)
    assert_same_actions(model, lambda x: x, tmp_path)
    assert to_policy(model, config()).metadata.scaling == ()


def test_a_single_environment_with_its_own_normalisation(tmp_path):
    env = single.NormalizeObservation(HedgeEnv(**SHORT), epsilon=1e-4)
    model = ppo(Monitor(single.TransformReward(env, lambda r: 0.01 * r)), batch_size=8)
    model.learn(64)
    rms = env.obs_rms

    def normalise(x):
        return ((x - rms.mean) / np.sqrt(rms.var + 1e-4)).astype(np.float32)

    assert_same_actions(model, normalise, tmp_path)


def test_statistics_that_go_on_after_an_export_do_not_change_the_policy():
    env = VecNormalize(adapter())
    model = ppo(env)
    model.learn(16 * 16)
    policy = to_policy(model, config())
    observations = played(model, config(), policy.act)
    before = policy.act(observations)
    env.obs_rms.mean += 1.0
    np.testing.assert_array_equal(policy.act(observations), before)


@pytest.mark.parametrize("algorithm", [SAC, TD3, DDPG])
@pytest.mark.parametrize("normalised", [False, True])
def test_off_policy_models_act_as_their_files(algorithm, normalised, tmp_path):
    env = VecNormalize(adapter(4)) if normalised else adapter(4)
    model = algorithm("MlpPolicy", env, **OFF_POLICY)
    model.learn(60)
    normalise = env.normalize_obs if normalised else lambda x: x
    assert_same_actions(model, normalise, tmp_path)


@pytest.mark.parametrize("normalised", [False, True])
def test_dqn_chooses_as_its_file(normalised, tmp_path):
    env = adapter(4, action_mode="discrete")
    env = VecNormalize(env) if normalised else env
    model = DQN("MlpPolicy", env, **OFF_POLICY)
    model.learn(200)
    normalise = env.normalize_obs if normalised else lambda x: x
    assert_same_actions(model, normalise, tmp_path, config(action_mode="discrete"))


@pytest.mark.parametrize(
    "arguments",
    [
        {"use_sde": True},
        {"use_sde": True, "policy_kwargs": {"squash_output": True}},
        {"policy_kwargs": {"share_features_extractor": False}},
        {"policy_kwargs": {"net_arch": {"pi": [8], "vf": [16, 16]}}},
        {"policy_kwargs": {"activation_fn": nn.ReLU, "net_arch": []}},
    ],
    ids=["sde", "squashed", "separate", "own-widths", "linear"],
)
def test_forms_of_the_standard_policy_act_as_their_files(arguments, tmp_path):
    assert_same_actions(ppo(adapter(), **arguments), lambda x: x, tmp_path)


@pytest.mark.parametrize("vectorised", [DummyVecEnv, "native", "sync"])
def test_every_way_to_make_many_environments_is_looked_through(vectorised, tmp_path):
    def make():
        return Monitor(gymnasium.make("Hedge-v0", **SHORT))

    if vectorised == "native":
        env = adapter(2)
    elif vectorised == "sync":
        mode = AutoresetMode.SAME_STEP
        env = VecEnvAdapter(
            gymnasium.vector.SyncVectorEnv([make] * 2, autoreset_mode=mode)
        )
    else:
        env = VecNormalize(vectorised([make] * 2))
        env.reset()
    normalise = getattr(env, "normalize_obs", lambda x: x)
    assert_same_actions(ppo(env, batch_size=8), normalise, tmp_path)
