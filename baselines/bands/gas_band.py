r"""The band for a fixed and a proportional cost, at what a trade costs now.

With the present cost of a transaction in the formula, the band widens when gas is
dear. Two additions keep it from paying for risk that hardly matters: *worth it*
leaves an error alone if the risk left until expiry is below the cost of removing
it, and *snap* turns a small position into none, which needs no liquidation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.band_rule import Band, BandRule, band_around
from hedge_env.baselines.rule.expiry import time_left
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.pricing.no_trade_band import fixed_and_proportional_band


def worth_half_width(remaining_variance: FloatArray, toll: FloatArray) -> FloatArray:
    r"""Error beyond which the risk left until expiry exceeds the toll of removing it.

    .. math:: \lambda h^2 S^2 \sigma^2 \tau = \chi F

    Args:
        remaining_variance: lambda S^2 sigma^2 tau, positive, shape (n,) [notional].
        toll: chi F, at least 0, shape (n,) [notional].

    Returns:
        h, in holdings, shape (n,) [-].
    """
    return np.sqrt(toll / remaining_variance)


@dataclass(frozen=True)
class GasBand(BandRule):
    """Trade from outside the fixed-plus-proportional band to its inner target.

    The band's risk aversion is g = 2 lambda x `risk_multiplier`. With `snap` and
    `worth` at 0 it is the plain band. On a geometric Brownian motion with constant
    costs the tuned rule is within 1 to 2 % of the exact optimum.

    Source:
        The band: `no_trade_band`. Snap and worth-it: derived for this project.
    """

    name: ClassVar[str] = "gas-band"
    inputs: ClassVar[tuple[str, ...]] = (
        "delta",
        "holdings",
        "gamma",
        "spot",
        "fixed_cost",
        "proportional_cost",
        "implied_volatility",
        "time_to_maturity",
        "risk_aversion",
    )
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "risk_multiplier": ParameterRange(0.01, 100.0, "log"),
        "snap": ParameterRange(0.0, 0.4),
        "worth": ParameterRange(0.0, 4.0),
    }

    risk_multiplier: float = 1.5  # [-]; 1 is the formula's own band
    snap: float = 0.08  # s0 [-], holdings per contract
    worth: float = 1.0  # chi [-], risk left over fixed cost

    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band around the centre, wider where a trade is not worth it."""
        spot, risk_aversion = observables["spot"], observables["risk_aversion"]
        half_width, inner = fixed_and_proportional_band(
            observables["gamma"],
            spot,
            observables["fixed_cost"],
            observables["proportional_cost"],
            2.0 * self.risk_multiplier * risk_aversion,
        )
        spot_volatility = spot * observables["implied_volatility"]
        remaining = spot_volatility**2 * time_left(observables)
        worth = worth_half_width(
            risk_aversion * remaining, self.worth * observables["fixed_cost"]
        )
        outer = np.maximum(half_width, worth)
        return band_around(self.centre(observables), outer, inner=inner, snap=self.snap)
