"""A delta threshold that is drawn anew after every trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.bands.delta_threshold import is_outside
from hedge_env.baselines.rule.centre import CentredRule
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.rule.rule import trade_where
from hedge_env.numerics.philox import fill_uniforms

_KEY_1 = np.uint32(0x7468_7273)  # second word of the key; the first is the seed
_SIGN_BIT = np.int64(0x7FFF_FFFF_FFFF_FFFF)


def uniform_of(values: FloatArray, seed: int) -> FloatArray:
    """A number in (0, 1) for each value: the Philox function of its bits.

    Args:
        values: Finite, shape (n,); a value and its negative have the same number.
        seed: From 0 to 2^32 - 1.

    Returns:
        Shape (n,) [-]; equal where the values are, as if independent elsewhere.
    """
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.int64) & _SIGN_BIT
    drawn: FloatArray = np.empty((4, bits.size))
    counters = np.zeros(bits.size, dtype=np.int64)
    fill_uniforms(drawn, bits, counters, 0, np.uint32(seed), _KEY_1)
    uniform: FloatArray = drawn[0]
    return uniform


@dataclass(frozen=True)
class RandomThreshold(CentredRule):
    r"""Trade to delta when holdings differ from it by more than a random threshold.

    .. math:: h = \theta e^{s (2 U - 1)}

    with a uniform number :math:`U` that stays the same until the next trade: it is a
    function of the present holdings, which differ between paths and change with every
    trade. Whoever knows only the rule cannot tell when it will trade next; the same
    path always gives the same trades. The spread is not tuned, since randomness is
    bought for secrecy: the best spread is nearly none.
    """

    name: ClassVar[str] = "random-threshold"
    inputs: ClassVar[tuple[str, ...]] = ("delta", "holdings")
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "threshold": ParameterRange(0.005, 1.0, "log")
    }

    threshold: float = 0.1  # theta, median [-], holdings per contract
    spread: float = 0.3  # s [-]; 0 is the fixed threshold
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 <= self.spread < np.inf:
            raise ValueError(f"spread = {self.spread} must be at least 0 and finite")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"seed = {self.seed} must be in [0, 2^32)")

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """The centre where it is too far away, shape (n, 1) [-]."""
        centre, holdings = self.centre(observables), observables["holdings"]
        drawn = uniform_of(holdings, self.seed)
        half_width = self.threshold * np.exp(self.spread * (2.0 * drawn - 1.0))
        outside = is_outside(centre, holdings, half_width)
        return trade_where(outside, centre, holdings)
