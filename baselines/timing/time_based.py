"""Delta hedging at fixed intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.baselines.rule.band_rule import (
    Band,
    BandRule,
    band_around,
    half_width_when_due,
)
from hedge_env.baselines.rule.parameter_range import ParameterRange


def is_due(step: FloatArray, interval: float) -> BoolArray:
    """Whether `step` is a multiple of `interval`; the first decision, 0, is.

    Args:
        step: Decisions already taken, shape (n,) [-].
        interval: Decisions between trades, a whole number of at least 1 [-].

    Returns:
        Shape (n,).
    """
    return np.asarray(step == interval * np.floor(step / interval))


@dataclass(frozen=True)
class TimeBased(BandRule):
    """Trade to delta at the first and then at every `interval`-th decision."""

    name: ClassVar[str] = "time-based"
    inputs: ClassVar[tuple[str, ...]] = ("delta", "holdings", "step")
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "interval": ParameterRange(1, 400, "integer")
    }

    interval: int = 6  # [decisions]

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Delta alone where a trade is due, else everything."""
        due = is_due(observables["step"], self.interval)
        return band_around(self.centre(observables), half_width_when_due(due))
