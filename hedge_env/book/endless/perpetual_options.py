r"""Everlasting options and power perpetuals: they pay funding instead of ending.

A long position is worth its mark M and pays, over a funding period T, mark less payoff:
all the time,

.. math:: \text{paid} = \tfrac12 (f + f') \, \delta / T, \quad f = M - \text{payoff},

from one decision to the next, :math:`\delta` later, or in n payments of
:math:`(M - \text{payoff}) / (n + 1)` a period with M just after the payment, which is
:math:`1 / n` of the difference just before it. What was paid stays in the value of the
book, as cash. A short position receives it. The mark is that of a flat volatility,
since such contracts are quoted in one number: the implied one at the money, a funding
period after the end of the episode (the longest one of the book).

Formulas and sources: :mod:`hedge_env.pricing.perpetual_options`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.book.european import grid_step
from hedge_env.book.liability import Kind, Paths, rows_each
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.config.sections.liabilities import EverlastingConfig, PowerConfig
from hedge_env.market.engine.processes import MarketParams
from hedge_env.numerics.special import exp, log
from hedge_env.pricing.perpetual_options import (
    everlasting_delta,
    everlasting_gamma,
    everlasting_root,
    everlasting_sum,
    everlasting_time_value,
    everlasting_vega,
    power_growth,
    power_markup,
)

N_REMEMBERED: Final = 2  # rows of a position: funding owed at the last decision, paid


class PerpetualParams(NamedTuple):
    """Constants of the positions of one kind, arrays over them."""

    quantity: FloatArray  # [-]; negative is short
    strike: FloatArray  # of an everlasting option [S_0], power of a power perpetual [-]
    is_call: FloatArray  # 1 or 0; of a power perpetual 0
    period: FloatArray  # T [year]
    payments: FloatArray  # n; 0: funding is paid all the time
    every: FloatArray  # decisions from payment to payment; 0 without
    interval: float  # between decisions [year]


class Mark(NamedTuple):
    """Of one unit."""

    value: float
    payoff: float
    delta: float
    gamma: float
    vega: float


def everlasting_params(
    positions: Sequence[EverlastingConfig], config: EnvConfig, market: MarketParams
) -> PerpetualParams:
    """Compile everlasting options; the market does not matter to the constants."""
    strikes = [position.moneyness for position in positions]
    calls = [float(position.option == "call") for position in positions]
    return _params(positions, strikes, calls, config)


def power_params(
    positions: Sequence[PowerConfig], config: EnvConfig, market: MarketParams
) -> PerpetualParams:
    """Compile power perpetuals; the market does not matter to the constants."""
    powers = [position.power for position in positions]
    return _params(positions, powers, [0.0] * len(positions), config)


def _params(
    positions: Sequence[EverlastingConfig] | Sequence[PowerConfig],
    strikes: Sequence[float],
    calls: Sequence[float],
    config: EnvConfig,
) -> PerpetualParams:
    days = config.episode.decision_interval_hours / HOURS_PER_DAY
    periods = np.array([position.funding_days for position in positions])
    payments = np.array([position.payments or 0 for position in positions])
    each = [
        grid_step(period / number / days) if number else 0.0
        for period, number in zip(periods, payments, strict=True)
    ]
    return PerpetualParams(
        quantity=np.array([position.quantity for position in positions]),
        strike=np.array(strikes),
        is_call=np.array(calls),
        period=periods / config.episode.days_per_year,
        payments=payments.astype(np.float64),
        every=np.array(each),
        interval=config.episode.years_per_decision,
    )


@scalar_kernel
def _mark_everlasting(
    spot: float, volatility: float, since: float, k: int, p: PerpetualParams
) -> Mark:
    strike, call = p.strike[k], p.is_call[k] == 1.0
    gain = spot - strike if call else strike - spot
    payoff = gain if gain > 0.0 else 0.0
    if p.payments[k] == 0.0:
        moneyness = log(spot / strike)
        root = everlasting_root(volatility * volatility * p.period[k])
        extra = everlasting_time_value(moneyness, strike, root)
        return Mark(
            value=payoff + extra,
            payoff=payoff,
            delta=everlasting_delta(extra, moneyness, spot, root, call),
            gamma=everlasting_gamma(extra, spot, root),
            vega=everlasting_vega(extra, moneyness, root, volatility),
        )
    payments = int(p.payments[k])
    found = everlasting_sum(spot, strike, volatility, p.period[k], payments, since)
    value = found[0] if call else found[0] - spot + strike
    delta = found[1] if call else found[1] - 1.0
    return Mark(value=value, payoff=payoff, delta=delta, gamma=found[2], vega=found[3])


@scalar_kernel
def _mark_power(
    spot: float, volatility: float, since: float, k: int, p: PerpetualParams
) -> Mark:
    power, period = p.strike[k], p.period[k]
    index, growth = exp(power * log(spot)), power_growth(power, volatility)
    payments = int(p.payments[k])
    markup, slope = power_markup(growth, period, payments, since)
    value = index * markup
    return Mark(
        value=value,
        payoff=index,
        delta=power * value / spot,
        gamma=power * (power - 1.0) * value / (spot * spot),
        vega=value * slope * power * (power - 1.0) * volatility,
    )


@scalar_kernel
def _funding_due(
    owed: float, now: float, step: int, k: int, p: PerpetualParams
) -> float:
    """What a long unit pays at a decision; `owed` and `now` are mark less payoff."""
    if p.payments[k] == 0.0:
        return float(0.5 * (owed + now) * p.interval / p.period[k])
    return float(now / (p.payments[k] + 1.0)) if step % int(p.every[k]) == 0 else 0.0


@scalar_kernel
def _since(step: int, k: int, p: PerpetualParams) -> float:
    """Time since the last payment [year]."""
    return step % int(p.every[k]) * p.interval if p.payments[k] > 0.0 else 0.0


@kernel
def add_everlasting(
    rows: FloatArray,
    state: FloatArray,
    memory: FloatArray,
    paths: Paths,
    p: PerpetualParams,
    market: MarketParams,
) -> None:
    """Add value and Greeks of everlasting options; see `liability.Kind`.

    Args:
        rows: Spot and implied volatility are read; the book is added to.
        state: Of the market.
        memory: For each position mark less payoff at the decision before and what a
            long unit has paid, shape (2 n_positions, n).
        paths: Where the paths are.
        p: The positions.
        market: Their market.
    """
    spot, volatility = rows[field.SPOT], rows[field.IMPLIED_VOLATILITY]
    for k in range(p.quantity.shape[0]):
        for i in range(spot.shape[0]):
            since = _since(paths.steps[i], k, p)
            mark = _mark_everlasting(spot[i], volatility[i], since, k, p)
            _book(rows, memory, paths, mark, k, i, p)


@kernel
def add_power_perpetuals(
    rows: FloatArray,
    state: FloatArray,
    memory: FloatArray,
    paths: Paths,
    p: PerpetualParams,
    market: MarketParams,
) -> None:
    """Add value and Greeks of power perpetuals; arguments as `add_everlasting`."""
    spot, volatility = rows[field.SPOT], rows[field.IMPLIED_VOLATILITY]
    for k in range(p.quantity.shape[0]):
        for i in range(spot.shape[0]):
            since = _since(paths.steps[i], k, p)
            mark = _mark_power(spot[i], volatility[i], since, k, p)
            _book(rows, memory, paths, mark, k, i, p)


@scalar_kernel
def _book(
    rows: FloatArray,
    memory: FloatArray,
    paths: Paths,
    mark: Mark,
    k: int,
    i: int,
    p: PerpetualParams,
) -> None:
    """Settle funding where the path has arrived, and add one position to the book."""
    owed, quantity = mark.value - mark.payoff, p.quantity[k]
    if paths.arrived[i]:
        step = int(paths.steps[i])
        memory[2 * k + 1, i] += _funding_due(memory[2 * k, i], owed, step, k, p)
    memory[2 * k, i] = owed
    rows[field.BOOK_VALUE, i] += quantity * (mark.value - memory[2 * k + 1, i])
    rows[field.DELTA, i] -= quantity * mark.delta
    rows[field.GAMMA, i] -= quantity * mark.gamma
    rows[field.VEGA, i] += quantity * mark.vega


EVERLASTING = Kind(everlasting_params, rows_each(N_REMEMBERED), add_everlasting)
POWER = Kind(power_params, rows_each(N_REMEMBERED), add_power_perpetuals)
