"""One step of the dynamic programme: best trades, given what keeping is worth."""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.baselines.optimum.trade_regions import HOLD, Indices

_BLOCK = 64  # rows of a matrix product: a few times the width of the weights


def expect(value: FloatArray, weights: FloatArray) -> FloatArray:
    """Expected value after a move on the grid of log spot.

    A product with blocks of the banded matrix of weights, which is several times as
    fast as a loop over the weights. Beyond the ends of the grid the value is that of
    its end.

    Args:
        value: Shape (n_spots, ...).
        weights: Of the moves -m..m, shape (2 m + 1,).

    Returns:
        Shape of `value`.
    """
    n_spots, reach = value.shape[0], weights.size // 2
    flat = value.reshape(n_spots, -1)
    ends = [(reach, reach + _BLOCK), (0, 0)]
    padded = np.pad(flat, ends, mode="edge")
    band = np.zeros((_BLOCK, _BLOCK + 2 * reach))
    for i in range(_BLOCK):
        band[i, i : i + weights.size] = weights
    out = np.empty_like(flat)
    for low in range(0, n_spots, _BLOCK):
        rows = min(_BLOCK, n_spots - low)
        out[low : low + rows] = (band @ padded[low : low + band.shape[1]])[:rows]
    return out.reshape(value.shape)


@kernel
def step_moments(
    spot: FloatArray, book: FloatArray, next_book: FloatArray, weights: FloatArray
) -> FloatArray:
    """Second moments of the changes of spot and book over one step.

    Args:
        spot: Grid of spot, shape (n_spots,) [S_0].
        book: Value of the book now, shape (n_spots,) [notional].
        next_book: The same at the next decision.
        weights: Of the moves -m..m on the grid of log spot, shape (2 m + 1,).

    Returns:
        Of spot, of spot with book, of book; shape (3, n_spots).
    """
    n_spots, reach = spot.shape[0], weights.shape[0] // 2
    moments = np.zeros((3, n_spots))
    for i in range(n_spots):
        for k in range(weights.shape[0]):
            j = min(max(i + k - reach, 0), n_spots - 1)
            move, change = spot[j] - spot[i], next_book[j] - book[i]
            moments[0, i] += weights[k] * move * move
            moments[1, i] += weights[k] * move * change
            moments[2, i] += weights[k] * change * change
    return moments


@kernel
def trade_best(
    value: FloatArray,
    moments: FloatArray,
    unit_cost: FloatArray,
    fixed: FloatArray,
    limited: FloatArray,
    fee_limit: float,
    holdings: FloatArray,
    risk_aversion: float,
    target: Indices,
) -> None:
    """Add the risk of a step to the expected value, and allow a trade before it.

    Args:
        value: Expected value at the next decision of keeping each holding, shape
            (n_spots, n_gas, n_holdings); becomes the value at this one [notional].
        moments: From `step_moments`, shape (3, n_spots).
        unit_cost: Proportional cost of a unit of holdings, shape (n_spots,).
        fixed: Fixed cost of a trade, shape (n_gas, n_spots) [notional].
        limited: Part of `unit_cost` that is a fee with a limit, shape (n_spots,).
        fee_limit: Most that this part is in a trade, or infinite [notional].
        holdings: Grid of holdings, shape (n_holdings,) [-].
        risk_aversion: lambda [1/notional].
        target: Shape of `value`, written.
    """
    keep, spare = np.empty(holdings.shape[0]), np.empty(holdings.shape[0])
    spare_target = np.empty(holdings.shape[0], dtype=np.uint16)
    for i in range(value.shape[0]):
        square, cross, rest = moments[0, i], moments[1, i], moments[2, i]
        for g in range(value.shape[1]):
            for h in range(holdings.shape[0]):
                y = holdings[h]
                risk = y * y * square + 2.0 * y * cross + rest
                keep[h] = value[i, g, h] + risk_aversion * risk
            best_trades(
                keep, holdings, unit_cost[i], fixed[g, i], value[i, g], target[i, g]
            )
            if fee_limit < np.inf:
                best_trades(
                    keep,
                    holdings,
                    unit_cost[i] - limited[i],
                    fixed[g, i] + fee_limit,
                    spare,
                    spare_target,
                )
                take_better(value[i, g], target[i, g], spare, spare_target)


@kernel
def take_better(
    value: FloatArray, target: Indices, spare: FloatArray, spare_target: Indices
) -> None:
    """Keep the better of the best trades at two prices, each of shape (n_holdings,).

    A fee with a limit is the lesser of a rate and a fixed cost: the best trade is the
    better of those that are best at either.
    """
    for h in range(value.shape[0]):
        if spare[h] < value[h]:
            value[h] = spare[h]
            target[h] = spare_target[h]


@kernel
def best_trades(
    keep: FloatArray,
    holdings: FloatArray,
    unit_cost: float,
    fixed: float,
    value: FloatArray,
    target: Indices,
) -> None:
    """Compare keeping each holding with the best trade from it.

    Args:
        keep: What keeping each holding is worth, shape (n_holdings,) [notional].
        holdings: Their grid, rising, shape (n_holdings,) [-].
        unit_cost: Proportional cost of a unit of holdings [notional].
        fixed: Fixed cost of a trade [notional].
        value: Worth of having each holding before the trade, shape (n_holdings,),
            written; not the same array as `keep`.
        target: Index of the holding to trade to, or HOLD; shape (n_holdings,), written.
    """
    n = keep.shape[0]
    best = 0
    for h in range(n):  # best holding to sell down to
        if keep[h] - unit_cost * holdings[h] < keep[best] - unit_cost * holdings[best]:
            best = h
        gain = unit_cost * (holdings[h] - holdings[best])
        value[h] = keep[best] + gain + fixed
        target[h] = best
    best = n - 1
    for h in range(n - 1, -1, -1):  # best holding to buy up to
        if keep[h] + unit_cost * holdings[h] < keep[best] + unit_cost * holdings[best]:
            best = h
        trade = keep[best] + unit_cost * (holdings[best] - holdings[h]) + fixed
        if trade < value[h]:
            value[h] = trade
            target[h] = best
        if keep[h] <= value[h]:
            value[h] = keep[h]
            target[h] = HOLD
