"""The history that a config names: what the market does at each tick, and when.

What a file gives drives its row of the market state. Volatility is estimated from
the returns. What has no file is left to the processes of the simulated market.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path

import numpy as np

from hedge_env.base.errors import ConfigError
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.config import HOURS_PER_DAY, EnvConfig, ReplayConfig
from hedge_env.feeds.files.columns import (
    FUNDING,
    GAS,
    IMPLIED_VOLATILITY,
    SPOT,
    SeriesKind,
)
from hedge_env.feeds.files.series_file import Series, read_series
from hedge_env.feeds.files.units import gas_prices, implied_volatilities, prices
from hedge_env.feeds.history.clock import Clock, carried_forward, clock_of
from hedge_env.feeds.history.dispersion import (
    Spread,
    days_before,
    measured_spread,
    with_spread,
)
from hedge_env.feeds.history.settlements import funding_paid, funding_rates
from hedge_env.feeds.history.volatility_factors import (
    mean_squares,
    usual_variance,
    volatility_factors,
    weighted_sum,
    without_regime,
)
from hedge_env.feeds.history.windows import Windows, split_windows, test_start
from hedge_env.market.engine import market_state
from hedge_env.market.engine.parameters import market_params
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.engine.recorded import FUNDING_PAID, LOG_PRICE
from hedge_env.market.spot.cascades import OFF as NO_CASCADES
from hedge_env.market.volatility.fair_variance import fair_variance_table
from hedge_env.market.volatility.surface import react
from hedge_env.numerics.ornstein_uhlenbeck import STILL

_HOUR = 3600  # [second]
_INDEX_DAYS = 30.0  # maturity of a volatility index
_COARSE = 12 * _HOUR  # from here a gas price is a mean that knows no hour [second]


@dataclass(frozen=True)
class History:
    """Recorded days, ready to run.

    Attributes:
        config: The problem, its market as far as it is modelled on these days.
        spread: Of volatility before the test days; None: as the preset has it.
        clock: The ticks.
        price: At each tick, shape (n_ticks,) [quote].
        record: See `market.recorded`, shape (N_FIXED_ROWS + n_driven, n_ticks).
        driven: Rows of the state that are read, shape (n_driven,).
        params: Constants of the market, in which driven factors stand still.
        windows: By stream.
        n_prices: Prices in the file.
        n_missing: Ticks without a price of their own.
        n_repeated: Rows of the file whose time came twice.
    """

    config: EnvConfig
    spread: Spread | None
    clock: Clock
    price: FloatArray
    record: FloatArray
    driven: IntArray
    params: MarketParams
    windows: dict[str, Windows]
    n_prices: int
    n_missing: int
    n_repeated: int


def load_history(config: EnvConfig) -> History:
    """Read and prepare the history of a config; kept in memory for the next caller.

    Raises:
        ConfigError: If the config does not fit the history.
        DataError: If a file cannot be used.
    """
    replay = require_replay(config)
    paths = (replay.spot, replay.implied_volatility, replay.gas, replay.funding)
    return _load_history(without_regime(config), tuple(_stamp(path) for path in paths))


def require_replay(config: EnvConfig) -> ReplayConfig:
    """Section `replay` of a config, which must name a file of prices."""
    if config.replay is None or config.replay.spot is None:
        raise ConfigError(
            "replay.spot is not set: name a CSV file of prices, as in "
            "--replay prices.csv or --set replay.spot=prices.csv"
        )
    return config.replay


def _stamp(path: str | None) -> tuple[int, int]:
    """Time and size of a file, by which a change of it is seen."""
    try:
        stat = Path(path or "").stat()
    except (OSError, ValueError):
        return (0, 0)  # reading it will tell
    return (stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _read(path: str, kind: SeriesKind, stamp: tuple[int, int]) -> Series:
    del stamp  # a part of the key
    return read_series(path, kind)


@lru_cache(maxsize=8)
def _load_history(config: EnvConfig, stamps: tuple[tuple[int, int], ...]) -> History:
    replay = require_replay(config)
    series = _read(str(replay.spot), SPOT, stamps[0])
    price_values = prices(series)
    clock = clock_of(series, config.episode)
    longest = max(replay.longest_gap_hours * _HOUR, clock.spacing - 1)
    price, missing = carried_forward(series.seconds, price_values, clock, longest)
    _, stale = carried_forward(series.seconds, price_values, clock, clock.spacing - 1)
    log_price = np.log(price)
    log_returns = np.diff(log_price, prepend=log_price[0])
    dt_days = clock.spacing / (_HOUR * HOURS_PER_DAY)
    base = days_before(test_start(replay, clock), clock, stale)
    spread = measured_spread(log_returns, base, dt_days, config)
    if spread is not None:
        config = with_spread(config, spread)
    params = market_params(config)
    factors = volatility_factors(log_returns, dt_days, config, params, base, spread)
    table = _Table(clock, _with_still_volatility(params), missing)
    half_life = config.observation.realised_half_life_days
    table.record.append(log_price)
    table.record.append(mean_squares(log_returns, half_life, dt_days, params))
    table.record.append(_trailing_returns(log_returns, clock, params))
    table.record.append(np.zeros(log_price.size))  # nothing paid unless a file says so
    table.drive(market_state.FAST, factors[0])
    table.drive(market_state.SLOW, factors[1])
    _add_files(table, config, stamps, factors, params)
    return History(
        config=config,
        spread=spread,
        clock=clock,
        price=price,
        record=np.array(table.record),
        driven=np.array(table.driven, dtype=np.int64),
        params=table.params,
        windows=split_windows(replay, config.episode, clock, table.missing),
        n_prices=series.seconds.size,
        n_missing=int(stale.sum()),
        n_repeated=series.repeated,
    )


def _with_still_volatility(p: MarketParams) -> MarketParams:
    """Volatility that moves only as it is read."""
    still = p.volatility._replace(
        level=sqrt(usual_variance(p)),  # intraday swings are averaged
        fast=STILL,
        slow=STILL,
        leverage=0.0,
        leverage_rest=1.0,
        jump_shift=0.0,
        mean_shift=0.0,
    )
    # What cascades do to the price is in the record.
    parts = p.parts._replace(cascades=False, clustering=False)
    return p._replace(volatility=still, cascades=NO_CASCADES, parts=parts)


class _Table:
    """A history under construction."""

    def __init__(self, clock: Clock, params: MarketParams, missing: BoolArray) -> None:
        self.clock = clock
        self.params = params
        self.missing = missing
        self.record: list[FloatArray] = []
        self.driven: list[int] = []

    def drive(self, state_row: int, values: FloatArray) -> None:
        """Let values at each tick give a row of the state."""
        self.driven.append(state_row)
        self.record.append(values)

    def align(self, series: Series, values: FloatArray) -> FloatArray:
        """Last value known at each tick; where there is none no window will be."""
        oldest = 2.0 * series.spacing + _HOUR
        present, missing = carried_forward(series.seconds, values, self.clock, oldest)
        self.missing = self.missing | missing
        return np.asarray(np.where(missing, np.nan, present))


def _trailing_returns(
    log_returns: FloatArray, clock: Clock, p: MarketParams
) -> FloatArray:
    """Exponentially weighted sum of returns at each tick, as funding answers to."""
    decay = p.funding.trailing_decay ** (1.0 / clock.per_market_step)
    return weighted_sum(log_returns, decay, 0.0)


def _add_files(
    table: _Table,
    config: EnvConfig,
    stamps: tuple[tuple[int, int], ...],
    factors: FloatArray,
    p: MarketParams,
) -> None:
    """Let what further files give take the place of what is modelled."""
    replay = require_replay(config)
    if replay.implied_volatility is not None:
        file = _read(replay.implied_volatility, IMPLIED_VOLATILITY, stamps[1])
        _add_implied_volatility(table, file, config, factors, p)
    if replay.gas is not None:
        _add_gas(table, _read(replay.gas, GAS, stamps[2]))
    if replay.funding is not None:
        _add_funding(table, _read(replay.funding, FUNDING, stamps[3]), config)


def _add_implied_volatility(
    table: _Table,
    series: Series,
    config: EnvConfig,
    factors: FloatArray,
    p: MarketParams,
) -> None:
    """Put the surface where it quotes a recorded 30-day volatility at the money."""
    implied = table.align(series, implied_volatilities(series))
    fair = fair_variance_table(
        config.market.volatility,
        np.array([_INDEX_DAYS]),
        p.jumps.variance_rate,
        p.volatility.fast.sd,
    )[:, 0]
    loaded = fair[2] * factors[0] + fair[3] * factors[1]
    variance = fair[0] + fair[1] * np.exp(2.0 * loaded)
    react(variance, p.usual_variance, p.surface)
    variance *= p.surface.variance_premium
    table.drive(market_state.LEVEL, 0.5 * np.log(implied**2 / variance))
    table.params = table.params._replace(
        surface=p.surface._replace(level=STILL, level_correlation=0.0, level_rest=1.0)
    )


def _add_gas(table: _Table, series: Series) -> None:
    """Read the gas price; a daily mean keeps the model's season and response."""
    gas = table.params.gas._replace(
        slow=STILL, fast=STILL, spike_probability=0.0, weekend=0.0
    )
    log_gas = np.log(table.align(series, gas_prices(series)) / gas.median)
    if series.spacing < _COARSE:
        gas = gas._replace(season=0.0, response=0.0)
    # Takes the mean of exp(season), to second order, back out of the daily mean.
    table.drive(market_state.GAS_SLOW, log_gas - 0.25 * gas.season**2)
    table.drive(market_state.GAS_FAST, np.zeros(log_gas.size))
    parts = table.params.parts._replace(gas_chain=False)
    table.params = table.params._replace(gas=gas, parts=parts)


def _add_funding(table: _Table, series: Series, config: EnvConfig) -> None:
    """Put the premium where the rule gives the last rate that was settled."""
    replay, p = require_replay(config), table.params.funding
    series = funding_rates(series, p.settlement_hours, replay.funding_utc_offset_hours)
    rate = table.align(series, series.values)
    whole = rate / p.share
    excess = whole - p.interest
    at_interest = np.abs(excess) < 1e-12
    premium = whole + np.where(at_interest, 0.0, np.sign(excess) * p.clamp)
    table.drive(market_state.PREMIUM, np.where(at_interest, p.interest, premium))
    table.record[FUNDING_PAID] = funding_paid(
        rate, np.exp(table.record[LOG_PRICE]), table.clock, p.settlement_hours
    )
    # What is paid is in the record: the market settles nothing of its own.
    table.params = table.params._replace(
        funding=p._replace(
            premium=STILL,
            premium_mean=0.0,
            response=0.0,
            cap=np.inf,
            settlement_hours=np.inf,
        )
    )
