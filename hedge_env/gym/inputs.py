"""What callers hand to `reset` and `step`, validated before anything moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from hedge_env.agent.actions import ActionDecoder
from hedge_env.base.errors import ActionError, ResetError, one_line
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.config import LEAST_RISK_AVERSION, MOST_RISK_AVERSION

RESET_OPTIONS: Final = ("path_ids", "reset_mask", "risk_aversion")


class ResetOptions(NamedTuple):
    """What a caller asked of `reset`; arrays have shape (num_envs,)."""

    mask: BoolArray  # which episodes start
    path_ids: IntArray | None  # None: the next paths of the environment
    risk_aversion: FloatArray | None  # [1/notional]; None: as the config says


def action_space(decoder: ActionDecoder) -> spaces.Space[Any]:
    """Actions of one environment: a choice, or numbers between -1 and 1."""
    if decoder.n_choices is not None:
        return spaces.Discrete(decoder.n_choices)
    return spaces.Box(-1.0, 1.0, decoder.shape, np.float32)


def parse_reset_options(options: Mapping[str, Any] | None, n: int) -> ResetOptions:
    """Validate the options of `reset`; the mapping is left as it is.

    Args:
        options: See `HedgeVectorEnv.reset`.
        n: Number of environments.

    Raises:
        ResetError: In one line, if an option is unknown or of the wrong form.
    """
    options = {} if options is None else options
    unknown = [key for key in options if key not in RESET_OPTIONS]
    if unknown:
        raise ResetError(
            one_line(
                f"reset option {unknown[0]!r} is unknown; "
                f"known: {', '.join(RESET_OPTIONS)}"
            )
        )
    mask = _mask(options.get("reset_mask"), n)
    return ResetOptions(
        mask,
        _path_ids(options.get("path_ids"), mask),
        _risk_aversion(options.get("risk_aversion"), mask),
    )


def _mask(value: Any, n: int) -> BoolArray:
    if value is None:
        return np.ones(n, dtype=np.bool_)
    mask = _array(value, "reset_mask")
    if mask.dtype != np.bool_ or mask.shape != (n,):
        raise ResetError(
            f"reset_mask must be a boolean array of shape ({n},), "
            f"not {mask.dtype} of shape {mask.shape}"
        )
    if not mask.any():
        raise ResetError("reset_mask chooses no environment; leave the reset out")
    return mask.copy()


def _path_ids(value: Any, mask: BoolArray) -> IntArray | None:
    if value is None:
        return None
    ids = _array(value, "path_ids")
    if ids.shape not in ((), mask.shape) or ids.dtype.kind not in "iu":
        raise ResetError(
            f"path_ids must be whole numbers of shape {mask.shape}, "
            f"not {ids.dtype} of shape {ids.shape}"
        )
    ids = np.broadcast_to(ids, mask.shape)
    if ids[mask].min() < 0 or int(ids[mask].max()) > np.iinfo(np.int64).max:
        raise ResetError("path_ids must be at least 0 and below 2**63")
    return ids.astype(np.int64)


def _risk_aversion(value: Any, mask: BoolArray) -> FloatArray | None:
    if value is None:
        return None
    aversion = _array(value, "risk_aversion")
    if aversion.shape not in ((), mask.shape) or aversion.dtype.kind not in "iuf":
        raise ResetError(
            f"risk_aversion must be one number or {mask.size} of them, "
            f"not {aversion.dtype} of shape {aversion.shape}"
        )
    aversion = np.broadcast_to(aversion, mask.shape).astype(np.float64)
    low, high = LEAST_RISK_AVERSION, MOST_RISK_AVERSION
    if not ((aversion[mask] >= low) & (aversion[mask] <= high)).all():
        raise ResetError(
            f"risk_aversion must be positive and finite, from {low:g} to {high:g}"
        )
    return aversion


def _array(value: Any, name: str) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ResetError(one_line(f"{name} is not an array: {error}")) from None


def checked_actions(
    actions: Any, shape: tuple[int, ...], n_choices: int | None, running: BoolArray
) -> NDArray[Any]:
    """Actions as an array that can be decoded.

    Args:
        actions: What the caller passed.
        shape: Shape they must have; the first axis runs over environments.
        n_choices: Number of choices of a discrete action; None: it is continuous.
        running: Environments whose action is used, shape (num_envs,); those of the
            others may be anything, and are made 0.

    Returns:
        float64, or int64 if discrete.

    Raises:
        ActionError: If the shape or type is wrong, or an action that is used is not
            finite or no choice; the message names the environments.
    """
    array = action_array(actions, shape)
    if n_choices is None:
        return _finite_actions(array, running)
    return _valid_choices(array, n_choices, running)


def action_array(actions: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """Actions as an array of the shape they must have, or an `ActionError`."""
    try:
        array = np.asarray(actions)
    except (ValueError, TypeError, OverflowError) as error:
        raise ActionError(one_line(f"the action is not an array: {error}")) from None
    if array.shape != shape:
        raise ActionError(f"the action has shape {array.shape}, expected {shape}")
    return array


def _finite_actions(array: NDArray[Any], running: BoolArray) -> FloatArray:
    if array.dtype.kind not in "fiu":
        raise ActionError(f"the action must be of real numbers, not {array.dtype}")
    numbers = array.astype(np.float64)
    good = np.isfinite(numbers)
    if not good.all():
        rows: BoolArray = np.asarray(good.reshape(good.shape[0], -1).all(axis=1))
        if not rows[running].all():
            where = indices(running & ~rows)
            raise ActionError(f"the action of environments {where} is not finite")
        numbers[~rows] = 0.0
    return numbers


def _valid_choices(array: NDArray[Any], n_choices: int, running: BoolArray) -> IntArray:
    if array.dtype.kind not in "iu":
        raise ActionError(f"the action must be of whole numbers, not {array.dtype}")
    choices: IntArray = array.astype(np.int64)
    good = (choices >= 0) & (choices < n_choices)
    if not good[running].all():
        where = indices(running & ~good)
        raise ActionError(
            f"the action of environments {where} is not in 0..{n_choices - 1}"
        )
    return np.where(good, choices, 0)


def indices(mask: BoolArray, shown: int = 10) -> str:
    """Indices where a mask holds, the first few spelt out."""
    found = np.flatnonzero(mask)
    text = ", ".join(str(i) for i in found[:shown])
    return text if found.size <= shown else f"{text} and {found.size - shown} more"
