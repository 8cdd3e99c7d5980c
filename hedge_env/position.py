"""Rows that depend on what the hedger holds and wants."""

from __future__ import annotations

from hedge_env import fields as field
from hedge_env._types import FloatArray
from hedge_env.bands import effective_risk_aversion, two_cost_band
from hedge_env.kernel import kernel

_LARGEST_POSITION = 100.0  # half-widths: the band vanishes with gamma
_LARGEST_WORTH = 1e6
_TINY = 1e-12


@kernel
def write_position(rows: FloatArray, risk_scale: float) -> None:
    """Write the analytic band and where the holdings stand in it.

    Args:
        rows: Shape (N_FIELDS, n); market rows, holdings, risk aversion and its
            logarithm are read, the other position rows are written.
        risk_scale: Multiplier of the band's risk aversion, see
            `bands.effective_risk_aversion`.
    """
    spot, gamma, delta = rows[field.SPOT], rows[field.GAMMA], rows[field.DELTA]
    fixed, rate = rows[field.FIXED_COST], rows[field.PROPORTIONAL_COST]
    mean_fixed = rows[field.MEAN_FIXED_COST]
    log_aversion, aversion = rows[field.LOG_RISK_AVERSION], rows[field.RISK_AVERSION]
    volatility, left = rows[field.IMPLIED_VOLATILITY], rows[field.TIME_TO_MATURITY]
    held, error = rows[field.HOLDINGS], rows[field.HEDGE_ERROR]
    half_width, inner = rows[field.BAND_HALF_WIDTH], rows[field.BAND_INNER]
    place, worth = rows[field.BAND_POSITION], rows[field.WORTH]
    for i in range(rows.shape[1]):
        g = effective_risk_aversion(log_aversion[i], mean_fixed[i], risk_scale)
        h, w = two_cost_band(gamma[i], spot[i], fixed[i], rate[i], g)
        half_width[i] = h
        inner[i] = w
        y = held[i] - delta[i]
        error[i] = y
        share = y / (h + _TINY)
        share = _LARGEST_POSITION if share > _LARGEST_POSITION else share
        place[i] = -_LARGEST_POSITION if share < -_LARGEST_POSITION else share
        move = y * volatility[i] * spot[i]
        ratio = aversion[i] * move * move * left[i] / (fixed[i] + _TINY)
        worth[i] = _LARGEST_WORTH if ratio > _LARGEST_WORTH else ratio
