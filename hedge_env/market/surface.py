r"""State of the implied surface: stochastic level, skew and curvature.

Three Ornstein-Uhlenbeck factors drive the SSVI surface of `pricing/ssvi.py`:
the log of implied over fair volatility :math:`l`, the argument of
:math:`\rho = r \tanh((\bar\rho + x) / r)` with :math:`r = 0.95`, and the log of
the wing parameter :math:`\eta = \min(\bar\eta e^{y}, \eta_{max})`. Level and skew have
their own correlation with returns; the skew may have either sign, as in crypto.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from hedge_env._types import FloatArray
from hedge_env.config import FlatSurface, SsviSurface, SurfaceConfig
from hedge_env.kernel import kernel
from hedge_env.numerics.ornstein_uhlenbeck import OuParams, ou_params, ou_step


class SurfaceParams(NamedTuple):
    """Constants of the surface's factors for one step length."""

    flat_volatility: float  # [1/sqrt(year)]; 0: SSVI
    variance_premium: float  # implied over expected variance [-]
    level: OuParams
    level_correlation: float  # with returns [-]
    level_rest: float
    skew: OuParams
    skew_mean: float  # of rho, to first order [-]
    skew_correlation: float  # with returns [-]
    skew_rest: float
    curvature: OuParams
    curvature_mean: float  # eta at a zero factor [-]


def surface_params(
    config: SurfaceConfig, level_volatility: float, dt_days: float
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
        off = OuParams(0.0, 0.0, 0.0)
        return SurfaceParams(
            float(flat), 1.0, off, 0.0, 1.0, off, 0.0, 0.0, 1.0, off, 1.0
        )
    level, skew, curvature = config.level, config.skew, config.curvature
    return SurfaceParams(
        0.0,
        float(config.variance_premium),
        ou_params(level.half_life_days, level.sd, dt_days),
        float(level.return_correlation),
        sqrt(1.0 - level.return_correlation**2),
        ou_params(skew.half_life_days, skew.sd, dt_days),
        float(skew.mean),
        float(skew.return_correlation),
        sqrt(1.0 - skew.return_correlation**2),
        ou_params(curvature.half_life_days, curvature.sd, dt_days),
        float(curvature.mean),
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
