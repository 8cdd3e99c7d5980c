"""What to do at each holding, as a few intervals of holdings with one target each.

A policy on a grid of (decision, log spot, gas, holdings) has hundreds of millions of
targets, but along the holdings they are constant on a handful of intervals: buy up to
one point, do nothing, sell down to another. Only these are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray, IntArray

HOLD = 65535  # in place of a target: do not trade
Indices = NDArray[np.uint16]


@dataclass(frozen=True)
class TradeRegions:
    """Targets of every state, run-length encoded along the holdings.

    Attributes:
        shape: Decisions, log spots, gas states.
        first: Interval at which each state begins, in C order, and the number of all
            intervals; shape (product of `shape` + 1,).
        last: Index of the last holding of each interval, shape (n_intervals,).
        target: Index of the holding to trade to, or HOLD; shape (n_intervals,).
    """

    shape: tuple[int, int, int]
    first: IntArray
    last: Indices
    target: Indices

    def at(self, step: int, gas_state: int = 0) -> Indices:
        """Targets of one decision and gas state, shape (n_spots, n_holdings)."""
        _, n_spots, n_gas = self.shape
        rows = (step * n_spots + np.arange(n_spots)) * n_gas + gas_state
        found = []
        for i in rows:
            mine = slice(self.first[i], self.first[i + 1])
            ends: IntArray = self.last[mine].astype(np.int64)
            lengths = ends - np.concatenate([[-1], ends[:-1]])
            found.append(np.repeat(self.target[mine], lengths))
        return np.array(found)


class RegionWriter:
    """Collects the regions of a problem that is solved backwards.

    Args:
        shape: Decisions, log spots, gas states.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._shape = shape
        self._steps: list[tuple[IntArray, Indices, Indices]] = []

    def add(self, targets: Indices) -> None:
        """Take the targets of the decision before the last one added.

        Args:
            targets: Shape (n_spots, n_gas, n_holdings); HOLD for no trade.
        """
        flat = targets.reshape(-1, targets.shape[-1])
        counts = np.empty(flat.shape[0], dtype=np.int64)
        last, target = np.empty(flat.size, np.uint16), np.empty(flat.size, np.uint16)
        total = _encode(flat, counts, last, target)
        self._steps.append((counts, last[:total].copy(), target[:total].copy()))

    def regions(self) -> TradeRegions:
        """All that was added, first decision first."""
        counts, last, target = zip(*reversed(self._steps), strict=True)
        first = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
        return TradeRegions(
            self._shape, first, np.concatenate(last), np.concatenate(target)
        )


@kernel
def _encode(targets: Indices, counts: IntArray, last: Indices, target: Indices) -> int:
    """Run-length encode each row; returns the number of intervals of all."""
    total = 0
    n = targets.shape[1]
    for i in range(targets.shape[0]):
        begin = total
        for h in range(n):
            if h == n - 1 or targets[i, h + 1] != targets[i, h]:
                last[total] = h
                target[total] = targets[i, h]
                total += 1
        counts[i] = total - begin
    return total


@scalar_kernel
def _find(first: IntArray, last: Indices, target: Indices, row: int, h: int) -> int:
    """Target of a holding in a row."""
    k = first[row]
    while last[k] < h:
        k += 1
    return int(target[k])


@kernel
def look_up(
    first: IntArray,
    last: Indices,
    target: Indices,
    holdings: FloatArray,
    log_gas: FloatArray,
    first_log_moneyness: float,
    spacing: float,
    n_spots: int,
    log_moneyness: FloatArray,
    gas: FloatArray,
    held: FloatArray,
    step: IntArray,
    out: FloatArray,
) -> None:
    """Write the best targets off the grid, from the nodes on both sides in spot.

    Both nodes trade: the mean of their targets, weighted by nearness, unless one of
    them is zero. Else what the nearer node does. Gas is in the nearest state.

    Args:
        first: See `TradeRegions`.
        last: See `TradeRegions`.
        target: See `TradeRegions`.
        holdings: Grid of holdings, shape (n_holdings,) [-].
        log_gas: Of each state at each decision, rising, shape (decisions, n_gas).
        first_log_moneyness: Of the grid of log spot over the mean strike.
        spacing: Of that grid.
        n_spots: Points of that grid.
        log_moneyness: Shape (n,).
        gas: Log gas, shape (n,).
        held: Holdings, shape (n,) [-].
        step: Decision, shape (n,).
        out: Shape (n,), written.
    """
    decisions, n_gas = log_gas.shape
    n_holdings = holdings.shape[0]
    width = (holdings[-1] - holdings[0]) / (n_holdings - 1)
    for i in range(out.shape[0]):
        place = (log_moneyness[i] - first_log_moneyness) / spacing
        place = min(max(place, 0.0), n_spots - 1.000001)
        j = int(place)
        share = place - j
        h = int((held[i] - holdings[0]) / width + 0.5)
        h = min(max(h, 0), n_holdings - 1)
        k = min(step[i], decisions - 1)
        g = 0
        while g < n_gas - 1 and 2.0 * gas[i] > log_gas[k, g] + log_gas[k, g + 1]:
            g += 1
        row = (k * n_spots + j) * n_gas + g
        lower = _find(first, last, target, row, h)
        upper = _find(first, last, target, row + n_gas, h)
        near = lower if share < 0.5 else upper
        if near == HOLD:
            out[i] = held[i]
            continue
        goal = holdings[near]
        if lower != HOLD and upper != HOLD:
            a, b = holdings[lower], holdings[upper]
            if a != 0.0 and b != 0.0:
                goal = (1.0 - share) * a + share * b
        out[i] = goal
