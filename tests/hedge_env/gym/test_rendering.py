"""Pictures of episodes."""

from __future__ import annotations

import sys

import gymnasium
import numpy as np
import pytest

from hedge_env.base.errors import MissingDependencyError
from hedge_env.gym.env import HedgeEnv
from hedge_env.gym.rendering import RENDER_MODES
from hedge_env.gym.vector_env import HedgeVectorEnv
from tests.hedge_env.feeds.history.files import hourly, write_series
from tests.support.environments import IDS, SHORT


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("mode", RENDER_MODES)
def test_every_id_draws_in_every_mode(name, mode):
    env = gymnasium.make(name, config=SHORT, render_mode=mode)
    env.reset(seed=0)
    frames = [env.render()]
    for _ in range(4):
        env.step(env.action_space.sample())
    frames.append(env.render())
    for frame in frames:
        if mode == "ansi":
            assert isinstance(frame, str)
        else:
            assert frame.dtype == np.uint8
            assert frame.shape == (600, 800, 3)
            assert 0 < np.mean(frame < 128) < 0.5  # there is ink, and there is paper
    assert not np.array_equal(frames[0], frames[-1])
    env.close()


def test_the_text_says_where_the_episode_stands():
    env = HedgeEnv(
        preset="ethereum-l1", config=SHORT, action_mode="target", render_mode="ansi"
    )
    env.reset(seed=0, options={"path_ids": 6})
    start = env.render()
    assert "ethereum-l1, path 6, decision 0 of 4, day 0.0 of 0.7" in start
    assert "spot 2000 (strike 2000)" in start
    assert "gwei" in start
    assert "cost 0.0 bp\n" in start
    infos = env.step(np.array([0.5]))[4]
    text = env.render()
    assert "decision 1 of 4" in text
    assert "holdings +0.500" in text
    assert f"cost {infos['cost'] * 1e4:.1f} bp (fee 2.5, " in text
    assert f"tracking error {infos['tracking_increment'] * 1e4:+.1f} bp" in text


def test_the_price_of_recorded_days_is_that_of_their_file(tmp_path):
    prices = np.full(24 * 60, 3217.0)
    prices[1::2] = 3219.0
    path = write_series(tmp_path / "spot.csv", hourly(prices.size), prices.tolist())
    config = {**SHORT, "replay": {"spot": str(path)}}
    env = HedgeEnv(preset="replay", config=config, render_mode="ansi")
    env.reset(seed=0)
    start = env.unwrapped.render()
    assert "spot 3217 (strike 3217)" in start or "spot 3219 (strike 3219)" in start
    assert "2000" not in start


def test_a_market_without_gas_shows_none():
    env = HedgeEnv(config=SHORT, render_mode="ansi")
    env.reset(seed=0)
    assert "gwei" not in env.render()


def test_without_a_mode_or_an_episode_there_is_nothing_to_draw():
    env = HedgeEnv(config=SHORT)
    env.reset(seed=0)
    assert env.render() is None
    assert HedgeVectorEnv(2, render_mode="ansi").render() is None


def test_a_batch_draws_every_environment():
    envs = HedgeVectorEnv(3, config=SHORT, render_mode="ansi")
    envs.reset(seed=0)
    envs.step(np.zeros((3, 3)))
    frames = envs.render()
    assert [f"path {i}," in frame for i, frame in enumerate(frames)] == [True] * 3


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_a_new_episode_begins_a_new_picture(mode):
    env = HedgeVectorEnv(1, config=SHORT, render_mode="ansi", autoreset_mode=mode)
    env.reset(seed=0)
    for _ in range(4 if mode == "SameStep" else 5):
        env.step(np.zeros((1, 3)))
    assert "path 1, decision 0 of 4" in env.render()[0]


def test_drawing_changes_nothing():
    drawn = HedgeEnv(config=SHORT, render_mode="rgb_array")
    plain = HedgeEnv(config=SHORT)
    drawn.reset(seed=0)
    plain.reset(seed=0)
    for _ in range(4):
        drawn.render()
        a, b = drawn.step(np.zeros(3)), plain.step(np.zeros(3))
        np.testing.assert_array_equal(a[0], b[0])
        assert a[1:] == b[1:]


def test_a_resumed_episode_can_be_drawn():
    env = HedgeEnv(config=SHORT, render_mode="rgb_array")
    env.reset(seed=0)
    env.step(np.zeros(3))
    resumed = HedgeEnv(config=SHORT, render_mode="rgb_array")
    resumed.load_state_dict(env.state_dict())
    resumed.step(np.zeros(3))
    assert resumed.render().shape == (600, 800, 3)


def test_a_missing_matplotlib_is_one_line_that_names_the_extra(monkeypatch):
    for module in [m for m in sys.modules if m.split(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    env = HedgeEnv(config=SHORT, render_mode="rgb_array")
    env.reset(seed=0)
    with pytest.raises(MissingDependencyError, match=r"hedge-env\[report\]") as caught:
        env.render()
    assert "\n" not in str(caught.value)
