import copy
import pickle
from typing import NamedTuple

import numpy as np

from hedge_env.base.held import Held, hold
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray


class Inner(NamedTuple):
    weights: FloatArray
    is_on: bool


class Constants(NamedTuple):
    scale: float
    inner: Inner
    count: int


@kernel
def weigh(x: FloatArray, held: Held[Constants]) -> float:
    constants = held.value
    total = 0.0
    if constants.inner.is_on:
        for i in range(constants.count):
            total += constants.inner.weights[i] * x[i]
    return constants.scale * total


def some() -> Constants:
    return Constants(2.0, Inner(np.array([1.0, 3.0, 5.0]), is_on=True), 2)


def test_a_kernel_reads_what_is_held() -> None:
    x = np.array([1.0, 10.0, 100.0])
    assert weigh(x, hold(some())) == 62.0
    assert weigh(x, hold(some()._replace(count=3))) == 1062.0
    off = some()._replace(inner=Inner(np.zeros(0), is_on=False))
    assert weigh(x, hold(off)) == 0.0


def test_what_is_held_outlives_the_tuple_that_it_was_made_of() -> None:
    held = [hold(some()._replace(scale=float(i))) for i in range(100)]
    x = np.array([1.0, 10.0, 100.0])
    assert [weigh(x, one) for one in held] == [31.0 * i for i in range(100)]


def test_it_can_be_copied_and_pickled() -> None:
    x, held = np.array([1.0, 10.0, 100.0]), hold(some())
    for twin in (copy.deepcopy(held), pickle.loads(pickle.dumps(held))):
        assert twin is not held
        assert weigh(x, twin) == weigh(x, held)


def test_memory_that_cannot_be_written_compiles_nothing_again() -> None:
    x, held = np.array([1.0, 10.0, 100.0]), hold(some())
    weigh(x, held)
    before = list(getattr(weigh, "signatures", ()))
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(held, protocol=5, buffer_callback=buffers.append)
    twin = pickle.loads(data, buffers=[bytes(buffer.raw()) for buffer in buffers])
    assert buffers
    assert weigh(x, twin) == weigh(x, held)
    assert list(getattr(weigh, "signatures", ())) == before


def test_arrays_are_shared() -> None:
    constants = some()
    held = hold(constants)
    constants.inner.weights[0] = 2.0
    assert weigh(np.array([1.0, 10.0, 100.0]), held) == 64.0
