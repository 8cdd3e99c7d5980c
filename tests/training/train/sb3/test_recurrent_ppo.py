"""RecurrentPPO of sb3-contrib: its files act as it does over whole episodes."""

import numpy as np
import pytest
import torch
from torch import nn

from hedge_env.base.errors import ConfigError
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.experiment.experiment import ExperimentConfig, load_experiment
from hedge_env.training.experiment.hyperparameters import RecurrentPPOOptions
from hedge_env.training.train.sb3.algorithms import build_model
from hedge_env.training.train.sb3.contrib.lstm import lstm_layers, lstm_states
from hedge_env.training.train.sb3.export import ExportError, export_policy
from hedge_env.training.train.sb3.first_weights import start_with
from hedge_env.training.train.train import make_training_env, train
from tests.training.train import runs

pytest.importorskip("sb3_contrib")

DECISIONS = 12
BASE = {
    "algorithm": "recurrent_ppo",
    "total_timesteps": 100,
    "n_envs": 4,
    "n_steps": 4,
    "batch_size": 8,
    "lstm_hidden_size": 7,
    "net_arch": (5,),
}
SHARED = {"shared_lstm": True, "enable_critic_lstm": False}
CASES = {
    "plain": {},
    "two layers": {"n_lstm_layers": 2, "activation": "relu"},
    "shared": SHARED,
    "none of the critic": {"enable_critic_lstm": False, "net_arch": ()},
    "sde": {"use_sde": True},
}


def built(mode="band", algorithm=BASE, **changes):
    experiment = ExperimentConfig(
        train=RecurrentPPOOptions(**{**algorithm, **changes}),
        env={
            "episode": {"decisions": DECISIONS},
            "action": {"mode": mode, "choices": 5},
        },
    )
    config = experiment.env_config()
    model = build_model(experiment.train, make_training_env(experiment, config), 0)
    with torch.no_grad():  # large weights, so that memory and clipping matter
        for parameter in model.policy.lstm_actor.parameters():
            parameter.mul_(2.0)
        model.policy.action_net.weight.mul_(200.0)  # SB3 starts it at a hundredth
    return model, config


@pytest.mark.parametrize(
    ("case", "mode"),
    [
        (case, mode)
        for case in CASES
        for mode in ("band", "target", "discrete")
        if (case, mode) != ("sde", "discrete")
    ],
)
def test_the_policy_file_acts_as_the_model_over_episodes(case, mode, tmp_path):
    model, config = built(mode, **CASES[case])
    path = tmp_path / "policy.safetensors"
    export_policy(model, config, path)
    policy = load_policy(path)
    assert policy.metadata.algorithm == "recurrent_ppo"
    env = HedgeVectorEnv(32, config=config, autoreset_mode="SameStep", stream="test")
    observations, _ = env.reset(seed=3)
    starts, state, far = np.ones(32, bool), None, []
    actions, random = [], np.random.default_rng(0)
    for _ in range(2 * DECISIONS + 3):  # over the start of two further episodes
        # Wilder than the market, so that the actions differ much.
        observations += random.normal(size=observations.shape).astype(np.float32)
        expected, state = model.predict(
            observations, state=state, episode_start=starts, deterministic=True
        )
        policy.forget(starts)
        actions.append(policy.act(observations))
        far.append(actions[-1] - expected)
        observations, _, ended, _, _ = env.step(actions[-1])
        starts = ended
    if mode == "discrete":
        assert np.mean(np.array(far) != 0) < 0.005  # ties in float32
        assert len(np.unique(actions)) > 1
    else:
        assert np.abs(far).max() < 2e-6
        assert np.ptp(actions, axis=(0, 1)).min() > 0.05


def test_without_its_memory_it_would_act_otherwise():
    model, _ = built()
    seen = np.random.default_rng(0).normal(size=(50, *model.observation_space.shape))
    first, state = model.predict(seen, deterministic=True)
    then, _ = model.predict(seen, state=state, deterministic=True)
    assert np.abs(then - first).max() > 0.1


def test_what_a_file_cannot_hold_is_refused():
    torch.manual_seed(0)
    for lstm in (
        nn.LSTM(3, 4, bidirectional=True),
        nn.LSTM(3, 4, proj_size=2),
        nn.LSTM(3, 4, batch_first=True),
    ):
        with pytest.raises(ExportError, match="without projection"):
            lstm_layers(lstm)
    ((weight, bias),) = lstm_layers(nn.LSTM(3, 4, bias=False))
    assert weight.shape == (16, 7)
    assert not bias.any()


