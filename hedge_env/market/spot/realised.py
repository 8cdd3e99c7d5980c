"""Variance as a hedger sees it: a weighted mean of past squared returns.

It starts at the truth (`engine.start`), since a hedger has watched the market before.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.market.process import Rows, Step, row
from hedge_env.numerics.random_blocks import Shock

STATES: Final[dict[str, str]] = {
    "realised_variance": "exponentially weighted squared returns [1/year]",
}
SHOCKS: Final[tuple[Shock, ...]] = ()


class RealisedParams(NamedTuple):
    """Constants of the estimate for one step length."""

    decay: float  # what is left of its past after a market step [-]


@kernel
def estimate_variance(
    realised: FloatArray, log_return: FloatArray, dt: float, p: RealisedParams
) -> None:
    """Exponentially weighted mean of squared returns per year."""
    gain = (1.0 - p.decay) / dt
    for i in range(realised.shape[0]):
        realised[i] = p.decay * realised[i] + gain * log_return[i] * log_return[i]


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: RealisedParams) -> None:
    """See `estimate_variance`."""
    estimate_variance(row(own, 0), step.log_return, step.dt, p)
