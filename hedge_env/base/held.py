"""Constants that Python hands to a kernel once, and not at each call.

numba turns a tuple into numbers at every call from Python, 0.1 us a number: the 200
constants of a market took half of the time of a step of one environment. `hold` does so
once; a kernel is then handed the place where they are, and reads `value`.
"""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar, cast

import numba
import numpy as np
from numba.core.types import StructRef  # type: ignore[attr-defined]  # untyped
from numba.experimental import structref

from hedge_env.base.kernel import kernel

T = TypeVar("T")


class Held(NamedTuple, Generic[T]):
    """What a kernel is given, and what Python code reads with compilation off."""

    value: T


@structref.register
class _HeldType(StructRef):  # type: ignore[misc]  # numba is untyped
    """numba's type of what is held; it differs by the type of the value."""


class _HeldProxy(structref.StructRefProxy):  # type: ignore[misc]  # numba is untyped
    """Python's handle of a value that is kept as compiled code reads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Copied and pickled by its value."""
        return hold, (_read(self),)


structref.define_proxy(_HeldProxy, _HeldType, ["value"])


def hold(value: T) -> Held[T]:
    """Keep a tuple of constants as kernels read them.

    Args:
        value: Numbers, arrays and tuples of them. Arrays are shared, but for those that
            came read-only from another process, which are copied: to numba they are
            of another type, for which it would compile every kernel again.

    Returns:
        What a kernel takes in its place. It can be copied and pickled.
    """
    if numba.config.DISABLE_JIT:
        return Held(value)
    return cast("Held[T]", _hold(_with_writable_arrays(value)))


def _with_writable_arrays(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value if value.flags.writeable else value.copy()
    if isinstance(value, tuple):
        items = [_with_writable_arrays(item) for item in value]
        return value._make(items) if hasattr(value, "_make") else tuple(items)
    return value


@kernel
def _hold(value: Any) -> Any:
    return _HeldProxy(value)


@kernel
def _read(held: Any) -> Any:
    return held.value
