r"""State of the implied surface: stochastic level, skew and curvature.

Three Ornstein-Uhlenbeck factors drive the SSVI surface of `pricing/ssvi.py`:
the log of implied over fair volatility :math:`l`, the argument of
:math:`\rho = r \tanh((\bar\rho + x) / r)` with :math:`r = 0.95`, and the log of
the wing parameter :math:`\eta = \min(\bar\eta e^{y}, \eta_{max})`. Level and skew have
their own correlation with returns; the skew may have either sign, as in crypto.

The variance that is quoted at the money follows the fair one, :math:`V`, to a power,

.. math:: \theta / \tau = c\, e^{2 l}\, \bar V (V / \bar V)^\beta

with the premium :math:`c`, the reaction :math:`\beta` and the variance of the long run
:math:`\bar V`, see `react`. With a reaction of one, the default, it is
:math:`c e^{2 l} V`; below one implied volatility answers less to a change of
volatility than the mean reversion of the market itself lets it, above one more. Options
do both: Poteshman (2001), "Underreaction, overreaction, and increasing misreaction to
information in the options market", Journal of Finance 56(3).

A surface that `sees` the depth of stress, and not the regime, expects what it would if
stress were as likely as variance is far on its way: the state of the chain is replaced
by the depth wherever options are priced. Implied volatility then rises and falls with
volatility, and does not jump when the chain does, which no trader could see.
"""

from __future__ import annotations

from math import sqrt
from typing import Final, NamedTuple

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.config import FlatSurface, MarketConfig, SsviSurface, SurfaceConfig
from hedge_env.market.process import Rows, Step, StepLength, row
from hedge_env.numerics.ornstein_uhlenbeck import (
    NO_FACTOR,
    OuParams,
    ou_params,
    ou_step,
)
from hedge_env.numerics.random_blocks import Shock, normal
from hedge_env.numerics.special import exp, log

STATES: Final[dict[str, str]] = {
    "level": "log of implied over fair volatility",
    "skew": "factor of SSVI's correlation",
    "curvature": "factor of SSVI's wing parameter",
}
SHOCKS: Final[tuple[Shock, ...]] = (
    normal("z_level", 0, 3),
    normal("z_skew", 1, 0, "surface"),
    normal("z_curvature", 1, 1, "surface"),
)
_LEVEL, _SKEW, _CURVATURE = range(3)  # of STATES, and of SHOCKS


class SurfaceParams(NamedTuple):
    """Constants of the surface's factors for one step length."""

    flat_volatility: float  # [1/sqrt(year)]; 0: SSVI
    variance_premium: float  # implied over expected variance [-]
    reaction: float  # beta, of what is quoted to what is expected [-]
    sees_depth: bool  # instead of the regime
    level: OuParams
    level_correlation: float  # with returns [-]
    level_rest: float
    skew: OuParams
    skew_mean: float  # of rho, to first order [-]
    skew_correlation: float  # with returns [-]
    skew_rest: float
    curvature: OuParams
    curvature_mean: float  # eta at a zero factor [-]


OFF: Final = SurfaceParams(
    flat_volatility=0.0,
    variance_premium=1.0,
    reaction=1.0,
    sees_depth=False,
    level=NO_FACTOR,
    level_correlation=0.0,
    level_rest=1.0,
    skew=NO_FACTOR,
    skew_mean=0.0,
    skew_correlation=0.0,
    skew_rest=1.0,
    curvature=NO_FACTOR,
    curvature_mean=1.0,
)


def surface_params(
    config: SurfaceConfig,
    level_volatility: float,
    dt_days: float,
) -> SurfaceParams:
    """Compile the surface for market steps of `dt_days`.

    Args:
        config: Surface model.
        level_volatility: What a flat surface without a volatility of its own
            quotes [1/sqrt(year)].
        dt_days: Length of a market step [day].
    """
    if not isinstance(config, SsviSurface):
        volatility = config.volatility if isinstance(config, FlatSurface) else None
        flat = level_volatility if volatility is None else volatility
        return OFF._replace(flat_volatility=float(flat))
    level, skew, curvature = config.level, config.skew, config.curvature
    return SurfaceParams(
        flat_volatility=0.0,
        variance_premium=float(config.variance_premium),
        reaction=float(config.reaction),
        sees_depth=config.sees == "depth",
        level=ou_params(level.half_life_days, level.sd, dt_days),
        level_correlation=float(level.return_correlation),
        level_rest=sqrt(1.0 - level.return_correlation**2),
        skew=ou_params(skew.half_life_days, skew.sd, dt_days),
        skew_mean=float(skew.mean),
        skew_correlation=float(skew.return_correlation),
        skew_rest=sqrt(1.0 - skew.return_correlation**2),
        curvature=ou_params(curvature.half_life_days, curvature.sd, dt_days),
        curvature_mean=float(curvature.mean),
    )


@kernel
def advance_surface(
    level: FloatArray,
    skew: FloatArray,
    curvature: FloatArray,
    z_spot: FloatArray,
    z_level: FloatArray,
    z_skew: FloatArray,
    z_curvature: FloatArray,
    p: SurfaceParams,
) -> None:
    """Advance the three factors (n,) by one market step."""
    for i in range(level.shape[0]):
        shock = p.level_correlation * z_spot[i] + p.level_rest * z_level[i]
        level[i] = ou_step(level[i], shock, p.level)
        shock = p.skew_correlation * z_spot[i] + p.skew_rest * z_skew[i]
        skew[i] = ou_step(skew[i], shock, p.skew)
        curvature[i] = ou_step(curvature[i], z_curvature[i], p.curvature)


@kernel
def react(variance: FloatArray, usual: float, p: SurfaceParams) -> None:
    """Turn fair variances (n,) into what the surface makes of them [1/year].

    Without the premium and the level, which the caller multiplies them by.

    Args:
        variance: Updated in place.
        usual: Variance of the long run, jumps included [1/year].
        p: Constants.
    """
    if p.reaction == 1.0 or usual == 0.0:  # or where spot stands still
        return
    for i in range(variance.shape[0]):
        distance = log(variance[i] / usual)
        variance[i] = usual * exp(p.reaction * distance)


def compile(market: MarketConfig, length: StepLength) -> SurfaceParams:
    """See `market.process`."""
    return surface_params(market.surface, market.volatility.level, length.days)


@scalar_kernel
def start(own: Rows, shocks: Rows, p: SurfaceParams) -> None:
    """Draw the factors from their stationary law."""
    row(own, _LEVEL)[0] = p.level.sd * row(shocks, _LEVEL)[0]
    row(own, _SKEW)[0] = p.skew.sd * row(shocks, _SKEW)[0]
    row(own, _CURVATURE)[0] = p.curvature.sd * row(shocks, _CURVATURE)[0]


@scalar_kernel
def advance(own: Rows, shocks: Rows, step: Step, p: SurfaceParams) -> None:
    """See `advance_surface`."""
    advance_surface(
        row(own, _LEVEL),
        row(own, _SKEW),
        row(own, _CURVATURE),
        step.z_spot,
        row(shocks, _LEVEL),
        row(shocks, _SKEW),
        row(shocks, _CURVATURE),
        p,
    )
