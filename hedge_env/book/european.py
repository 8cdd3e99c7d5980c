"""The book of European options as arrays over its legs and the decision grid."""

from __future__ import annotations

from decimal import Decimal
from math import ceil
from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book.surface import read_grid
from hedge_env.book.tile import ALIVE, D1, SD, YEARS
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.market.engine import market_state
from hedge_env.market.engine.parameters import MarketParams
from hedge_env.market.volatility.factors import fair_variance_table
from hedge_env.pricing.black_scholes import (
    call_delta,
    call_value,
    d1_of,
    gamma_of,
    vega_of,
)

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


@kernel
def read_leg(
    scratch: FloatArray, steps: IntArray, low: int, leg: int, book: BookParams
) -> None:
    """Copy what `read_grid` does of one leg, and the decisions it has left."""
    n_legs = book.quantity.shape[0]
    expiry = book.expiry_step[leg] if leg < n_legs else np.inf
    high = low + scratch.shape[1]
    read_grid(scratch, steps[low:high], book.years[leg], book.fair[leg])
    for i in range(scratch.shape[1]):
        scratch[ALIVE, i] = expiry - steps[low + i]


@kernel
def pay_out_leg(
    rows: FloatArray,
    scratch: FloatArray,
    settled: FloatArray,
    low: int,
    high: int,
    leg: int,
    book: BookParams,
) -> None:
    """Fix the payoff of one leg where it expires at this decision."""
    strike, is_call = book.strike[leg], book.is_call[leg]
    spot, paid = rows[field.SPOT, low:high], settled[leg, low:high]
    alive = scratch[ALIVE]
    for i in range(high - low):
        gain = spot[i] - strike if is_call > 0.0 else strike - spot[i]
        payoff = gain if gain > 0.0 else 0.0
        paid[i] = payoff if alive[i] == 0.0 else paid[i]


@kernel
def add_leg(
    rows: FloatArray,
    scratch: FloatArray,
    x: FloatArray,
    settled: FloatArray,
    low: int,
    high: int,
    leg: int,
    book: BookParams,
) -> None:
    """Add one leg to value and Greeks of the book.

    One output a loop: LLVM gives up on vectorising a loop in which it would have
    to check more than eight pairs of arrays for overlap.
    """
    quantity, strike = book.quantity[leg], book.strike[leg]
    log_strike, put = book.log_strike[leg], 1.0 - book.is_call[leg]
    log_spot, spot = x[market_state.LOG_SPOT, low:high], rows[field.SPOT, low:high]
    sd, years, alive = scratch[SD], scratch[YEARS], scratch[ALIVE]
    d1, paid = scratch[D1], settled[leg, low:high]
    for i in range(high - low):
        d1[i] = d1_of(log_spot[i] - log_strike, sd[i])
    value = rows[field.BOOK_VALUE, low:high]
    for i in range(high - low):
        live = call_value(spot[i], strike, d1[i], sd[i]) - put * (spot[i] - strike)
        value[i] += quantity * (live if alive[i] > 0.0 else paid[i])
    delta = rows[field.DELTA, low:high]
    for i in range(high - low):
        live = call_delta(d1[i]) - put
        delta[i] -= quantity * (live if alive[i] > 0.0 else 0.0)
    gamma = rows[field.GAMMA, low:high]
    for i in range(high - low):
        live = gamma_of(spot[i], d1[i], sd[i])
        gamma[i] -= quantity * (live if alive[i] > 0.0 else 0.0)
    vega = rows[field.VEGA, low:high]
    for i in range(high - low):
        live = vega_of(spot[i], d1[i], years[i])
        vega[i] += quantity * (live if alive[i] > 0.0 else 0.0)
