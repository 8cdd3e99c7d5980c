"""Black and Scholes's formula at zero rates."""

from __future__ import annotations

from math import log

from scipy.stats import norm


def black_scholes(
    call: bool, spot: float, strike: float, sd: float
) -> tuple[float, float, float]:
    """Value, delta and gamma at zero rates; `sd` is volatility times root of time."""
    d1 = log(spot / strike) / sd + sd / 2.0
    value = spot * norm.cdf(d1) - strike * norm.cdf(d1 - sd)
    gamma = norm.pdf(d1) / (spot * sd)
    if call:
        return float(value), float(norm.cdf(d1)), float(gamma)
    return float(value - spot + strike), float(norm.cdf(d1) - 1.0), float(gamma)
