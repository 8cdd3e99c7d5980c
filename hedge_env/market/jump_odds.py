r"""How likely a jump of spot is in one market step, apart from what past jumps add.

.. math:: P_c = 1 - e^{-\lambda dt}, \quad P_s = 1 - e^{-\lambda m dt}, \quad
          \bar P = P_c + \pi (P_s - P_c)

in calm, under stress and in the long run, with the intensity :math:`\lambda` of calm,
the multiple :math:`m` of it under stress, and the share :math:`\pi` of time that is.
The jumps themselves, their cascades and the volatility that jumps with them read it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hedge_env.config import MarketConfig


class JumpOdds(NamedTuple):
    """Probabilities of a jump in one market step [-]."""

    calm: float
    stress: float
    mean: float  # of both in the long run


def jump_odds(market: MarketConfig, dt: float) -> JumpOdds:
    """Odds of a market for steps of `dt` years; zero without jumps."""
    if market.jumps is None:
        return JumpOdds(calm=0.0, stress=0.0, mean=0.0)
    per_year, regime = market.jumps.per_year, market.regime
    calm = step_probability(per_year, dt)
    if regime is None:
        return JumpOdds(calm=calm, stress=calm, mean=calm)
    stress = step_probability(per_year * regime.jumps, dt)
    return JumpOdds(calm, stress, mean=calm + regime.share * (stress - calm))


def step_probability(per_year: float, dt: float) -> float:
    """Probability of at least one Poisson arrival in `dt` years."""
    return float(1 - (-Decimal(per_year) * Decimal(dt)).exp())
