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

from baselines.parameters import ParameterRange
from baselines.rule import AbstractRule, trade_where
from hedge_env._types import BoolArray, FloatArray
from hedge_env.bands import fixed_and_proportional_band


def inner_target(
    delta: FloatArray, inner: FloatArray, holdings: FloatArray, snap: float
) -> FloatArray:
    """Holdings after a trade back into the band, with small ones rounded to zero.

    Args:
        delta: Centre of the band, shape (n,) [-].
        inner: Distance from the centre to trade back to, shape (n,) [-].
        holdings: Holdings now, shape (n,) [-].
        snap: New holdings closer to 0 than this become 0 [-].

    Returns:
        Shape (n,) [-].
    """
    goal = np.clip(holdings, delta - inner, delta + inner)
    return np.where(np.abs(goal) < snap, 0.0, goal)


def is_worth_it(
    error: FloatArray, remaining_variance: FloatArray, toll: FloatArray
) -> BoolArray:
    r"""Whether the risk left until expiry exceeds the toll of removing it.

    .. math:: \lambda (h - \delta)^2 S^2 \sigma^2 \tau > \chi F

    Args:
        error: Holdings minus delta, shape (n,) [-].
        remaining_variance: lambda S^2 sigma^2 tau, shape (n,) [notional].
        toll: chi F, shape (n,) [notional].

    Returns:
        Shape (n,).
    """
    return remaining_variance * error**2 > toll


@dataclass(frozen=True)
class GasBand(AbstractRule):
    """Trade from outside the fixed-plus-proportional band to its inner target.

    The band's risk aversion is g = 2 lambda x `risk_multiplier`. With `snap` and
    `worth` at 0 it is the plain band. On a geometric Brownian motion with constant
    costs the tuned rule is within 1 to 2 % of the exact optimum.

    Source:
        The band: `hedge_env.bands`. Snap and worth-it: derived for this project.
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

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Inner target where a trade is worth it, shape (n, 1) [-]."""
        delta, holdings = observables["delta"], observables["holdings"]
        spot, risk_aversion = observables["spot"], observables["risk_aversion"]
        half_width, inner = fixed_and_proportional_band(
            observables["gamma"],
            spot,
            observables["fixed_cost"],
            observables["proportional_cost"],
            2.0 * self.risk_multiplier * risk_aversion,
        )
        error = holdings - delta
        spot_volatility = spot * observables["implied_volatility"]
        remaining = spot_volatility**2 * observables["time_to_maturity"]
        trade = (np.abs(error) > half_width) & is_worth_it(
            error, risk_aversion * remaining, self.worth * observables["fixed_cost"]
        )
        goal = inner_target(delta, inner, holdings, self.snap)
        return trade_where(trade, goal, holdings)
