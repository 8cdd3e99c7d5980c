"""Environments that another process has sent, in memory that cannot be written."""

import copy
import pickle
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle
import gymnasium
import numpy as np
import pytest

from hedge_env.gym.env import HedgeEnv
from hedge_env.gym.owned_arrays import restore
from hedge_env.gym.vector_env import HedgeVectorEnv
from tests.support.environments import (
    SHORT,
    assert_same_step,
    random_actions,
    short_env,
)


def out_of_band(sent: Any, dumps: Any = pickle.dumps) -> Any:
    """As Ray and Dask send it: the arrays apart, and read-only on the other side."""
    buffers: list[pickle.PickleBuffer] = []
    data = dumps(sent, protocol=5, buffer_callback=buffers.append)
    assert buffers
    return pickle.loads(data, buffers=[bytes(buffer.raw()) for buffer in buffers])


def shared_memory(sent: Any) -> Any:
    """Out-of-band buffers that can be written, but belong to whoever sent them."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(sent, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=buffers)


def memory_mapped(sent: Any, folder: Path) -> Any:
    """As joblib sends it: each array a read-only map of a file."""

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, pid: str) -> Any:
            return np.load(folder / pid, mmap_mode="r")

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> str | None:
            if type(obj) is not np.ndarray or obj.dtype == object:
                return None
            name = f"{id(obj)}.npy"
            np.save(folder / name, obj)
            return name

    with (folder / "pickle").open("wb") as file:
        Pickler(file, protocol=5).dump(sent)
    with (folder / "pickle").open("rb") as file:
        return Unpickler(file).load()


WAYS = {
    "pickle": lambda sent, _: pickle.loads(pickle.dumps(sent)),
    "deepcopy": lambda sent, _: copy.deepcopy(sent),
    "out-of-band": lambda sent, _: out_of_band(sent),
    "cloudpickle": lambda sent, _: out_of_band(sent, cloudpickle.dumps),
    "shared": lambda sent, _: shared_memory(sent),
    "memory-map": memory_mapped,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_vector_env_goes_on_where_it_was_sent_from(way: str, tmp_path: Path) -> None:
    env = short_env(3)
    actions = random_actions(env, 9)
    env.reset(seed=1)
    for action in actions[:3]:
        env.step(action)
    twin = WAYS[way](env, tmp_path)
    for action in actions[3:]:  # through the end of the episode
        assert_same_step(twin.step(action), env.step(action))
    assert_same_step(twin.reset(seed=5), env.reset(seed=5))
    assert_same_step(twin.step(actions[0]), env.step(actions[0]))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_single_env_does_too(way: str, wrapped: bool, tmp_path: Path) -> None:
    kwargs: dict[str, Any] = {"preset": "ethereum-l1", "config": SHORT}
    env: gymnasium.Env[Any, Any] = (
        gymnasium.make("Hedge-v0", **kwargs) if wrapped else HedgeEnv(**kwargs)
    )
    env.reset(seed=1)
    action = np.full(3, 0.3, dtype=np.float32)
    env.step(action)
    twin = WAYS[way](env, tmp_path)
    for _ in range(3):
        assert_same_step(twin.step(action), env.step(action))
    assert_same_step(twin.reset(seed=2), env.reset(seed=2))


def test_the_memory_of_the_sender_is_left_alone() -> None:
    env = short_env(3)
    env.reset(seed=1)
    before = {name: array.copy() for name, array in env.state_dict().items()}
    twin = shared_memory(env)
    for action in random_actions(env, 3):
        twin.step(action)
    for name, array in env.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_state_in_read_only_memory_can_be_loaded() -> None:
    env, twin = short_env(3), short_env(3)
    action = random_actions(env, 1)[0]
    env.reset(seed=1)
    env.step(action)
    twin.load_state_dict(out_of_band(env.state_dict()))
    assert_same_step(twin.step(action), env.step(action))


def test_an_env_that_was_never_reset_can_be_sent() -> None:
    twin = out_of_band(HedgeVectorEnv(2, preset="reference"))
    assert_same_step(
        twin.reset(seed=0), HedgeVectorEnv(2, preset="reference").reset(seed=0)
    )


class Pair(NamedTuple):
    first: np.ndarray
    label: str


class Part:
    """Stands for a part of the package."""

    __module__ = "hedge_env.example"


def test_every_place_that_holds_an_array_gets_its_own_and_shares_it_as_before() -> None:
    fixed = np.arange(3.0)
    fixed.flags.writeable = False
    part, whole = Part(), Part()
    part.array, part.back = fixed, whole  # type: ignore[attr-defined]
    restore(whole, {"pair": Pair(fixed, "x"), "some": [{"a": fixed}], "part": part})
    owned = whole.pair.first  # type: ignore[attr-defined]
    assert owned is not fixed
    assert owned.flags.writeable
    assert whole.pair.label == "x"  # type: ignore[attr-defined]
    assert whole.some[0]["a"] is owned  # type: ignore[attr-defined]
    assert part.array is owned  # type: ignore[attr-defined]
    own = np.arange(3.0)
    restore(whole, {"own": own, "pair": Pair(own, "y")})
    assert whole.own is own  # type: ignore[attr-defined]
