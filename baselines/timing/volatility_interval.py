"""Delta hedging at intervals that shorten when realised volatility is high."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.baselines.rule.centre import CentredRule
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.rule.rule import trade_where


def is_due(
    step: FloatArray,
    steps_since_trade: FloatArray,
    realised_volatility: FloatArray,
    interval: float,
) -> BoolArray:
    r"""Whether enough variance has passed since the last trade.

    .. math:: \sigma^2 n \ge N

    with realised volatility :math:`\sigma`, decisions :math:`n` since the last
    trade and the interval :math:`N` at a volatility of 100 %: equal steps in
    variance, not in time.

    Args:
        step: Decisions already taken, shape (n,) [-]; at 0 a trade is due.
        steps_since_trade: Decisions since the last trade, shape (n,) [-].
        realised_volatility: Estimate, annualised, shape (n,) [1/sqrt(year)].
        interval: Decisions between trades at a volatility of 1 [-].

    Returns:
        Shape (n,).
    """
    passed = realised_volatility**2 * steps_since_trade
    return np.asarray((step == 0.0) | (passed >= interval))


@dataclass(frozen=True)
class VolatilityInterval(CentredRule):
    """Trade to delta at intervals inversely proportional to realised variance."""

    name: ClassVar[str] = "volatility-interval"
    inputs: ClassVar[tuple[str, ...]] = (
        "delta",
        "holdings",
        "step",
        "steps_since_trade",
        "realised_volatility",
    )
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "interval": ParameterRange(0.1, 200.0, "log")
    }

    interval: float = 4.0  # [decisions], at a volatility of 100 %

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """The centre where a trade is due, shape (n, 1) [-]."""
        due = is_due(
            observables["step"],
            observables["steps_since_trade"],
            observables["realised_volatility"],
            self.interval,
        )
        return trade_where(due, self.centre(observables), observables["holdings"])
