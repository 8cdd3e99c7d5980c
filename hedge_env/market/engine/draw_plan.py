"""How many draws of a next state are taken of each kind; `inner_draws` takes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.market.engine.processes import MarketParams

_MOST_CHANCE = 0.5  # of a candidate in one market step


class DrawPlan(NamedTuple):
    """How many draws of which kind; see `inner_draws`."""

    still: int
    jumps: int
    regime: int
    jump_chance: float  # p, of a candidate in one market step [-]
    regime_chance: float  # r [-]
    nodes: FloatArray  # of the sum of shocks, shape (still,); empty: stratified
    node_weights: FloatArray  # sum 1


def draw_plan(
    p: MarketParams, still: int = 8, jumps: int = 8, regime: int = 4
) -> DrawPlan:
    """Stratified draws of a market; what it lacks gets no draws of its own.

    Args:
        p: Constants of the market.
        still: Draws in which nothing rare happens, at least 1.
        jumps: Draws with a candidate for a jump; not a multiple of 3.
        regime: Draws with one for a change of regime.
    """
    jump_chance = regime_chance = 0.0
    if p.parts.jumps:
        c = p.cascades
        jump_chance = max(p.jumps.probability, c.calm, c.stress, c.mean)
    if p.parts.regime:
        regime_chance = max(p.regime.to_stress, p.regime.to_calm)
    nothing: FloatArray = np.empty(0)
    return DrawPlan(
        still,
        jumps if jump_chance > 0.0 else 0,
        regime if regime_chance > 0.0 else 0,
        float(min(jump_chance, _MOST_CHANCE)),
        float(min(regime_chance, _MOST_CHANCE)),
        nothing,
        nothing,
    )


def node_plan(nodes: int) -> DrawPlan:
    """Gauss-Hermite nodes of the spot shock, exact where nothing else is random.

    Args:
        nodes: Their number.
    """
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    return DrawPlan(nodes, 0, 0, 0.0, 0.0, x, w / w.sum())
