r"""What a no-trade band comes to along a path, and the slopes of it along that path.

With :math:`y_k` the holdings after decision k, and A the slope of what is minimised in
all that :math:`y_k` leads to,

.. math::
    A_k = \frac{\partial q_k}{\partial y_k} + C_k'(y_k - y_{k-1}) + B_{k+1}, \quad
    B_k = \begin{cases}
        A_k & y_k = y_{k-1} \\ -C_k'(y_k - y_{k-1}) & \text{else,}
    \end{cases}

q what is held over an interval, C a trade; :math:`A_k` is the slope in the target that
a trade goes to. An edge has none: moving it moves no trade but of paths that are on it.
What the difference over such a trade is, a path of all holdings knows: `band_slopes`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.agent.band_edges import (
    LOWER,
    LOWER_TARGET,
    SNAP,
    UPPER,
    UPPER_TARGET,
)
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.baselines.value.pathwise import (
    PathCosts,
    PathMoves,
    keep_cost,
    trade_cost,
)

LOSS, OBJECTIVE, LUCK = range(3)  # the sums of a path
N_SUMS = 3
_NOWHERE = -1  # what is held comes from no target that has a slope
_KEPT = -2


class BandTerms(NamedTuple):
    """Constants of what a band is followed through."""

    low: float  # bounds of holdings [-]
    high: float
    least: float  # smallest order [-]
    opening: float  # share of the cost that is charged
    liquidation: float
    width: float  # of a smooth step in the place of a fixed cost's; 0: none [-]
    growth: float  # of the price expected in an interval [-]
    has_luck: float  # 1 or 0: whether that is known


@scalar_kernel
def _decide(
    held: float, k: int, i: int, edges: FloatArray, p: BandTerms
) -> tuple[float, int]:
    """Holdings after a decision, and the row of edges that they are."""
    goal, source = held, _KEPT
    if held < edges[LOWER, k, i]:
        goal, source = edges[LOWER_TARGET, k, i], LOWER_TARGET
    if held > edges[UPPER, k, i]:
        goal, source = edges[UPPER_TARGET, k, i], UPPER_TARGET
    if goal < p.low or goal > p.high:
        goal, source = min(max(goal, p.low), p.high), _NOWHERE
    if goal != held and abs(goal) < edges[SNAP, k, i]:
        goal, source = 0.0, _NOWHERE
    if goal == held or abs(goal - held) < p.least:
        goal, source = held, _KEPT
    return goal, source


@scalar_kernel
def _marginal(traded: float, k: int, i: int, costs: PathCosts, width: float) -> float:
    """Slope of the cost of a trade in its units."""
    size = abs(traded)
    slope = costs.unit[k, i] + 2.0 * size * costs.linear[k, i]
    slope += 1.5 * np.sqrt(size) * costs.root[k, i]
    if width > 0.0:
        square = width * width
        rise = 2.0 * size * square / (size * size + square) ** 2
        slope += costs.fixed[k, i] * rise
    found: float = slope if traded > 0.0 else -slope
    return 0.0 if traded == 0.0 else found


@kernel
def follow_band(
    edges: FloatArray,
    costs: PathCosts,
    moves: PathMoves,
    price: FloatArray,
    p: BandTerms,
    held: FloatArray,
    source: IntArray,
    out: FloatArray,
) -> None:
    """Follow a band over paths, from nothing held.

    Args:
        edges: Rows of `agent/band_edges`, shape (5, decisions + 1, n).
        costs: Of the paths.
        moves: Of the paths.
        price: Of the hedge instrument, shape (decisions + 1, n) [S_0].
        p: Constants.
        held: Holdings after each decision, shape (decisions, n), written.
        source: Row of the edges that they are, or none; the same shape, written.
        out: Net loss, cost and risk, and what was gained beyond what is expected, shape
            (3, n), written [notional].
    """
    n_steps, n = held.shape
    for i in range(n):
        y, loss, objective, luck = 0.0, 0.0, 0.0, 0.0
        for k in range(n_steps):
            goal, source[k, i] = _decide(y, k, i, edges, p)
            paid = 0.0
            if goal != y:
                share = p.opening if k == 0 else 1.0
                paid = share * trade_cost(abs(goal - y), k, i, costs)
            y = goal
            held[k, i] = y
            move = moves.price[k, i]
            gain = y * (move - moves.funding[k, i]) + moves.book[k, i]
            loss += paid - gain
            objective += paid + keep_cost(y, k, i, costs)
            luck += p.has_luck * y * (move - p.growth * price[k, i])
        if y != 0.0:
            paid = p.liquidation * trade_cost(abs(y), n_steps, i, costs)
            loss += paid
            objective += paid
        out[LOSS, i], out[OBJECTIVE, i], out[LUCK, i] = loss, objective, luck


@kernel
def slopes_along(
    given: FloatArray,
    costs: PathCosts,
    moves: PathMoves,
    price: FloatArray,
    p: BandTerms,
    held: FloatArray,
    source: IntArray,
    out: FloatArray,
) -> None:
    """Write slopes in the edges.

    Args:
        given: Slopes in the three sums, shape (3, n).
        costs: Of the paths, as the following as for `follow_band`.
        moves: Of the paths.
        price: Of the hedge instrument.
        p: Constants.
        held: As found.
        source: As found.
        out: Shape (5, decisions + 1, n); zero, written where a target was traded to.
    """
    n_steps, n = held.shape
    for i in range(n):
        of_loss, of_objective = given[LOSS, i], given[OBJECTIVE, i]
        of_luck = given[LUCK, i]
        of_cost = of_loss + of_objective
        last = _marginal(held[n_steps - 1, i], n_steps, i, costs, p.width)
        later = p.liquidation * of_cost * last
        for k in range(n_steps - 1, -1, -1):
            y, move = held[k, i], moves.price[k, i]
            before = held[k - 1, i] if k > 0 else 0.0
            slope = later + of_loss * (moves.funding[k, i] - move)
            slope += of_objective * (2.0 * y * costs.square[k, i] + costs.product[k, i])
            slope += of_luck * p.has_luck * (move - p.growth * price[k, i])
            later = slope
            if source[k, i] != _KEPT:
                share = p.opening if k == 0 else 1.0
                more = of_cost * share * _marginal(y - before, k, i, costs, p.width)
                later = -more
                if source[k, i] != _NOWHERE:
                    out[source[k, i], k, i] = slope + more
