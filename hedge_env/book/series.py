"""Options that are struck while an episode runs, one at a time, on a fixed schedule.

Number `j` of a series is struck at decision `first + j every`, at a given moneyness,
and lives `life` decisions. What is alive at the same time has slots of its own: number
`j` uses slot `j mod n_slots`, and its predecessor there has been paid out by then.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.book.european import days_left, grid_step
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.spot.fixing import lost_days
from hedge_env.market.volatility.fair_variance import fair_variance_table


class SeriesParams(NamedTuple):
    """Constants of one series; the grid axis runs over ages 0..min(life, decisions)."""

    n_slots: int  # 0: there is no such series
    first: int  # decision at which the first option is struck
    every: int  # decisions from one to the next
    last: int  # decision after which none is struck
    life: int  # decisions from strike to payoff
    is_call: float  # 1 or 0
    log_moneyness: float  # of strike over spot
    years: FloatArray  # (grid,) time left at each age [year]
    fair: FloatArray  # (5, grid) fair_variance_table of the same


class OrdersParams(NamedTuple):
    """Constants of the orders of clients, one net position per decision."""

    series: SeriesParams
    quantity: float  # of each order [-]
    mean_bought: float  # orders per decision by clients who buy
    mean_sold: float


NO_SERIES = SeriesParams(
    n_slots=0,
    first=0,
    every=1,
    last=0,
    life=1,
    is_call=1.0,
    log_moneyness=0.0,
    years=np.zeros(1),
    fair=np.zeros((5, 1)),
)


def listed_series(config: EnvConfig, market: MarketParams) -> SeriesParams:
    """Series of the listed option; its first is listed at the start."""
    option, decisions = config.execution.option, config.episode.decisions
    if option is None:
        return NO_SERIES
    schedule = 0, option.roll_every or decisions, decisions - 1
    terms = option.kind, option.moneyness, option.maturity_days
    return struck_series(config, market, schedule, terms)


def orders_params(config: EnvConfig, market: MarketParams) -> OrdersParams:
    """Orders of clients, from the second decision on."""
    arrivals, episode = config.book.arrivals, config.episode
    if arrivals is None:
        return OrdersParams(
            series=NO_SERIES, quantity=0.0, mean_bought=0.0, mean_sold=0.0
        )
    terms = arrivals.kind, arrivals.moneyness, arrivals.maturity_days
    schedule = 1, 1, episode.decisions - 1
    mean = arrivals.rate_per_day * episode.decision_interval_hours / HOURS_PER_DAY
    return OrdersParams(
        series=struck_series(config, market, schedule, terms),
        quantity=float(arrivals.quantity),
        mean_bought=mean * arrivals.probability_buy,
        mean_sold=mean * (1.0 - arrivals.probability_buy),
    )


def count_slots(first: int, every: int, last: int, life: int) -> int:
    """Options of a series that are alive, or paid out just now, at the same time."""
    struck = (last - first) // every + 1
    return max(0, min(struck, life // every + 1))


def count_listed(config: EnvConfig) -> int:
    """Slots of the listed option; 0 without one."""
    option, episode = config.execution.option, config.episode
    if option is None:
        return 0
    life = _life(option.maturity_days, config)
    every = option.roll_every or episode.decisions
    return count_slots(0, every, episode.decisions - 1, life)


def count_orders(config: EnvConfig) -> int:
    """Slots of the orders of clients; 0 if they bring none."""
    arrivals, decisions = config.book.arrivals, config.episode.decisions
    if arrivals is None:
        return 0
    return count_slots(1, 1, decisions - 1, _life(arrivals.maturity_days, config))


def _life(maturity_days: float, config: EnvConfig) -> int:
    interval = config.episode.decision_interval_hours / HOURS_PER_DAY
    return int(grid_step(maturity_days / interval))


def struck_series(
    config: EnvConfig,
    market: MarketParams,
    schedule: tuple[int, int, int],
    terms: tuple[str, float, float],
) -> SeriesParams:
    """Compile one series.

    Args:
        config: The hedging problem.
        market: Its compiled market.
        schedule: Decision of the first option, decisions from one to the next, decision
            after which none is struck.
        terms: call or put, strike over spot, and time to the payoff [day].
    """
    (first, every, last), (kind, moneyness, maturity) = schedule, terms
    episode, life = config.episode, _life(maturity, config)
    ages = np.arange(min(life, episode.decisions) + 1)
    interval = episode.decision_interval_hours / HOURS_PER_DAY
    left = days_left(maturity, ages, interval, lost_days(config.market))
    volatility, jumps = config.market.volatility, market.jumps
    fast_sd = market.volatility.fast.sd
    return SeriesParams(
        n_slots=count_slots(first, every, last, life),
        first=first,
        every=every,
        last=last,
        life=life,
        is_call=1.0 if kind == "call" else 0.0,
        log_moneyness=float(Decimal(moneyness).ln()),
        years=left / episode.days_per_year,
        fair=fair_variance_table(volatility, left, jumps.variance_rate, fast_sd),
    )


@scalar_kernel
def slot_now(step: int, p: SeriesParams) -> int:
    """Slot of the option struck last; the series must have begun."""
    return ((min(step, p.last) - p.first) // p.every) % p.n_slots


@scalar_kernel
def age_of(step: int, slot: int, p: SeriesParams) -> int:
    """Decisions since the option in a slot was struck; negative if none was."""
    if step < p.first:
        return -1
    number = (min(step, p.last) - p.first) // p.every
    number -= (number - slot) % p.n_slots  # the last one that used the slot
    return step - p.first - number * p.every if number >= 0 else -1
