"""Kernels of the action modes `band` and `band_free`; formulas: `actions`."""

from __future__ import annotations

from typing import NamedTuple

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.desk.band_position import worth_of
from hedge_env.numerics.special import exp, log

_LOG_NARROWEST = -4.605170185988091  # ln 0.01
_LOG_WIDEST = -0.5108256237659907  # ln 0.6
_SNAP = 0.078  # of the largest holdings, at F = 2 bp and lambda = 10
_SNAP_COST_EXPONENT = 0.37
_SNAP_AVERSION_EXPONENT = -0.36
_LOG_TWO_BP = -8.517193191416238  # ln 2e-4
_LOG_TEN = 2.302585092994046


class DecoderParams(NamedTuple):
    """Constants of action decoding."""

    offset_range: float  # [half-widths]
    log_width_range: float  # [-]
    snap: float  # 1 or 0
    worth_it: float  # 1 or 0
    low: float  # bounds of holdings [-]
    high: float
    size: float  # largest holdings [-]


@scalar_kernel
def snap_distance(log_aversion: float, mean_fixed_cost: float, size: float) -> float:
    """Distance from zero below which holdings go to zero."""
    cost = log(mean_fixed_cost + 1e-300) - _LOG_TWO_BP
    aversion = log_aversion - _LOG_TEN
    share = _SNAP_COST_EXPONENT * cost + _SNAP_AVERSION_EXPONENT * aversion
    return _SNAP * size * exp(share)


@kernel
def decode_band(
    rows: FloatArray,
    base: FloatArray,
    action: FloatArray,
    target: FloatArray,
    p: DecoderParams,
) -> None:
    """Write the targets (n,) of actions (3, n) in mode `band` around `base` (n,)."""
    delta, held = rows[field.DELTA], rows[field.HOLDINGS]
    half_width, inner = rows[field.BAND_HALF_WIDTH], rows[field.BAND_INNER]
    worth, mean_fixed = rows[field.WORTH], rows[field.MEAN_FIXED_COST]
    log_aversion, fixed = rows[field.LOG_RISK_AVERSION], rows[field.FIXED_COST]
    aversion, volatility = rows[field.RISK_AVERSION], rows[field.IMPLIED_VOLATILITY]
    left, spot = rows[field.TIME_TO_MATURITY], rows[field.SPOT]
    for i in range(target.shape[0]):
        u, h = half_width[i], held[i]
        share = inner[i] / (u + 1e-300)
        centre = base[i] + p.offset_range * action[0, i] * u
        below = u * exp(p.log_width_range * action[1, i])
        above = u * exp(p.log_width_range * action[2, i])
        wanted = h
        wanted = centre - share * below if h < centre - below else wanted
        wanted = centre + share * above if h > centre + above else wanted
        distance = p.snap * snap_distance(log_aversion[i], mean_fixed[i], p.size)
        wanted = p.low if wanted < p.low else wanted
        wanted = p.high if wanted > p.high else wanted
        snaps = wanted != h and abs(wanted) < distance
        wanted = 0.0 if snaps else wanted
        gain = worth[i]
        if base[i] != delta[i]:
            gain = worth_of(
                h - base[i], volatility[i], spot[i], aversion[i], left[i], fixed[i]
            )
        cheap = p.worth_it * fixed[i] > 0.0 and gain < 1.0
        target[i] = h if cheap else wanted


@kernel
def decode_band_free(
    rows: FloatArray,
    base: FloatArray,
    action: FloatArray,
    target: FloatArray,
    p: DecoderParams,
) -> None:
    """Write the targets (n,) of actions (3, n) in mode `band_free` around `base`."""
    held = rows[field.HOLDINGS]
    middle = 0.5 * (_LOG_NARROWEST + _LOG_WIDEST)
    spread = 0.5 * (_LOG_WIDEST - _LOG_NARROWEST)
    for i in range(target.shape[0]):
        h = held[i]
        centre = base[i] + 0.5 * p.size * action[0, i]
        lower = centre - p.size * exp(middle + spread * action[1, i])
        upper = centre + p.size * exp(middle + spread * action[2, i])
        wanted = lower if h < lower else h
        target[i] = upper if h > upper else wanted
