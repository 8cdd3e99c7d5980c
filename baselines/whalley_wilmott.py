"""Whalley and Wilmott's band for a proportional cost, traded to its edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from baselines.parameters import ParameterRange
from baselines.rule import AbstractRule
from hedge_env._types import FloatArray
from hedge_env.bands import whalley_wilmott_half_width


def nearest_edge(
    delta: FloatArray, half_width: FloatArray, holdings: FloatArray
) -> FloatArray:
    """Holdings after the least trade into the band delta +- half_width.

    Args:
        delta: Centre of the band, shape (n,) [-].
        half_width: Half-width, at least 0, shape (n,) [-].
        holdings: Holdings now, shape (n,) [-].

    Returns:
        Exactly `holdings` inside the band, else its nearest edge, shape (n,) [-].
    """
    return np.clip(holdings, delta - half_width, delta + half_width)


@dataclass(frozen=True)
class WhalleyWilmott(AbstractRule):
    """Trade to the edge of the band with g = 2 lambda x `risk_multiplier`.

    The formula knows no fixed cost, and an edge is left soon after it was traded to;
    where each transaction has a price, tuning has only the width to make up for it.

    Source:
        Whalley and Wilmott (1997), Mathematical Finance 7(3), 307-324.
    """

    name: ClassVar[str] = "whalley-wilmott"
    inputs: ClassVar[tuple[str, ...]] = (
        "delta",
        "holdings",
        "gamma",
        "spot",
        "proportional_cost",
        "risk_aversion",
    )
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "risk_multiplier": ParameterRange(1e-4, 1e2, "log")
    }

    risk_multiplier: float = 1.0  # [-]; 1 is the formula's own band

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Nearest point of the band, shape (n, 1) [-]."""
        half_width = whalley_wilmott_half_width(
            observables["gamma"],
            observables["spot"],
            observables["proportional_cost"],
            2.0 * self.risk_multiplier * observables["risk_aversion"],
        )
        goal = nearest_edge(observables["delta"], half_width, observables["holdings"])
        return goal[:, None]
