"""Rules that are a no-trade region around a centre, which holdings do not move.

Such a rule says where its band is, given the market alone. Whether to trade and where
to is then the same for all of them, so that whole episodes of many sets of parameters
can be run by one compiled function (`rollout`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.baselines.rule.centre import CentredRule


class Band(NamedTuple):
    """Where holdings are left alone, and where they are traded to otherwise.

    Each is a number or of shape (n,) [-]. Holdings outside [low, high] are traded to
    the nearest point of [inner_low, inner_high], which may be a single one, or to none
    if that is closer to 0 than `snap`.
    """

    low: FloatArray | float
    high: FloatArray | float
    inner_low: FloatArray | float
    inner_high: FloatArray | float
    snap: float = 0.0


def band_around(
    centre: FloatArray,
    half_width: FloatArray | float,
    *,
    inner: FloatArray | float = 0.0,
    snap: float = 0.0,
) -> Band:
    """Band of equal width on both sides.

    Args:
        centre: Shape (n,) [-].
        half_width: Negative where any holdings trade, infinite where none do [-].
        inner: Distance from the centre to trade back to; 0 is exactly to it [-].
        snap: New holdings closer to 0 than this become 0 [-].
    """
    return Band(
        low=centre - half_width,
        high=centre + half_width,
        inner_low=centre - inner,
        inner_high=centre + inner,
        snap=snap,
    )


def half_width_when_due(
    due: BoolArray, half_width: FloatArray | float = np.inf
) -> FloatArray:
    """Half-width that trades whatever is held where `due`, shape (n,) [-].

    Args:
        due: Whether a trade is due, shape (n,).
        half_width: Half-width where none is [-].
    """
    return np.where(due, -1.0, half_width)


class BandRule(CentredRule):
    """A rule whose decisions follow from a band that does not depend on holdings.

    The band stands around the `centre`, which tuning may move away from delta.
    """

    @abstractmethod
    def band(self, observables: Mapping[str, FloatArray]) -> Band:
        """Band of each path.

        Args:
            observables: As of `target`, but without those of the position. A rule
                without memory may be given any decisions of any paths together.
        """

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Nearest point of the inner band for holdings outside, shape (n, 1) [-]."""
        holdings = observables["holdings"]
        band = self.band(observables)
        edges = np.empty((4, holdings.size))
        for edge, values in zip(edges, band[:4], strict=True):
            edge[:] = values
        out = np.empty((holdings.size, 1))
        _fill_targets(np.ascontiguousarray(holdings), edges, band.snap, out[:, 0])
        return out


@scalar_kernel
def banded_target(
    held: float,
    low: float,
    high: float,
    inner_low: float,
    inner_high: float,
    snap: float,
) -> float:
    """Holdings after the decision; exactly `held` inside the band. See `Band`."""
    goal = inner_low if held < inner_low else held
    goal = inner_high if goal > inner_high else goal
    goal = 0.0 if abs(goal) < snap else goal
    is_outside = (held < low) | (held > high)
    return goal if is_outside else held


@kernel
def _fill_targets(
    held: FloatArray, edges: FloatArray, snap: float, out: FloatArray
) -> None:
    low, high, inner_low, inner_high = edges[0], edges[1], edges[2], edges[3]
    for i in range(held.shape[0]):
        out[i] = banded_target(
            held[i], low[i], high[i], inner_low[i], inner_high[i], snap
        )
