"""What the tests of the environments share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

from hedge_env.config import ACTION_MODES
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.gym.env import HedgeEnv
from hedge_env.gym.vector_env import HedgeVectorEnv

IDS = (
    "Hedge-v0",
    "HedgeReference-v0",
    "HedgeEthereumL1-v0",
    "HedgeEthereumL2-v0",
    "HedgeDeribit-v0",
)

# Every action mode that a preset has: one that trades options has `ratio` for
# `discrete`.
PRESET_MODES = [
    (preset, mode)
    for preset in PRESETS
    for mode in ACTION_MODES
    if mode != ("ratio" if load_config(preset).execution.option is None else "discrete")
]

SHORT: Mapping[str, Any] = {"episode": {"decisions": 4}}  # an episode of four steps


class OnSchedule(gymnasium.Wrapper):
    """A single environment that plays the paths of row `row` of a batch of `n`.

    Gymnasium's `SyncVectorEnv` of these is what a `HedgeVectorEnv` must equal.
    """

    def __init__(self, row: int, n: int, **kwargs: Any) -> None:
        super().__init__(HedgeEnv(**kwargs))
        self._row, self._n, self._episode = row, n, 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        if seed is not None:
            seed -= self._row  # SyncVectorEnv adds it
            self._episode = 0
        path = self._episode * self._n + self._row
        self._episode += 1
        return self.env.reset(seed=seed, options={"path_ids": path})


def assert_same_infos(got: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Infos have the same keys, and the same values to the bit."""
    assert set(got) == set(expected)
    for name, value in expected.items():
        if isinstance(value, Mapping):
            assert_same_infos(got[name], value)
        elif name == "final_obs":
            for a, b in zip(got[name], value, strict=True):
                assert (a is None) == (b is None)
                if b is not None:
                    np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_array_equal(got[name], value, err_msg=name)


def assert_same_step(got: tuple[Any, ...], expected: tuple[Any, ...]) -> None:
    """Two results of `step` or `reset` are the same to the bit."""
    *arrays, infos = got
    *expected_arrays, expected_infos = expected
    for a, b in zip(arrays, expected_arrays, strict=True):
        np.testing.assert_array_equal(a, b)
    assert_same_infos(infos, expected_infos)


def short_env(n: int = 3, **kwargs: Any) -> HedgeVectorEnv:
    """Four decisions on the Ethereum preset, which has every part but funding."""
    kwargs = {"preset": "ethereum-l1", "config": SHORT, **kwargs}
    return HedgeVectorEnv(n, **kwargs)


def random_actions(env: HedgeVectorEnv, steps: int, seed: int = 0) -> list[Any]:
    env.action_space.seed(seed)
    return [env.action_space.sample() for _ in range(steps)]


def rollout(env: HedgeVectorEnv, actions: list[Any], **kwargs: Any) -> list[Any]:
    return [env.reset(**kwargs), *(env.step(action) for action in actions)]
