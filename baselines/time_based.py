"""Delta hedging at fixed intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from baselines.parameters import ParameterRange
from baselines.rule import AbstractRule, trade_where
from hedge_env._types import BoolArray, FloatArray


def is_due(step: FloatArray, interval: float) -> BoolArray:
    """Whether `step` is a multiple of `interval`; the first decision, 0, is.

    Args:
        step: Decisions already taken, shape (n,) [-].
        interval: Decisions between trades, a whole number of at least 1 [-].

    Returns:
        Shape (n,).
    """
    return np.asarray(np.mod(step, interval) == 0.0)


@dataclass(frozen=True)
class TimeBased(AbstractRule):
    """Trade to delta at the first and then at every `interval`-th decision."""

    name: ClassVar[str] = "time-based"
    inputs: ClassVar[tuple[str, ...]] = ("delta", "holdings", "step")
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "interval": ParameterRange(1, 400, "integer")
    }

    interval: int = 6  # [decisions]

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Delta where a trade is due, shape (n, 1) [-]."""
        due = is_due(observables["step"], self.interval)
        return trade_where(due, observables["delta"], observables["holdings"])
