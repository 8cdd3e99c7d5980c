"""Rows that depend on what the hedger holds and wants.

The no-trade band of `pricing/no_trade_band` at present cost, where the holdings stand
in it, and whether a trade is worth its cost: agents see them, and their actions are
relative to the band.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.tile import TILE, Tile, part
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
def write_position(rows: Tile) -> None:
    """Write the analytic band and where the holdings stand in it.

    Args:
        rows: Of the batch; market rows, holdings and the band's risk aversion are
            read, the other position rows are written.
    """
    _write_band(rows)
    _write_worth(rows)


@kernel
def _write_band(rows: Tile) -> None:
    spot, gamma = part(rows, field.SPOT), part(rows, field.GAMMA)
    g = part(rows, field.BAND_RISK_AVERSION)
    fixed = part(rows, field.FIXED_COST)
    rate = part(rows, field.PROPORTIONAL_COST)
    scratch = np.empty((3, spot.size))
    a3, b4, z = scratch[0], scratch[1], scratch[2]
    for i in range(spot.size):
        a3[i], b4[i] = band_scales(gamma[i], spot[i], fixed[i], rate[i], g[i])
    for i in range(spot.size):
        z[i] = band_root(a3[i], b4[i])
    half_width = part(rows, field.BAND_HALF_WIDTH)
    for i in range(spot.size):
        half_width[i] = band_edges(z[i], b4[i])[0]
    inner = part(rows, field.BAND_INNER)
    for i in range(spot.size):
        inner[i] = band_edges(z[i], b4[i])[1]


@kernel
def _write_worth(rows: Tile) -> None:
    held, delta = part(rows, field.HOLDINGS), part(rows, field.DELTA)
    error = part(rows, field.HEDGE_ERROR)
    for i in range(held.size):
        error[i] = held[i] - delta[i]
    half_width = part(rows, field.BAND_HALF_WIDTH)
    place = part(rows, field.BAND_POSITION)
    for i in range(held.size):
        share = error[i] / (half_width[i] + _TINY)
        share = _LARGEST_POSITION if share > _LARGEST_POSITION else share
        place[i] = -_LARGEST_POSITION if share < -_LARGEST_POSITION else share
    aversion = part(rows, field.RISK_AVERSION)
    volatility = part(rows, field.IMPLIED_VOLATILITY)
    left, spot = part(rows, field.TIME_TO_MATURITY), part(rows, field.SPOT)
    fixed, worth = part(rows, field.FIXED_COST), part(rows, field.WORTH)
    for i in range(held.size):
        worth[i] = worth_of(
            error[i], volatility[i], spot[i], aversion[i], left[i], fixed[i]
        )


@kernel
def observe_position(rows: FloatArray) -> None:
    """Write the position rows of all paths, shape (at least N_FIELDS, n)."""
    n = rows.shape[1]
    for low in range(0, n, TILE):
        write_position(Tile(rows, low, min(low + TILE, n)))
