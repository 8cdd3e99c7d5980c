"""The statistics of funding rates per settlement, in basis points."""

from __future__ import annotations

import numpy as np

from hedge_env._types import FloatArray
from hedge_env.config import FundingConfig
from training.calibration import returns as of
from training.calibration.statistic import Statistic, Values

ROWS = ("premium", "trailing_return")
_SAME = 1e-6  # bp: two rates that are the same number
_LAGS = ((1, "8 h"), (3, "24 h"), (21, "7 d"))

FUNDING = (
    Statistic("funding, mean", "bp", 0.1, limit=0.3),
    Statistic("funding, sd", "bp", 0.07, ratio=True, limit=0.2),
    Statistic("funding exactly the interest", "-", 0.03, limit=0.08),
    Statistic("funding below zero", "-", 0.05),
    *(Statistic(f"autocorrelation of funding, {name}", "-", 0.1) for _, name in _LAGS),
    Statistic("funding against trailing 7-day return", "-", 0.03, limit=0.1),
    Statistic("99 % quantile of funding", "bp", 0.1, ratio=True, fitted=False),
)


def funding_values(rates: FloatArray, trailing: FloatArray, interest: float) -> Values:
    """Statistics of rates [bp] with the log return of the 7 days before each.

    Args:
        rates: Shape (n, settlements).
        trailing: Same shape.
        interest: The rate inside the clamp [bp].
    """
    known = np.isfinite(rates)
    count = known.sum(axis=-1)
    values = {
        "funding, mean": np.nanmean(rates, axis=-1),
        "funding, sd": np.nanstd(rates, axis=-1),
        "funding exactly the interest": (np.abs(rates - interest) < _SAME).sum(axis=-1)
        / count,
        "funding below zero": (rates < 0.0).sum(axis=-1) / count,
        "funding against trailing 7-day return": of.correlation(rates, trailing),
        "99 % quantile of funding": np.nanquantile(rates, 0.99, axis=-1),
    }
    for lag, name in _LAGS:
        values[f"autocorrelation of funding, {name}"] = of.autocorrelation(rates, lag)
    return values


def interest_of(rates: FloatArray) -> float | None:
    """The rate that occurs most often, if it is a mass point (5 % or more) [bp]."""
    rounded = np.round(rates[np.isfinite(rates)], 6)
    values, counts = np.unique(rounded, return_counts=True)
    most = int(np.argmax(counts))
    return float(values[most]) if counts[most] >= 0.05 * rounded.size else None


def funding_rate(config: FundingConfig, rows: Values) -> FloatArray:
    """Rate [bp] at each recorded state; the formula of `market/funding.py`."""
    premium = config.premium_mean_bp + 1e4 * rows["premium"]
    premium = premium + config.return_response_bp * rows["trailing_return"]
    low, high = premium - config.clamp_bp, premium + config.clamp_bp
    return np.asarray(np.clip(config.interest_bp, low, high))
