"""A position that is sold along a schedule, whatever the market does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.rule.remembering_rule import RememberingRule
from hedge_env.baselines.rule.rule import trade_where
from hedge_env.config import EnvConfig

_LEAST = 1e-300  # share that is divided by
_ROUNDING = 1e-12  # of the first holdings


def share_left(fraction: FloatArray, urgency: float) -> FloatArray:
    r"""Share of a position that is held when a share of the time is left.

    .. math:: \sinh(u f) / \sinh(u)

    Args:
        fraction: f, from 0 to 1 [-].
        urgency: u, positive [-]; to 0 the share is f.
    """
    # By exponentials of what is not positive, which cannot overflow.
    high = np.exp(urgency * (fraction - 1.0)) * -np.expm1(-2.0 * urgency * fraction)
    share: FloatArray = high / -np.expm1(-2.0 * urgency)
    return share


@dataclass(frozen=True)
class LiquidationSchedule(RememberingRule):
    """Sell what was held at the start along the curve of Almgren and Chriss (2000).

    With an urgency near 0 it is sold evenly; a large one sells most of it at once. It
    is the best schedule where funding and own impact on the price are left out.
    """

    name: ClassVar[str] = "liquidation-schedule"
    inputs: ClassVar[tuple[str, ...]] = ("holdings", "step", "time_fraction")
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "urgency": ParameterRange(0.01, 100.0, "log")
    }
    n_remembered: ClassVar[int] = 1

    urgency: float = 1.0  # [-]

    @classmethod
    def has_task(cls, config: EnvConfig) -> bool:
        """It sells what is held at the start."""
        return config.holdings.start != 0.0

    @classmethod
    def why_unfit(cls, config: EnvConfig) -> str | None:
        """Nothing is to be sold where nothing is held at the start."""
        return "nothing is held at the start" if config.holdings.start == 0.0 else None

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """The share of the first holdings that is due, shape (n, 1) [-]."""
        held = observables["holdings"]
        share = share_left(observables["time_fraction"], self.urgency)
        first = self._recall(held.size)[0]
        # Not there from the start, it takes what is held to be on the schedule.
        first[:] = np.where(np.isnan(first), held / np.maximum(share, _LEAST), first)
        starts = observables["step"] == 0.0
        first[starts] = held[starts]
        goal = first * share
        return trade_where(np.abs(goal - held) > _ROUNDING * np.abs(first), goal, held)
