"""Hedging again once the hedged book has gained or lost enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.centre import CentredRule
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.rule.remembering_rule import RememberingRule
from hedge_env.baselines.rule.rule import trade_where

_SPOT, _BOOK_VALUE, _GAIN = range(3)  # rows of the memory


@dataclass(frozen=True)
class ProfitTriggered(CentredRule, RememberingRule):
    r"""Trade to delta when the profit since the last trade leaves a band.

    .. math:: G = \sum [h \, (S' - S) + B' - B] \notin (-l, p)

    with holdings h, spot S and the value B of the book, summed over the decisions since
    the last trade, before cost. The first decision trades. A book of short gamma gains
    while spot stands still and loses when it moves, so that `loss` is its stop and
    `profit` hardly matters; for one of long gamma it is the other way round.
    """

    name: ClassVar[str] = "profit-triggered"
    n_remembered: ClassVar[int] = 3
    inputs: ClassVar[tuple[str, ...]] = (
        "delta",
        "holdings",
        "spot",
        "book_value",
        "step",
    )
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "profit": ParameterRange(1e-5, 0.5, "log"),
        "loss": ParameterRange(1e-5, 0.5, "log"),
    }

    profit: float = 0.02  # p [notional]
    loss: float = 0.005  # l [notional]

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """The centre where the band is left, shape (n, 1) [-]."""
        spot, value = observables["spot"], observables["book_value"]
        holdings = observables["holdings"]
        is_first = observables["step"] == 0.0
        memory = self._recall(spot.size)
        gain = holdings * (spot - memory[_SPOT]) + value - memory[_BOOK_VALUE]
        gain += memory[_GAIN]
        gain = np.where(is_first | np.isnan(gain), 0.0, gain)
        trade = is_first | (gain >= self.profit) | (gain <= -self.loss)
        memory[_SPOT], memory[_BOOK_VALUE] = spot, value
        memory[_GAIN] = np.where(trade, 0.0, gain)
        return trade_where(trade, self.centre(observables), holdings)
