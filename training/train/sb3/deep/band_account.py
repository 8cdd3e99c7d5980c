r"""The account of a band, and back through it, in two passes over each path.

The same sums as `account.Account` in mode `band_edges` where no network has to be asked
between two decisions: a hundred times as fast as one tensor operation after the other.
With :math:`y_k` the holdings after decision k, and A the slope of what is minimised in
all that :math:`y_k` leads to,

.. math::
    A_k = \frac{\partial q_k}{\partial y_k} + C_k'(y_k - y_{k-1}) + B_{k+1}, \quad
    B_k = \begin{cases}
        A_k & y_k = y_{k-1} \\ -C_k'(y_k - y_{k-1}) & \text{else,}
    \end{cases}

q what is held over an interval, C a trade; :math:`A_k` is the slope in the target that
a trade goes to. An edge has none: moving it moves no trade but of paths that are on it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

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
from hedge_env.training.train.sb3.deep.account import AccountTerms
from hedge_env.training.train.sb3.market_walk import Walk

_NOWHERE = -1  # what is held comes from no target that has a slope
_KEPT = -2


class BandTerms(NamedTuple):
    """Constants of a band's account."""

    low: float  # bounds of holdings [-]
    high: float
    least: float  # smallest order [-]
    opening: float  # share of the cost that is charged
    liquidation: float
    width: float  # of `account.FixedCost` [-]
    growth: float  # of the price expected in an interval [-]
    has_luck: float  # 1 or 0: whether that is known


class BandAccount(torch.autograd.Function):
    """Net loss, objective and luck of a band, shape (3, n) [notional]."""

    @staticmethod
    def forward(
        ctx: Any, edges: Tensor, walk: Walk, price: FloatArray, p: BandTerms
    ) -> Tensor:
        """Of edges (5, decisions + 1, n) and price (decisions + 1, n)."""
        given = np.ascontiguousarray(edges.detach().numpy())
        n_steps, n = given.shape[1] - 1, given.shape[2]
        held, source = np.empty((n_steps, n)), np.empty((n_steps, n), dtype=np.int64)
        found = np.zeros((3, n))
        _forward(given, walk.costs, walk.moves, price, p, held, source, found)
        ctx.seen = walk, price, p, held, source
        return torch.from_numpy(found)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None, None, None]:
        """Slopes in the edges."""
        walk, price, p, held, source = ctx.seen
        found = np.zeros((5, held.shape[0] + 1, held.shape[1]))
        given = np.ascontiguousarray(slopes[0].numpy())
        _back(given, walk.costs, walk.moves, price, p, held, source, found)
        return torch.from_numpy(found), None, None, None


def band_terms(terms: AccountTerms) -> BandTerms:
    """Those of an account."""
    growth = terms.growth
    return BandTerms(
        low=terms.orders.low,
        high=terms.orders.high,
        least=terms.orders.least,
        opening=terms.opening,
        liquidation=terms.liquidation,
        width=terms.fixed_cost_width,
        growth=0.0 if growth is None else growth,
        has_luck=0.0 if growth is None else 1.0,
    )


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
def _forward(
    edges: FloatArray,
    costs: PathCosts,
    moves: PathMoves,
    price: FloatArray,
    p: BandTerms,
    held: FloatArray,
    source: IntArray,
    out: FloatArray,
) -> None:
    """Fill holdings after each decision, where they come from, and the sums."""
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
        out[0, i], out[1, i], out[2, i] = loss, objective, luck


@kernel
def _back(
    given: FloatArray,
    costs: PathCosts,
    moves: PathMoves,
    price: FloatArray,
    p: BandTerms,
    held: FloatArray,
    source: IntArray,
    out: FloatArray,
) -> None:
    """Fill slopes in the edges from those in the three sums, shape (3, n)."""
    n_steps, n = held.shape
    for i in range(n):
        of_loss, of_objective, of_luck = given[0, i], given[1, i], given[2, i]
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
