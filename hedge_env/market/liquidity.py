r"""How spread and depth worsen with volatility.

.. math:: m_t = (\sigma_t / \sigma_{ref})^{k}

multiplies the half-spread and the impact coefficients; `k = 0` switches it off.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hedge_env.base.kernel import scalar_kernel
from hedge_env.config import LiquidityConfig
from hedge_env.numerics.special import exp, log


class LiquidityParams(NamedTuple):
    """Constants of the liquidity multiplier."""

    exponent: float  # k [-]
    log_reference: float  # of the reference volatility [log 1/sqrt(year)]


def liquidity_params(config: LiquidityConfig) -> LiquidityParams:
    """Compile the liquidity multiplier."""
    return LiquidityParams(
        exponent=float(config.exponent),
        log_reference=float(Decimal(config.reference_volatility).ln()),
    )


@scalar_kernel
def liquidity_multiplier(volatility: float, p: LiquidityParams) -> float:
    """Multiplier of half-spread and impact at a volatility; see the module."""
    if p.exponent == 0.0:
        return 1.0
    return exp(p.exponent * (log(volatility) - p.log_reference))
