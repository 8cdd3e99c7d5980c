r"""Splits an order over several venues, so that it costs least.

The problem: an order of value :math:`v` is cut into parts :math:`v_j \ge 0` that add up
to it, at the cost :math:`\sum_j k_j(v_j)` of the curves of `cost_curve`. For a given
set of venues the parts are those at which the last unit costs the same everywhere,

.. math:: k_j'(v_j) = \mu \text{ where } v_j > 0, \quad
   k_j'(0) \ge \mu \text{ elsewhere}, \quad \sum_j v_j = v

of which :math:`\mu` is found by Newton's method between bounds; of constant-product
pools alone it is the closed form of `pool_split`. Which venues are worth their fixed
cost :math:`G_j` is found by trying the sets of them, but for those whose bound

.. math:: \mu v - \sum_{j \in S} (\mu v_j - k_j(v_j)) + \sum_{j \in S} G_j

is no better than what is known, with :math:`\mu` and :math:`v_j` of the order that all
venues share without fixed cost: by duality no split over :math:`S` costs less. One
venue alone is the first try, so that a split never costs more than that.

Source: the conditions of Karush, Kuhn and Tucker; for pools Angeris, Chitra, Evans and
Boyd (2021), "Optimal routing for constant function market makers".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.venues.cost_curve import (
    FIXED,
    Curve,
    amount_at,
    flat_cost,
    marginal_cost,
    variable_cost,
)

_TOLERANCE: Final = 1e-8  # of the order, at which the last step is taken
_MOST_STEPS: Final = 80  # a bisection alone would be done by then


class Split(NamedTuple):
    """An order's parts.

    Attributes:
        parts: Value at each venue, shape (n_venues,) [notional].
        cost: Of all of them, fixed cost included [notional].
    """

    parts: FloatArray
    cost: float


def split_order(
    value: float, curves: Sequence[Curve], *, buys: bool = True, single: bool = False
) -> Split:
    """Cut an order into parts; see the module for the problem.

    Args:
        value: Of the order at the mid price, at least 0 [notional].
        curves: One for each venue.
        buys: Whether the underlying is bought, or sold.
        single: Take the best venue alone.

    Returns:
        The parts and their cost.

    Raises:
        ValueError: If the value is negative or no number, or there is no venue.
    """
    if not 0.0 <= value < np.inf:
        raise ValueError(f"value = {value} must be a number of at least 0")
    if not curves:
        raise ValueError("curves is empty: an order needs a venue")
    terms: FloatArray = np.ascontiguousarray(np.array(curves, dtype=np.float64).T)
    parts, trial = np.zeros(len(curves)), np.empty(len(curves))
    cost = cut_order(float(value), terms, buys, single, parts, trial)
    return Split(parts, float(cost))


@kernel
def cut_order(
    value: float,
    curves: FloatArray,
    buys: bool,
    single: bool,
    parts: FloatArray,
    trial: FloatArray,
) -> float:
    """Write an order's parts; see `split_order`.

    Args:
        value: At least 0 [notional].
        curves: Shape (N_TERMS, n_venues).
        buys: Whether the underlying is bought.
        single: Take the best venue alone.
        parts: Shape (n_venues,), written [notional].
        trial: Shape (n_venues,), overwritten.

    Returns:
        What the parts cost [notional].
    """
    parts[:] = 0.0
    if value == 0.0:
        return 0.0
    best, chosen = np.inf, 0
    for j in range(parts.size):
        cost = curves[FIXED, j] + variable_cost(curves, j, value, buys)
        if cost < best:
            best, chosen = cost, j
    parts[chosen] = value
    if single or parts.size == 1:
        return best
    return _try_sets(value, curves, buys, parts, trial, best)


@kernel
def cut_by_shares(value: float, parts: FloatArray) -> bool:
    """Turn shares into an order's parts, and say whether there were any.

    Args:
        value: Of the order [notional].
        parts: Shares, at least 0, in proportion to what goes where, and then the parts
            [notional], shape (n_venues,); zeros are none.
    """
    total = 0.0
    for j in range(parts.size):
        total += parts[j]
    if not total > 0.0:
        return False
    for j in range(parts.size):
        parts[j] = value * (parts[j] / total)
    return True


@kernel
def _try_sets(
    value: float,
    curves: FloatArray,
    buys: bool,
    parts: FloatArray,
    trial: FloatArray,
    best: float,
) -> float:
    """Improve on one venue alone by sets of venues; see the module."""
    n = parts.size
    everywhere = (1 << n) - 1
    level = _share(value, curves, buys, everywhere, trial)
    bound, gains = level * value, np.empty(n)  # of having a venue, fixed cost paid
    tried, likely, free = 0, 0, 0
    for j in range(n):
        variable = variable_cost(curves, j, trial[j], buys)
        gains[j] = level * trial[j] - variable - curves[FIXED, j]
        tried |= (1 << j) if trial[j] > 0.0 else 0
        likely |= (1 << j) if gains[j] > 0.0 else 0
        free |= (1 << j) if curves[FIXED, j] == 0.0 else 0
    best = _keep(curves, buys, parts, trial, best)
    first = likely | free
    if first and first & tried != tried:
        best = _try(value, curves, buys, first, parts, trial, best)
    for some in range(1, everywhere + 1):
        # Tried, or what costs nothing fixed left out, or a venue that takes nothing.
        if some & tried == tried or some & free != free or some == first:
            continue
        least = bound
        for j in range(n):
            if some >> j & 1:
                least -= gains[j]
        if least < best:
            best = _try(value, curves, buys, some, parts, trial, best)
    return best


@kernel
def _try(
    value: float,
    curves: FloatArray,
    buys: bool,
    some: int,
    parts: FloatArray,
    trial: FloatArray,
    best: float,
) -> float:
    """Share an order among a set of venues, and keep that if it costs less."""
    _share(value, curves, buys, some, trial)
    return _keep(curves, buys, parts, trial, best)


@kernel
def _keep(
    curves: FloatArray, buys: bool, parts: FloatArray, trial: FloatArray, best: float
) -> float:
    """Take over the parts of a trial if it costs less than `best`; return the less."""
    cost = 0.0
    for j in range(trial.size):
        if trial[j] > 0.0:
            cost += curves[FIXED, j] + variable_cost(curves, j, trial[j], buys)
    if cost < best:
        for j in range(trial.size):
            parts[j] = trial[j]
        return cost
    return best


@kernel
def _share(
    value: float, curves: FloatArray, buys: bool, some: int, trial: FloatArray
) -> float:
    """Write the parts at which the last unit costs the same; return what it costs.

    Args:
        value: Of the order, positive.
        curves: Shape (N_TERMS, n_venues).
        buys: Whether the underlying is bought.
        some: Bit j says whether venue j is one of the set.
        trial: Shape (n_venues,), written; adds up to `value`.
    """
    low, high, flat, filler = np.inf, np.inf, np.inf, -1
    for j in range(trial.size):
        if some >> j & 1:
            low = min(low, marginal_cost(curves, j, 0.0, buys))
            high = min(high, marginal_cost(curves, j, value, buys))
            if flat_cost(curves, j, buys) < flat:
                flat, filler = flat_cost(curves, j, buys), j
    if filler >= 0 and _amounts(curves, buys, some, flat)[0] > value:
        filler = -1  # dearer than what the others take all of it for
    high, level = min(high, flat), flat
    if filler < 0:
        level = _level(value, curves, buys, some, low, high)
    rest = value
    for j in range(trial.size):
        trial[j] = amount_at(curves, j, level, buys)[0] if some >> j & 1 else 0.0
        rest -= trial[j]
    if filler < 0:  # what rounding leaves
        filler = int(np.argmax(trial))
    trial[filler] += rest
    return level


@kernel
def _amounts(
    curves: FloatArray, buys: bool, some: int, marginal: float
) -> tuple[float, float]:
    """What a set of venues takes at a marginal cost, and its derivative."""
    total, slope = 0.0, 0.0
    for j in range(curves.shape[1]):
        if some >> j & 1:
            amount, change = amount_at(curves, j, marginal, buys)
            total += amount
            slope += change
    return total, slope


@kernel
def _level(
    value: float, curves: FloatArray, buys: bool, some: int, low: float, high: float
) -> float:
    """Marginal cost at which a set of venues takes `value`, between two bounds."""
    level = high
    for _ in range(_MOST_STEPS):
        taken, slope = _amounts(curves, buys, some, level)
        excess = taken - value
        is_near = abs(excess) <= _TOLERANCE * value
        if excess > 0.0:
            high = level
        else:
            low = level
        following = level - excess / slope if slope > 0.0 else low
        if low < following < high:
            level = following
        elif not is_near:
            level = 0.5 * (low + high)
        if is_near or not low < level < high:  # one step more squares what is missing
            break
    return level


@kernel
def order_cost(value: float, buys: bool, curves: FloatArray, single: bool) -> float:
    """What an order costs [notional]; see `cut_order`."""
    n = curves.shape[1]
    return cut_order(value, curves, buys, single, np.empty(n), np.empty(n))
