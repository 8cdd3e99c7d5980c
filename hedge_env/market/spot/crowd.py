r"""A crowd of hedgers of the same book, whose rebalancing feeds back into spot.

When spot makes a relative move :math:`r`, a hedger whose book has dollar gamma
:math:`\Gamma S^2` trades :math:`\Gamma S^2 r` with it if the book is short gamma,
and against it if long. If all of them move spot by :math:`\kappa` per notional that
each trades, a return becomes

.. math:: r' = r (1 + f), \quad f = \min(\max(\kappa \Gamma S^2, -c), c)

with a cap :math:`c < 1`. Gamma is that of the book at the last decision; it does not
depend on what is held here. The diffusion is amplified through its volatility and
the jumps with their compensator, so that spot keeps its drift.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import CrowdConfig, MarketConfig
from hedge_env.market.process import StepLength
from hedge_env.numerics.random_blocks import Shock

STATES: Final[dict[str, str]] = {
    "crowd": "relative amplification of returns by other hedgers",
}
SHOCKS: Final[tuple[Shock, ...]] = ()


class CrowdParams(NamedTuple):
    """Constants of the feedback."""

    size: float  # kappa [1/notional]
    cap: float  # c [-]


OFF: Final = CrowdParams(size=0.0, cap=0.0)


def crowd_params(config: CrowdConfig | None) -> CrowdParams:
    """Compile the feedback."""
    if config is None:
        return OFF
    return CrowdParams(size=float(config.size), cap=float(config.cap))


@scalar_kernel
def crowd_feedback(gamma: float, spot: float, p: CrowdParams) -> float:
    """Relative amplification f of returns; see the module.

    Args:
        gamma: Of the book, positive if it is short gamma [1/S_0].
        spot: Price of the underlying [S_0].
        p: Constants.
    """
    feedback = p.size * gamma * spot * spot
    feedback = p.cap if feedback > p.cap else feedback
    return -p.cap if feedback < -p.cap else feedback


@kernel
def amplify(values: FloatArray, feedback: FloatArray, out: FloatArray) -> None:
    """Write 1 + f times the values (n,): a volatility, or jumps."""
    for i in range(values.shape[0]):
        out[i] = (1.0 + feedback[i]) * values[i]


def compile(market: MarketConfig, length: StepLength) -> CrowdParams:
    """See `market.process`."""
    return crowd_params(market.crowd)
