"""The smile: skew and curvature from option chains, and the 30-day risk reversal."""

from __future__ import annotations

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.config import SsviSurface
from hedge_env.pricing.ssvi import LARGEST_CORRELATION, LARGEST_WING
from hedge_env.training.calibrate.statistics import spot_returns
from hedge_env.training.calibrate.statistics.implied import half_life
from hedge_env.training.calibrate.statistics.statistic import Statistic, Values, asked

ROWS = ("skew", "curvature")
_D1 = 0.6744897501960817  # d1 of a call of delta .25, negative
_YEARS = 30.0 / 365.0
_ITERATIONS = 6

SKEW = (
    Statistic("30-day risk reversal, mean", "1/sqrt(year)", 0.003, limit=0.01),
    asked("30-day risk reversal, sd", "1/sqrt(year)", 0.01, aim=0.6),
    Statistic("30-day risk reversal, daily change", "1/sqrt(year)", 0.1, ratio=True),
    Statistic("half-life of the risk reversal", "day", 0.2, ratio=True),
    Statistic("risk reversal against returns", "-", 0.05),
)


def skew_values(reversal: FloatArray, log_spot: FloatArray) -> Values:
    """Statistics of daily risk reversals and log spot, shape (n, days)."""
    change = np.diff(reversal, axis=-1)
    names = [s.name for s in SKEW]
    figures = (
        np.nanmean(reversal, axis=-1),
        np.nanstd(reversal, axis=-1),
        np.nanstd(change, axis=-1),
        half_life(reversal),
        spot_returns.correlation(change, np.diff(log_spot, axis=-1)),
    )
    return dict(zip(names, figures, strict=True))


def smile(
    standardised: FloatArray, correlation: FloatArray, wing: FloatArray
) -> FloatArray:
    """SSVI volatility over that at the money, at log strike over total sd."""
    x = wing * standardised
    root = np.sqrt((x + correlation) ** 2 + 1.0 - correlation**2)
    return np.asarray(np.sqrt(0.5 * (1.0 + correlation * x + root)))


def risk_reversal(
    surface: SsviSurface, rows: Values, at_the_money: FloatArray
) -> FloatArray:
    """Volatility of the 30-day 25-delta call less that of the put."""
    argument = (surface.skew.mean + rows["skew"]) / LARGEST_CORRELATION
    rho = LARGEST_CORRELATION * np.tanh(argument)
    wing = np.minimum(surface.curvature.mean * np.exp(rows["curvature"]), LARGEST_WING)
    return _reversal(rho, wing, at_the_money)


def _reversal(rho: FloatArray, wing: FloatArray, sigma: FloatArray) -> FloatArray:
    total = sigma * np.sqrt(_YEARS)
    call, put = np.ones_like(total), np.ones_like(total)
    for _ in range(_ITERATIONS):
        # ln(K/F) = -d1 sd + sd^2 / 2, with the volatility at that strike.
        call = smile(_D1 * call + 0.5 * total * call**2, rho, wing)
        put = smile(-_D1 * put + 0.5 * total * put**2, rho, wing)
    return np.asarray(sigma * (call - put))