def test_a_layer_that_does_more_than_it_says_is_found():
    model, config = built()
    model.policy.lstm_actor.register_forward_hook(
        lambda module, given, found: (found[0] + 0.5, found[1])
    )
    with pytest.raises(ExportError, match="act differently from the model"):
        export_policy(model, config, "nowhere.safetensors")


def test_advantages_lose_the_mean_of_the_others_on_a_path():
    model, _ = built(envs_per_path=2)
    plain, _ = built()
    for each in (model, plain):
        each.learn(1)  # one rollout of 16 fills the buffer
    buffer, other = model.rollout_buffer, plain.rollout_buffer
    assert buffer.envs_per_path == 2
    for each in (buffer, other):
        each.rewards = np.arange(16.0, dtype=np.float32).reshape(4, 4) ** 2
        each.values = np.zeros((4, 4), np.float32)
        each.episode_starts = np.zeros((4, 4), np.float32)
        each.advantages = np.zeros((4, 4), np.float32)
        each.compute_returns_and_advantage(torch.zeros(4, 1), np.ones(4, bool))
    a = other.advantages
    expected = a - a[:, [1, 0, 3, 2]]
    np.testing.assert_allclose(buffer.advantages, expected, rtol=1e-6)
    np.testing.assert_array_equal(buffer.returns, other.returns)


def test_weights_of_it_are_none_for_a_learner_without_memory(tmp_path):
    model, config = built()
    path = tmp_path / "policy.safetensors"
    export_policy(model, config, path)
    setup = runs.experiment("ahpg")
    own = setup.env_config()
    learner = build_model(setup.train, make_training_env(setup, own), 0)
    with pytest.raises(ConfigError, match="an LSTM, which remembers"):
        start_with(learner, load_policy(path), own)
    with pytest.raises(ConfigError, match="RecurrentPPO learns with another one"):
        start_with(model, load_policy(path), config)


def test_a_run_resumed_in_an_episode_goes_on_with_what_was_remembered(
    tmp_path, stop_at, monkeypatch
):
    setup = runs.experiment("recurrent_ppo")
    straight = train(setup, tmp_path / "straight")
    for name in ("stopped", "without"):
        stop_at(72)
        stopped = train(setup, tmp_path / name)
        assert stopped.stopped
        assert stopped.timesteps / 8 % 12 == 4  # decisions of the present episode
    resumed = train(setup, tmp_path / "stopped", resume=True)
    runs.assert_same_weights(straight.folder, resumed.folder)
    monkeypatch.setattr(
        "hedge_env.training.train.sb3.checkpoint.restore_lstm_states",
        lambda model, arrays: None,
    )
    forgetful = train(setup, tmp_path / "without", resume=True)
    with pytest.raises(AssertionError):
        runs.assert_same_weights(straight.folder, forgetful.folder)


def test_noise_of_the_state_needs_numbers():
    with pytest.raises(ConfigError, match="draws noise for actions"):
        built("discrete", use_sde=True)


def test_learners_without_memory_have_no_states():
    setup = runs.experiment("ppo")
    env = make_training_env(setup, setup.env_config())
    assert lstm_states(build_model(setup.train, env, 0)) == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shared_lstm": True}, "set one of them to false"),
        ({"batch_size": 7}, "batch_size = 7 must divide n_envs"),
        ({"lstm_hidden_size": 0}, "lstm_hidden_size"),
        ({"n_lstm_layers": 9}, "n_lstm_layers"),
        ({"algorithm": "ppo"}, "lstm_hidden_size"),
        ({"algorithm": "recurrent-ppo"}, "did you mean recurrent_ppo"),
        ({"envs_per_path": 3}, "multiple of envs_per_path"),
    ],
)
def test_options_that_do_not_go_together_are_refused(changes, words, tmp_path):
    import yaml

    path = tmp_path / "experiment.yaml"
    train_options = {**BASE, "net_arch": [5], **changes}
    path.write_text(yaml.safe_dump({"train": train_options}))
    with pytest.raises(ConfigError, match=words):
        load_experiment(path)
