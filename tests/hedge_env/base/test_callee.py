from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from numba.core import event

from hedge_env.base.kernel import cache_folder, kernel, scalar_kernel
from hedge_env.base.types import FloatArray

pytestmark = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="nothing is compiled"
)


class Kernels(NamedTuple):
    """Three functions, each of which calls the one before."""

    inverse: Any
    inverses: Any
    total: Any


class Compiled(event.Listener):  # type: ignore[misc]  # numba is not typed
    """Notes which functions are compiled, and whether Python can call them."""

    def __init__(self) -> None:
        self.runnable: list[bool] = []

    def on_start(self, event: event.Event) -> None:
        options = event.data["dispatcher"].targetoptions
        self.runnable.append(not options.get("no_cpython_wrapper", False))

    def on_end(self, event: event.Event) -> None:
        pass


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernels]:
    """Kernels that no cache has yet."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    cache_folder.cache_clear()
    yield make_kernels()
    cache_folder.cache_clear()


def make_kernels() -> Kernels:
    @scalar_kernel
    def inverse(x: float) -> float:
        return 1.0 / x

    @kernel
    def inverses(x: FloatArray, out: FloatArray, scale: float = 2.0) -> None:
        if x.shape[0] > 3:
            raise ValueError("at most three numbers, not", x.shape[0])
        for i in range(x.shape[0]):
            out[i] = scale * inverse(x[i])

    @kernel
    def total(x: FloatArray) -> float:
        out = np.empty(x.shape[0])
        inverses(x, out)
        inverses(x, out, scale=4.0)
        result: float = out.sum()
        return result

    return Kernels(inverse, inverses, total)


def test_only_what_python_calls_becomes_machine_code(kernels: Kernels) -> None:
    with event.install_listener("numba:compile", Compiled()) as compiled:
        assert kernels.total(np.array([1.0, 2.0])) == 6.0
    assert compiled.runnable.count(True) == 1
    assert len(compiled.runnable) >= 3
    assert not kernels.inverses.signatures


def test_what_kernels_call_can_be_called_from_python_too(kernels: Kernels) -> None:
    x, out = np.array([1.0, 0.0, 4.0]), np.zeros(3)
    assert kernels.total(x) == np.inf  # first by a kernel
    kernels.inverses(x, out)
    assert out.tolist() == [2.0, np.inf, 0.5]
    assert kernels.inverse(8.0) == 0.125
    assert kernels.inverse(np.float32(8.0)) == 0.125


def test_an_error_in_a_called_kernel_reaches_python_with_its_arguments(
    kernels: Kernels,
) -> None:
    with pytest.raises(ValueError, match="at most three numbers") as raised:
        kernels.total(np.ones(4))
    assert raised.value.args == ("at most three numbers, not", 4)
