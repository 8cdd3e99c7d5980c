r"""Basis of the perpetual: log of its price over spot.

.. math:: F_t = S_t e^{m + b_t}

with mean :math:`m` and an Ornstein-Uhlenbeck factor :math:`b`, whose shocks may be
correlated with those of the funding premium. The book is marked on spot, the hedge on
:math:`F`, so that a basis that moves is tracking error.
"""

from __future__ import annotations

from math import sqrt
from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import BASIS_POINT, BasisConfig, MarketConfig
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.ornstein_uhlenbeck import (
    NO_FACTOR,
    OuParams,
    ou_params,
    ou_step,
)
from hedge_env.numerics.random_blocks import Shock, normal

STATES: Final[dict[str, str]] = {
    "basis": "log of the perpetual's price over spot, less its mean",
}
SHOCKS: Final[tuple[Shock, ...]] = (normal("z_basis", 6, 2, "basis"),)
USES: Final = ("z_premium",)  # shock of the funding premium


class BasisParams(NamedTuple):
    """Constants of the basis for one step length."""

    factor: OuParams  # [-]
    mean: float  # [-]
    correlation: float  # with the shock of the funding premium [-]
    rest: float  # sqrt(1 - correlation^2) [-]


OFF: Final = BasisParams(factor=NO_FACTOR, mean=0.0, correlation=0.0, rest=1.0)


def basis_params(config: BasisConfig | None, dt_hours: float) -> BasisParams:
    """Compile the basis for market steps of `dt_hours`."""
    if config is None:
        return OFF
    r = float(config.premium_correlation)
    return BasisParams(
        factor=ou_params(config.half_life_hours, config.sd_bp * BASIS_POINT, dt_hours),
        mean=config.mean_bp * BASIS_POINT,
        correlation=r,
        rest=sqrt(1.0 - r * r),
    )


@scalar_kernel
def basis_shock(z_premium: float, z: float, p: BasisParams) -> float:
    """Standard normal shock, correlated with that of the funding premium."""
    return p.correlation * z_premium + p.rest * z


@kernel
def advance_basis(
    basis: FloatArray, z_premium: FloatArray, z: FloatArray, p: BasisParams
) -> None:
    """Advance the factor (n,) by one market step."""
    for i in range(basis.shape[0]):
        basis[i] = ou_step(basis[i], basis_shock(z_premium[i], z[i], p), p.factor)


def compile(market: MarketConfig, length: StepLength) -> BasisParams:
    """See `market.process`."""
    return basis_params(market.basis, length.hours)


@scalar_kernel
def start(own: Rows, shocks: Rows, p: BasisParams) -> None:
    """Draw the factor from its stationary law."""
    shock = basis_shock(row(shocks, 1)[0], row(shocks, 0)[0], p)
    row(own, 0)[0] = p.factor.sd * shock


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: BasisParams) -> None:
    """See `advance_basis`."""
    advance_basis(row(own, 0), row(shocks, 1), row(shocks, 0), p)
