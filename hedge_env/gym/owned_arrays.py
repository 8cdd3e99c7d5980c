"""Arrays of one's own, after a copy that came from somebody else's memory.

A pickle with out-of-band buffers (protocol 5, as Ray and Dask send it) and a memory
map (as joblib sends large arrays) give back arrays that are read-only, or that several
objects share. An environment writes to its arrays at every step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_OWN_PACKAGES = ("hedge_env",)


def restore(instance: object, state: Mapping[str, Any]) -> None:
    """What `__setstate__` of an object does whose parts write to their arrays.

    Args:
        instance: The object, empty.
        state: Its attributes; the arrays in them, and in the parts of this package
            below them, are replaced by copies where they are not writable, or where
            the memory belongs to something else.
    """
    vars(instance).update(state)
    seen: dict[int, tuple[Any, Any]] = {}
    for name, value in state.items():
        vars(instance)[name] = _owned(value, seen)


def _owned(value: Any, seen: dict[int, tuple[Any, Any]]) -> Any:
    """The value itself, changed within, or a copy where it cannot be changed.

    Args:
        value: Anything.
        seen: Result by the identity of a value, which is kept so that no other object
            gets its identity meanwhile; written.
    """
    if id(value) not in seen:
        seen[id(value)] = (value, value)  # whoever refers back to it
        seen[id(value)] = (value, _with_own_arrays(value, seen))
    return seen[id(value)][1]


def _with_own_arrays(value: Any, seen: dict[int, tuple[Any, Any]]) -> Any:
    if isinstance(value, np.ndarray):
        is_plain = type(value) is np.ndarray  # and no memory map
        owned = is_plain and value.flags.writeable and value.flags.owndata
        return value if owned else np.array(value)
    if isinstance(value, tuple):
        items = [_owned(item, seen) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return value._make(items) if hasattr(value, "_make") else tuple(items)
    if isinstance(value, list):
        value[:] = [_owned(item, seen) for item in value]
    elif type(value) is dict:
        value.update({key: _owned(item, seen) for key, item in value.items()})
    elif type(value).__module__.partition(".")[0] in _OWN_PACKAGES:
        for name, item in list(getattr(value, "__dict__", {}).items()):
            owned = _owned(item, seen)
            if owned is not item:  # also of a frozen dataclass
                object.__setattr__(value, name, owned)
    return value
