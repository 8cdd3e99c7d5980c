"""European options: the legs of a book as arrays over legs and the decision grid.

The first kind of liability. Its kernel is called within the pass of `feeds/quotes`
over each tile, which shares the surface with it; other kinds have a pass of their own
(`liabilities`).
"""

from __future__ import annotations

from decimal import Decimal
from math import ceil
from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.book import smile, tile
from hedge_env.book.option_value import settle_at_mean, value_option
from hedge_env.config import HOURS_PER_DAY, BookConfig, EnvConfig
from hedge_env.market.engine import market_state
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.volatility.fair_variance import fair_variance_table

_GRID_TOLERANCE = 1e-6  # of a decision interval


class BookParams(NamedTuple):
    """Constants of the book; the grid axes run over decisions 0..decisions."""

    is_call: FloatArray  # (n_legs,) 1 or 0
    quantity: FloatArray  # (n_legs,) [-]; negative is short
    strike: FloatArray  # (n_legs,) [S_0]
    log_strike: FloatArray  # (n_legs,)
    expiry_step: FloatArray  # (n_legs,) decision at which the leg is paid out
    # (n_legs + 1, grid) time left [year]; last: to the longest maturity of the book
    years: FloatArray
    least_years: float  # shortest positive time left to the longest maturity [year]
    fair: FloatArray  # (n_legs + 1, 5, grid) fair_variance_table of the same
    mean_log_strike: float  # of all of the book


def book_params(config: EnvConfig, market: MarketParams) -> BookParams:
    """Compile the European options of a config, and the clock of all of its book.

    Args:
        config: The hedging problem.
        market: Its compiled market, for the fair variance that the surface starts
            from.
    """
    legs = config.book.europeans
    interval = config.episode.decision_interval_hours / HOURS_PER_DAY
    maturities = [leg.maturity_days for leg in legs]
    steps = np.arange(config.episode.decisions + 1)
    longest = config.book.clock_days(config.episode.horizon_days)
    lost = [market.fixing.lost_days] * len(legs) + [0.0]
    left = np.array(
        [
            days_left(m, steps, interval, fewer)
            for m, fewer in zip([*maturities, longest], lost, strict=True)
        ]
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
        mean_log_strike=_mean_log_strike(config.book),
    )


def _mean_log_strike(book: BookConfig) -> float:
    """Mean log of all strikes of a book, one of them counted as often as it occurs."""
    strikes = [strike for leg in book.legs for strike in leg.strikes]
    return sum(float(Decimal(s).ln()) for s in strikes) / max(len(strikes), 1)


def days_left(
    maturity: float, steps: IntArray, interval: float, lost: float = 0.0
) -> FloatArray:
    """Time to a maturity at each decision [day]; exactly 0 from expiry on.

    Args:
        maturity: At the start [day].
        steps: Decisions, shape (grid,).
        interval: Between decisions [day].
        lost: By which a payoff on an average is less uncertain [day].
    """
    expired = steps >= grid_step(maturity / interval)
    left: FloatArray = np.where(expired, 0.0, maturity - steps * interval - lost)
    return left


def grid_step(intervals: float) -> float:
    """First decision at or after a maturity given in decision intervals."""
    nearest = round(intervals)
    if abs(intervals - nearest) < _GRID_TOLERANCE:
        return float(nearest)
    return float(ceil(intervals))


@kernel
def value_legs(
    rows: Tile,
    scratch: FloatArray,
    x: Tile,
    memory: Tile,
    steps: IntArray,
    book: BookParams,
    market: MarketParams,
) -> None:
    """Add every leg of one tile to value and Greeks of the book.

    Args:
        rows: Of a tile: spot is read; those of the book are added to.
        scratch: Surface read, the rest written.
        x: State of the market.
        memory: Payoff of each leg once it has expired, shape (at least n_legs, n)
            [S_0]; written at the expiry.
        steps: Decision index of each path, shape (n,).
        book: The legs.
        market: Their market.
    """
    log_spot, spot = part(x, market_state.LOG_SPOT), part(rows, field.SPOT)
    for leg in range(book.quantity.shape[0]):
        read_leg(scratch, steps[rows.low : rows.high], leg, book)
        log_strike = book.log_strike[leg]
        smile.total_sd(scratch, x, log_spot, log_strike, market)
        relative, strike = scratch[tile.LOG_MONEYNESS], scratch[tile.STRIKE]
        for i in range(spot.size):
            relative[i] = log_spot[i] - log_strike
        strike[:] = book.strike[leg]
        value_option(spot, scratch, 1.0 - book.is_call[leg])
        if market.fixing.on:
            settle_at_mean(scratch, x, 1.0 - book.is_call[leg])
        _add_leg(rows, scratch, part(memory, leg), book.quantity[leg])


@kernel
def read_leg(scratch: FloatArray, steps: IntArray, leg: int, book: BookParams) -> None:
    """Copy what `read_grid` does of one leg, and the decisions it has left.

    Args:
        scratch: Of a tile, written.
        steps: Decision index of the tile's paths.
        leg: Its number; one after the last: the longest maturity, which never ends.
        book: The legs.
    """
    n_legs = book.quantity.shape[0]
    expiry = book.expiry_step[leg] if leg < n_legs else np.inf
    smile.read_grid(scratch, steps, book.years[leg], book.fair[leg])
    for i in range(scratch.shape[1]):
        scratch[tile.ALIVE, i] = expiry - steps[i]


@kernel
def _add_leg(
    rows: Tile,
    scratch: FloatArray,
    paid: FloatArray,
    quantity: float,
) -> None:
    """Add `quantity` units to the book, and keep the payoff once it is fixed."""
    alive, unit = scratch[tile.ALIVE], scratch[tile.VALUE]
    value = part(rows, field.BOOK_VALUE)
    for i in range(paid.size):
        paid[i] = unit[i] if alive[i] == 0.0 else paid[i]
    for i in range(value.size):
        value[i] += quantity * (unit[i] if alive[i] > 0.0 else paid[i])
    delta, unit_delta = part(rows, field.DELTA), scratch[tile.UNIT_DELTA]
    for i in range(delta.size):
        delta[i] -= quantity * unit_delta[i]
    gamma, unit_gamma = part(rows, field.GAMMA), scratch[tile.UNIT_GAMMA]
    for i in range(gamma.size):
        gamma[i] -= quantity * unit_gamma[i]
    vega, unit_vega = part(rows, field.VEGA), scratch[tile.UNIT_VEGA]
    for i in range(vega.size):
        vega[i] += quantity * unit_vega[i]
