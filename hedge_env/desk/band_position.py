"""Rows that depend on what the hedger holds and wants.

The no-trade band of `bands` at present cost, where the holdings stand in it, and
whether a trade is worth its cost: agents see them, and their actions are relative to
the band.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.pricing.no_trade_band import band_edges, band_root, band_scales

_LARGEST_POSITION = 100.0  # half-widths: the band vanishes with gamma
_LARGEST_WORTH = 1e6
_TINY = 1e-12


@scalar_kernel
def worth_of(
    error: float,
    volatility: float,
    spot: float,
    aversion: float,
    left: float,
    fixed: float,
) -> float:
    """Risk left until maturity over the fixed cost of a trade, cut off far above 1."""
    move = error * volatility * spot
    ratio = aversion * move * move * left / (fixed + _TINY)
    return _LARGEST_WORTH if ratio > _LARGEST_WORTH else ratio


@kernel
def write_position(rows: FloatArray, low: int, high: int) -> None:
    """Write the analytic band and where the holdings stand in it.

    Args:
        rows: Shape (N_FIELDS, n); market rows, holdings and the band's risk
            aversion are read, the other position rows are written.
        low: First path.
        high: Path after the last.
    """
    _write_band(rows, low, high)
    _write_worth(rows, low, high)


@kernel
def _write_band(rows: FloatArray, low: int, high: int) -> None:
    scratch = np.empty((3, high - low))
    a3, b4, z = scratch[0], scratch[1], scratch[2]
    spot, gamma = rows[field.SPOT, low:high], rows[field.GAMMA, low:high]
    g = rows[field.BAND_RISK_AVERSION, low:high]
    fixed = rows[field.FIXED_COST, low:high]
    rate = rows[field.PROPORTIONAL_COST, low:high]
    for i in range(high - low):
        a3[i], b4[i] = band_scales(gamma[i], spot[i], fixed[i], rate[i], g[i])
    for i in range(high - low):
        z[i] = band_root(a3[i], b4[i])
    half_width = rows[field.BAND_HALF_WIDTH, low:high]
    for i in range(high - low):
        half_width[i] = band_edges(z[i], b4[i])[0]
    inner = rows[field.BAND_INNER, low:high]
    for i in range(high - low):
        inner[i] = band_edges(z[i], b4[i])[1]


@kernel
def _write_worth(rows: FloatArray, low: int, high: int) -> None:
    held, delta = rows[field.HOLDINGS, low:high], rows[field.DELTA, low:high]
    error = rows[field.HEDGE_ERROR, low:high]
    for i in range(high - low):
        error[i] = held[i] - delta[i]
    half_width = rows[field.BAND_HALF_WIDTH, low:high]
    place = rows[field.BAND_POSITION, low:high]
    for i in range(high - low):
        share = error[i] / (half_width[i] + _TINY)
        share = _LARGEST_POSITION if share > _LARGEST_POSITION else share
        place[i] = -_LARGEST_POSITION if share < -_LARGEST_POSITION else share
    aversion = rows[field.RISK_AVERSION, low:high]
    volatility = rows[field.IMPLIED_VOLATILITY, low:high]
    left, spot = rows[field.TIME_TO_MATURITY, low:high], rows[field.SPOT, low:high]
    fixed, worth = rows[field.FIXED_COST, low:high], rows[field.WORTH, low:high]
    for i in range(high - low):
        worth[i] = worth_of(
            error[i], volatility[i], spot[i], aversion[i], left[i], fixed[i]
        )


_TILE = 256


@kernel
def observe_position(rows: FloatArray) -> None:
    """Write the position rows of all paths, shape (at least N_FIELDS, n)."""
    n = rows.shape[1]
    for low in range(0, n, _TILE):
        write_position(rows, low, min(low + _TILE, n))
