r"""Hold until a move has earned a multiple of what trading on it costs.

A book of long gamma that was neutral :math:`y` holdings of delta ago has gained about
:math:`y^2 / (2 |\Gamma|)` from the move of spot, which a trade to delta locks in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from baselines.parameters import ParameterRange
from baselines.rule import AbstractRule, trade_where
from hedge_env._types import BoolArray, FloatArray


def has_earned(
    error: FloatArray, gamma: FloatArray, trade_cost: FloatArray, multiple: float
) -> BoolArray:
    r"""Whether the gain of a move exceeds a multiple of the cost of locking it in.

    .. math:: y^2 > 2 |\Gamma| \, m \, (F + c S |y|)

    Args:
        error: y, holdings minus delta, shape (n,) [-].
        gamma: Change of delta per unit of spot, either sign, shape (n,) [1/S_0].
        trade_cost: F + c S |y|, shape (n,) [notional].
        multiple: m [-].

    Returns:
        Shape (n,).
    """
    return error**2 > 2.0 * np.abs(gamma) * multiple * trade_cost


@dataclass(frozen=True)
class GammaScalping(AbstractRule):
    """Trade to delta once the gain since delta was held exceeds the profit band.

    Without gamma nothing is earned and any gain would do, so errors below
    `least_error` are left alone. For a book of short gamma the same amount is a loss,
    and the rule stops it there.

    Source:
        The gain is the second-order term of the book's value; the practice is that
        of market makers, see Sinclair, Volatility Trading.
    """

    name: ClassVar[str] = "gamma-scalping"
    inputs: ClassVar[tuple[str, ...]] = (
        "delta",
        "holdings",
        "gamma",
        "spot",
        "fixed_cost",
        "proportional_cost",
    )
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "profit": ParameterRange(0.1, 1000.0, "log"),
        "least_error": ParameterRange(0.0, 0.3),
    }

    profit: float = 8.0  # m, gain over cost of the trade [-]
    least_error: float = 0.05  # [-], holdings per contract

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Delta where the move has earned enough, shape (n, 1) [-]."""
        delta, holdings = observables["delta"], observables["holdings"]
        error = holdings - delta
        traded = observables["spot"] * np.abs(error)
        cost = observables["fixed_cost"] + observables["proportional_cost"] * traded
        trade = has_earned(error, observables["gamma"], cost, self.profit)
        trade &= np.abs(error) > self.least_error
        return trade_where(trade, delta, holdings)
