r"""Hold until a move has earned a multiple of what trading on it costs.

A book of long gamma that was neutral :math:`y` holdings of delta ago has gained about
:math:`y^2 / (2 |\Gamma|)` from the move of spot, which a trade to delta locks in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.parameter_range import ParameterRange


def profit_half_width(
    gamma: FloatArray, fixed_cost: FloatArray, unit_cost: FloatArray, multiple: float
) -> FloatArray:
    r"""Error at which the gain of a move is a multiple of the cost of locking it in.

    .. math:: y^2 = 2 |\Gamma| \, m \, (F + c S y)

    Args:
        gamma: Change of delta per unit of spot, either sign, shape (n,) [1/S_0].
        fixed_cost: F, shape (n,) [notional].
        unit_cost: c S, shape (n,) [notional].
        multiple: m [-].

    Returns:
        y, the root that is not negative, shape (n,) [-].
    """
    scale = np.abs(gamma) * multiple
    linear = scale * unit_cost
    return linear + np.sqrt(linear * linear + 2.0 * scale * fixed_cost)


@dataclass(frozen=True)
class GammaScalping(BandRule):
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

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band around the centre, left once the move has earned enough."""
        half_width = profit_half_width(
            observables["gamma"],
            observables["fixed_cost"],
            observables["proportional_cost"] * observables["spot"],
            self.profit,
        )
        half_width = np.maximum(half_width, self.least_error)
        return band_around(self.centre(observables), half_width)
