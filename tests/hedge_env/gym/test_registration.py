"""Ids, specs and the package's own import."""

from __future__ import annotations

import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

import hedge_env
from hedge_env.config.loading import NEEDS_FILES, PRESETS
from tests.support.environments import IDS, SHORT, assert_same_step


def test_every_preset_has_an_id_and_there_are_no_others():
    registered = {
        spec.kwargs.get("preset"): name
        for name, spec in gymnasium.registry.items()
        if name.startswith("Hedge")
    }
    assert set(registered) == {None, *PRESETS, *NEEDS_FILES}
    assert set(registered.values()) >= set(IDS)
    assert registered["ethereum-l1-2021"] == "HedgeEthereumL1-2021-v0"
    assert registered["cao-gbm-1m"] == "HedgeCaoGbm-1m-v0"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_made_by_its_id(preset):
    (name,) = (
        name
        for name, spec in gymnasium.registry.items()
        if spec.kwargs.get("preset") == preset
    )
    env = gymnasium.make(name)
    env.reset(seed=0)
    observation, reward, *_ = env.step(env.action_space.sample())
    assert observation in env.observation_space
    assert np.isfinite(reward)


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("action_mode", ["band", "discrete"])
def test_gymnasiums_checker_finds_nothing(name, action_mode):
    check_env(gymnasium.make(name, action_mode=action_mode).unwrapped)


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("action_mode", ["band", "discrete"])
def test_the_checker_of_stable_baselines_finds_nothing(name, action_mode):
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(gymnasium.make(name, action_mode=action_mode).unwrapped)


@pytest.mark.parametrize("name", IDS)
def test_every_id_runs_through_gymnasiums_wrappers(name):
    env = gymnasium.make(name, config=SHORT)
    env.reset(seed=0)
    steps = [env.step(env.action_space.sample()) for _ in range(4)]
    assert [step[2] for step in steps] == [False, False, False, True]
    env.close()


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("n", [1, 7, 64])
def test_make_vec_uses_the_batch_and_gives_the_same_paths(name, n):
    envs = gymnasium.make_vec(name, num_envs=n, config=SHORT)
    assert type(envs) is hedge_env.HedgeVectorEnv
    assert envs.num_envs == n
    envs.reset(seed=2)
    action = np.zeros(envs.action_space.shape)
    observations, rewards, *_ = envs.step(action)
    env = gymnasium.make(name, config=SHORT)
    env.reset(seed=2, options={"path_ids": n - 1})
    observation, reward, *_ = env.step(action[0])
    np.testing.assert_array_equal(observations[-1], observation)
    assert rewards[-1] == reward


@pytest.mark.parametrize("mode", AutoresetMode)
def test_make_vec_takes_the_autoreset_mode(mode):
    envs = gymnasium.make_vec("Hedge-v0", num_envs=2, autoreset_mode=mode.value)
    assert envs.metadata["autoreset_mode"] is mode


@pytest.mark.parametrize("name", IDS)
def test_a_spec_survives_json(name):
    kwargs = {"config": dict(SHORT), "risk_aversion": 50.0, "action_mode": "target"}
    env = gymnasium.make(name, **kwargs)
    twin = gymnasium.make(EnvSpec.from_json(env.spec.to_json()))
    assert twin.unwrapped.config == env.unwrapped.config
    np.testing.assert_array_equal(env.reset(seed=1)[0], twin.reset(seed=1)[0])
    envs = gymnasium.make_vec(name, num_envs=2, autoreset_mode="SameStep", **kwargs)
    twins = gymnasium.make_vec(EnvSpec.from_json(envs.spec.to_json()))
    assert_same_step(twins.reset(seed=1), envs.reset(seed=1))
    assert twins.autoreset_mode is AutoresetMode.SAME_STEP


def test_every_preset_is_reached_by_hedge_v0():
    for preset in PRESETS:
        env = gymnasium.make("Hedge-v0", preset=preset)
        assert env.unwrapped.config.name == preset


def test_each_id_has_its_preset():
    names = [gymnasium.make(name).unwrapped.config.name for name in IDS]
    reference = "reference"
    assert names == [reference, reference, "ethereum-l1", "ethereum-l2", "deribit"]


def test_a_file_is_a_preset(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("extends: ethereum-l1\nrisk_aversion: 3\n", encoding="utf-8")
    env = gymnasium.make("Hedge-v0", preset=str(path))
    assert env.unwrapped.config.risk_aversion == 3.0


def test_an_episode_limit_is_refused_for_a_batch():
    with pytest.raises(hedge_env.base.errors.ConfigError, match=r"episode\.decisions"):
        gymnasium.make_vec("Hedge-v0", num_envs=2, max_episode_steps=5)


def run_python(code: str) -> str:
    """Standard output of a fresh interpreter, warnings being errors."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.strip()


def test_importing_the_package_is_light():
    heavy = ["numba", "torch", "stable_baselines3", "matplotlib", "pydantic", "yaml"]
    code = f"import hedge_env, sys; print([m for m in {heavy} if m in sys.modules])"
    assert run_python(code) == "[]"


def test_presets_are_read_without_a_compiler():
    code = (
        "import sys; from hedge_env import load_config; load_config('reference');"
        "print('numba' in sys.modules)"
    )
    assert run_python(code) == "False"


def test_an_id_with_its_module_needs_no_import():
    code = (
        "import gymnasium; env = gymnasium.make('hedge_env:Hedge-v0');"
        "print(env.spec.id)"
    )
    assert run_python(code) == "Hedge-v0"


def test_registering_again_changes_nothing():
    code = (
        "import importlib, hedge_env; importlib.reload(hedge_env);"
        "print(hedge_env.__version__)"
    )
    assert run_python(code) == hedge_env.__version__


def test_every_public_name_is_there():
    for name in hedge_env.__all__:
        assert getattr(hedge_env, name) is not None
        assert name in dir(hedge_env)
    with pytest.raises(AttributeError, match="nothing"):
        hedge_env.nothing  # noqa: B018 (the access is the test)
