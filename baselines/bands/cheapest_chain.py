r"""Trade on the chain where it is cheap, and move inventory at a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.centre import CentredRule
from hedge_env.baselines.rule.expiry import time_left
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.config import EnvConfig
from hedge_env.pricing.no_trade_band import fixed_and_proportional_band
from hedge_env.pricing.placement import (
    PLACEMENT_INPUTS,
    fits_at_home,
    fits_there,
    inventory_move,
    is_cheaper_there,
)


@dataclass(frozen=True)
class CheapestChain(CentredRule):
    r"""A no-trade band for each chain, by its own costs, and a treasury in balance.

    With :math:`h, w` of the band for fixed and proportional cost, at
    :math:`g = 2 \lambda m`, the half-width is

    .. math:: H^2 = h^2 + \chi \frac{F + (c S)^2 / (\lambda V)}{\lambda V}, \quad
              V = \sigma^2 S^2 \tau,

    the second term being the error whose risk until expiry is worth its cost; a trade
    goes :math:`w / h` of the way to the edge. Outside the rollup's band an order is
    sent where it costs less; what the rollup's treasury cannot do, and what is then
    outside the wider band of the first chain, is traded there. At a decision
    without a trade inventory is moved as in `pricing.placement`.

    Source:
        Derived for this project; the band is `pricing.no_trade_band`, the treasury's
        threshold `pricing.placement`.
    """

    name: ClassVar[str] = "cheapest-chain"
    inputs: ClassVar[tuple[str, ...]] = (
        *PLACEMENT_INPUTS,
        "gamma",
        "implied_volatility",
        "time_to_maturity",
        "risk_aversion",
    )
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "risk_multiplier": ParameterRange(1e-2, 1e2, "log"),
        "chi": ParameterRange(0.0, 4.0),
        "threshold": ParameterRange(0.0, 0.5),
    }
    n_instruments: ClassVar[int] = 2

    risk_multiplier: float = 2.0  # m [-]
    chi: float = 0.8  # [-]
    threshold: float = 0.1  # share of the treasury at either end [-]

    @classmethod
    def why_unfit(cls, config: EnvConfig) -> str | None:
        """It needs two chains."""
        if config.execution.rollup is None:
            return "there is one chain"
        return super().why_unfit(config)

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Holdings in all and on the rollup, shape (n, 2) [-]."""
        now, held = observables, observables["holdings"]
        centre = self.centre(now)
        near, back = self._band(
            now, now["rollup_fixed_cost"], now["rollup_proportional_cost"]
        )
        far, further = self._band(now, now["fixed_cost"], now["proportional_cost"])
        # Else the rollup would have to go on where the first chain has stopped.
        further = np.minimum(further, back)
        wanted = _towards(held, centre, near, back) - held
        instead = _towards(held, centre, far, further) - held
        cheap = is_cheaper_there(now, wanted, 0.0) | (instead == 0.0)
        # The chain where it is cheap first, then the other for what is left.
        there = np.where(cheap, fits_there(now, wanted), 0.0)
        rest = _towards(held + there, centre, far, further) - (held + there)
        home = fits_at_home(now, rest)
        rest = _towards(held + home, centre, near, back) - (held + home)
        there = np.where(cheap, there, fits_there(now, rest))
        moved = inventory_move(now, self.threshold)
        trades = (home != 0.0) | (there != 0.0)
        total = np.where(trades, held + there + home, held)
        on_rollup = now["rollup_holdings"] + np.where(trades, there, moved)
        return np.stack([total, on_rollup], axis=1)

    def _band(
        self,
        now: Mapping[str, FloatArray],
        fixed: FloatArray,
        rate: FloatArray,
    ) -> tuple[FloatArray, FloatArray]:
        """Half-width at these costs, and where to trade back to, shape (n,) each."""
        aversion, spot = now["risk_aversion"], now["spot"]
        g = 2.0 * self.risk_multiplier * aversion
        half, inner = fixed_and_proportional_band(now["gamma"], spot, fixed, rate, g)
        risk = (now["implied_volatility"] * spot) ** 2 * time_left(now) * aversion
        worth = (fixed + (rate * spot) ** 2 / risk) / risk
        width = np.sqrt(half * half + self.chi * worth)
        return width, width * inner / np.maximum(half, 1e-300)


def _towards(
    held: FloatArray, centre: FloatArray, width: FloatArray, back: FloatArray
) -> FloatArray:
    """Holdings after a trade where they are outside the band, shape (n,) [-]."""
    error = held - centre
    goal = centre + np.sign(error) * back
    return np.where(np.abs(error) > width, goal, held)
