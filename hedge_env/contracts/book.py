"""The book of European options as arrays over its legs and the decision grid."""

from __future__ import annotations

from decimal import Decimal
from math import ceil
from typing import NamedTuple

import numpy as np

from hedge_env._types import FloatArray, IntArray
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.market.parameters import MarketParams
from hedge_env.market.volatility import fair_variance_table

_GRID_TOLERANCE = 1e-6  # of a decision interval


class BookParams(NamedTuple):
    """Constants of the book; the grid axes run over decisions 0..decisions."""

    is_call: FloatArray  # (n_legs,) 1 or 0
    quantity: FloatArray  # (n_legs,) [-]; negative is short
    strike: FloatArray  # (n_legs,) [S_0]
    log_strike: FloatArray  # (n_legs,)
    expiry_step: FloatArray  # (n_legs,) decision at which the leg is paid out
    years: FloatArray  # (n_legs + 1, grid) time left [year]; last: longest leg
    least_years: float  # shortest positive time left of the longest leg [year]
    fair: FloatArray  # (n_legs + 1, 5, grid) fair_variance_table of the same
    mean_log_strike: float


def book_params(config: EnvConfig, market: MarketParams) -> BookParams:
    """Compile the book of a config.

    Args:
        config: The hedging problem.
        market: Its compiled market, for the fair variance that the surface starts
            from.
    """
    legs = config.book.legs
    interval = config.episode.decision_interval_hours / HOURS_PER_DAY
    maturities = [leg.maturity_days for leg in legs]
    steps = np.arange(config.episode.decisions + 1)
    left = np.array(
        [days_left(m, steps, interval) for m in [*maturities, max(maturities)]]
    )
    years = left / config.episode.days_per_year
    volatility = config.market.volatility
    jump_variance = market.jumps.variance_rate
    fast_sd = market.volatility.fast.sd
    log_strikes = [float(Decimal(leg.moneyness).ln()) for leg in legs]
    return BookParams(
        is_call=np.array([1.0 if leg.kind == "call" else 0.0 for leg in legs]),
        quantity=np.array([leg.quantity for leg in legs], dtype=np.float64),
        strike=np.array([leg.moneyness for leg in legs], dtype=np.float64),
        log_strike=np.array(log_strikes),
        expiry_step=np.array([grid_step(m / interval) for m in maturities]),
        years=years,
        least_years=float(years[-1][years[-1] > 0.0].min()),
        fair=np.array(
            [
                fair_variance_table(volatility, days, jump_variance, fast_sd)
                for days in left
            ]
        ),
        mean_log_strike=sum(log_strikes) / len(legs),
    )


def days_left(maturity: float, steps: IntArray, interval: float) -> FloatArray:
    """Time to a maturity at each decision [day]; exactly 0 from expiry on."""
    expired = steps >= grid_step(maturity / interval)
    left: FloatArray = np.where(expired, 0.0, maturity - steps * interval)
    return left


def grid_step(intervals: float) -> float:
    """First decision at or after a maturity given in decision intervals."""
    nearest = round(intervals)
    if abs(intervals - nearest) < _GRID_TOLERANCE:
        return float(nearest)
    return float(ceil(intervals))
