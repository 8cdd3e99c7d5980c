"""What a policy file cannot hold is refused in a sentence, never dropped."""

import numpy as np
import pytest
from gymnasium import wrappers as single
from gymnasium.wrappers import vector as batched
from stable_baselines3 import A2C, DQN, PPO, SAC, TD3
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import (
    DummyVecEnv,
    SubprocVecEnv,
    VecFrameStack,
    VecNormalize,
)
from stable_baselines3.common.vec_env.base_vec_env import VecEnvWrapper
from torch import nn

from hedge_env.config.loading import load_config
from hedge_env.gym.env import HedgeEnv
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.training.train.sb3.export import (
    ExportError,
    export_policy,
    extract_actor,
)
from hedge_env.training.train.sb3.vec_env import VecEnvAdapter
from tests.training.helpers.exported import (
    SHORT,
    adapter,
    assert_same_actions,
    config,
    ppo,
    vector_env,
)


class Doubled(BaseFeaturesExtractor):
    def __init__(self, space):
        super().__init__(space, space.shape[0])

    def forward(self, x):
        return 2.0 * x


class Bolder(ActorCriticPolicy):
    def _predict(self, observation, deterministic=False):
        return 2.0 * super()._predict(observation, deterministic)


class Smaller(ActorCriticPolicy):
    """What SB3's guide shows: another network by another `__init__` alone."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{**kwargs, "net_arch": [8]})


class Halved(VecEnvWrapper):
    def reset(self):
        return 0.5 * self.venv.reset()

    def step_wait(self):
        observations, rewards, dones, infos = self.venv.step_wait()
        return 0.5 * observations, rewards, dones, infos


class HalvedAdapter(VecEnvAdapter):
    def reset(self):
        return 0.5 * super().reset()


class MyNormalize(VecNormalize):
    def _normalize_obs(self, obs, obs_rms):
        return np.tanh(super()._normalize_obs(obs, obs_rms))


class HalvedEnv(HedgeVectorEnv):
    def step(self, actions):
        return super().step(0.5 * actions)


def rescaled(n=4):
    return VecEnvAdapter(
        batched.RescaleAction(vector_env(n), np.float32(-2.0), np.float32(2.0))
    )


def dummy(wrap, n=1):
    return DummyVecEnv([lambda: wrap(HedgeEnv(**SHORT))] * n)


REFUSED = {
    "VecFrameStack": lambda: VecFrameStack(adapter(), 3),
    "Halved": lambda: Halved(adapter()),
    "HalvedAdapter": lambda: HalvedAdapter(vector_env()),
    "MyNormalize": lambda: MyNormalize(adapter()),
    "RescaleAction": rescaled,
    "TransformObservation": lambda: dummy(
        lambda env: single.TransformObservation(
            env, lambda x: 2.0 * x, env.observation_space
        )
    ),
    "StickyAction": lambda: dummy(lambda env: single.StickyAction(env, 0.3)),
    "RescaleObservation": lambda: dummy(
        lambda env: single.RescaleObservation(env, np.float32(0), np.float32(1))
    ),
    "FrameStackObservation": lambda: dummy(
        lambda env: single.FlattenObservation(single.FrameStackObservation(env, 2))
    ),
    "statistics differ": lambda: dummy(single.NormalizeObservation, 2),
    "different configs": lambda: DummyVecEnv(
        [lambda: HedgeEnv(**SHORT), lambda: HedgeEnv(**SHORT, risk_aversion=3.0)]
    ),
    "SubprocVecEnv": lambda: SubprocVecEnv(
        [lambda: HedgeEnv(**SHORT)], start_method="fork"
    ),
    "HalvedEnv": lambda: VecEnvAdapter(
        HalvedEnv(4, autoreset_mode="SameStep", **SHORT)
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_kept_is_refused_by_name(name, tmp_path):
    env = REFUSED[name]()
    model = ppo(env, batch_size=8)
    path = tmp_path / "policy.safetensors"
    pattern = "FlattenObservation" if name == "FrameStackObservation" else name
    with pytest.raises(ExportError, match=pattern) as caught:
        export_policy(model, config(), path)
    env.close()
    assert "\n" not in str(caught.value)
    assert not path.exists()


@pytest.mark.parametrize("algorithm", [PPO, A2C, SAC, TD3, DQN])
def test_a_features_extractor_is_refused_by_name(algorithm, tmp_path):
    mode = "discrete" if algorithm is DQN else "band"
    kwargs = {"policy_kwargs": {"features_extractor_class": Doubled}, "device": "cpu"}
    model = algorithm("MlpPolicy", adapter(4, action_mode=mode), **kwargs)
    with pytest.raises(ExportError, match="Doubled"):
        export_policy(model, config(action_mode=mode), tmp_path / "policy")


def test_a_policy_class_with_a_mind_of_its_own_is_refused(tmp_path):
    with pytest.raises(ExportError, match="Bolder"):
        export_policy(ppo(adapter(), Bolder), config(), tmp_path / "policy")
    assert_same_actions(ppo(adapter(), Smaller), lambda x: x, tmp_path)


def test_layers_out_of_turn_are_refused():
    model = ppo(adapter())
    width = model.policy.mlp_extractor.latent_dim_pi
    model.policy.mlp_extractor.policy_net.append(nn.Linear(width, width))
    with pytest.raises(ExportError, match="take turns"):
        extract_actor(model)


@pytest.mark.parametrize("where", ["hook", "method"])
def test_what_no_rule_foresees_is_caught_by_the_last_comparison(where, tmp_path):
    model = ppo(adapter())
    net = model.policy.action_net
    if where == "hook":
        net.register_forward_hook(lambda module, inputs, output: output + 0.01)
    else:
        forward = net.forward
        net.forward = lambda x: 1.1 * forward(x)
    with pytest.raises(ExportError, match="act differently"):
        export_policy(model, config(), tmp_path / "policy")


def test_a_model_without_its_environment_is_refused_until_it_has_one(tmp_path):
    env = VecNormalize(adapter())
    model = ppo(env)
    model.learn(16 * 16)
    model.save(tmp_path / "model.zip")
    loaded = PPO.load(tmp_path / "model.zip", device="cpu")
    with pytest.raises(ExportError, match="set_env"):
        export_policy(loaded, config(), tmp_path / "policy")
    loaded.set_env(env)
    assert_same_actions(loaded, env.normalize_obs, tmp_path)


def test_a_config_of_other_observations_or_actions_is_refused(tmp_path):
    model = ppo(adapter())
    for other in (load_config("reference"), config(action_mode="target")):
        with pytest.raises(ExportError, match="this config"):
            export_policy(model, other, tmp_path / "policy")
