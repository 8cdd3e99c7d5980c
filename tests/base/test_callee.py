import numba
import numpy as np
import pytest
from numba.core import event

from hedge_env.base.kernel import kernel, scalar_kernel

pytestmark = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="nothing is compiled"
)


class Compiled(event.Listener):  # type: ignore[misc]  # numba is not typed
    """Notes which functions are compiled, and whether Python can call them."""

    def __init__(self) -> None:
        self.runnable: list[bool] = []

    def on_start(self, event: event.Event) -> None:
        options = event.data["dispatcher"].targetoptions
        self.runnable.append(not options.get("no_cpython_wrapper", False))

    def on_end(self, event: event.Event) -> None:
        pass


@scalar_kernel
def _inverse(x):  # type: ignore[no-untyped-def]
    return 1.0 / x


@kernel
def _inverses(x, out, scale=2.0):  # type: ignore[no-untyped-def]
    if x.shape[0] > 3:
        raise ValueError("at most three numbers, not", x.shape[0])
    for i in range(x.shape[0]):
        out[i] = scale * _inverse(x[i])


@kernel
def _sum(x):  # type: ignore[no-untyped-def]
    out = np.empty(x.shape[0])
    _inverses(x, out)
    _inverses(x, out, scale=4.0)
    return out.sum()


def test_only_what_python_calls_becomes_machine_code() -> None:
    with event.install_listener("numba:compile", Compiled()) as compiled:
        assert _sum(np.array([1.0, 2.0])) == 6.0
    assert compiled.runnable.count(True) == 1
    assert len(compiled.runnable) >= 3
    assert not _inverses.signatures


def test_what_kernels_call_can_be_called_from_python_too() -> None:
    x, out = np.array([1.0, 0.0, 4.0]), np.zeros(3)
    assert _sum(x) == np.inf  # first by a kernel
    _inverses(x, out)
    assert out.tolist() == [2.0, np.inf, 0.5]
    assert _inverse(8.0) == 0.125
    assert _inverse(np.float32(8.0)) == 0.125


def test_an_error_within_a_called_kernel_is_raised_with_its_arguments() -> None:
    with pytest.raises(ValueError, match="at most three numbers") as raised:
        _sum(np.ones(4))
    assert raised.value.args == ("at most three numbers, not", 4)
