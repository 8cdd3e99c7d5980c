r"""How much volatility moves in a record, and the market that moves as much.

What nobody recorded is modelled: above all implied volatility. A market that was fitted
to other years spreads volatility as those years did, and an estimate that trusts it
follows every burst of returns. So the spread is measured on the record itself, on the
days before the test days. With :math:`x` the log of the mean absolute return of a block
of length :math:`T`, and factors of variance :math:`v_i` and rate :math:`\kappa_i`,

.. math:: \gamma(k) = \sum_i v_i \left( c_i(k) - \bar c_i \right), \quad
          c_i(k) = e^{-\kappa_i k T} \left(
          \frac{\sinh(\kappa_i T / 2)}{\kappa_i T / 2} \right)^2, \quad k \ge 1

is the expected autocovariance about the mean of the sample, :math:`\bar c_i` the mean
of :math:`c_i` over all pairs of blocks. The variances are the non-negative least
squares of the sample's :math:`\gamma`, at the half-lives that the market has; what is
left of :math:`\gamma(0)` is the noise of one block. The level follows from the mean
square of the returns. Absolute returns, because jumps hardly move their mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import log, pi, sinh, sqrt

import numpy as np

from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.config import EnvConfig, LogOuVolatility
from hedge_env.feeds.history.clock import Clock
from hedge_env.market.engine.parameters import market_params

_DAY = 86_400  # [second]
_LONGEST_DAYS = 1461  # before the test days: four years
_FEWEST_BLOCKS = 180  # of known returns: half a year of hourly ones
_FEWEST_TICKS = 24  # of a block
_KNOWN = 0.75  # share of a block's returns
_MOST_LAGS = 60
_LEAST_DIFFUSION = 0.25  # of the variance: the rest at most is jumps
_GAUSSIAN = 0.5 * pi - 1.0  # variance of |r| over its squared mean


@dataclass(frozen=True)
class Spread:
    """Volatility of a record.

    Attributes:
        fast: Variance of the fast factor of log volatility [-].
        slow: Of the slow one [-].
        noise: Variance of log mean |r| that is no factor's, times the time it is
            the mean of [day].
        variance: Mean square of the returns [1/year].
    """

    fast: float
    slow: float
    noise: float
    variance: float


def days_before(end: int, clock: Clock, stale: BoolArray) -> BoolArray:
    """Ticks of the years before a time whose return was recorded, shape (n,).

    Older ones are another market: each crypto asset was once twice as volatile.

    Args:
        end: Unix time [second].
        clock: With n ticks.
        stale: Ticks without a price of their own, shape (n,).
    """
    known = ~(stale | np.append(True, stale[:-1]))
    since = end - _LONGEST_DAYS * _DAY
    return np.asarray(known & (clock.seconds > since) & (clock.seconds <= end))


def measured_spread(
    log_returns: FloatArray, known: BoolArray, dt_days: float, config: EnvConfig
) -> Spread | None:
    """Spread of volatility in a record; None if it is too short to tell.

    Args:
        log_returns: Of one tick each, shape (n,).
        known: Whether a price was recorded at the tick and the one before, shape (n,).
        dt_days: Between two ticks.
        config: The hedging problem, without a regime; its half-lives are taken over.
    """
    volatility = config.market.volatility
    if not isinstance(volatility, LogOuVolatility):
        return None
    ticks = max(_FEWEST_TICKS, round(1.0 / dt_days))
    blocks = _log_block_means(log_returns, known, ticks)
    blocks = np.trim_zeros(np.where(np.isfinite(blocks), blocks, 0.0))
    blocks = np.where(blocks == 0.0, np.nan, blocks)
    if np.isfinite(blocks).sum() < _FEWEST_BLOCKS:
        return None
    length = ticks * dt_days
    halves = (volatility.fast.half_life_days, volatility.slow.half_life_days)
    shapes = [_shape(log(2.0) / half, length, blocks.size) for half in halves]
    lags = min(_MOST_LAGS, blocks.size // 4)
    covariance = _autocovariance(blocks, lags)
    fast, slow = _non_negative(
        np.stack([shape[1 : lags + 1] for shape in shapes], axis=1), covariance[1:]
    )
    rest = covariance[0] - fast * shapes[0][0] - slow * shapes[1][0]
    years = dt_days / config.episode.days_per_year
    return Spread(
        fast=fast,
        slow=slow,
        noise=max(rest * length, _GAUSSIAN * dt_days),
        variance=float(np.mean(log_returns[known] ** 2)) / years,
    )


def with_spread(config: EnvConfig, spread: Spread) -> EnvConfig:
    """The market with the volatility of a record: its level and how far it moves.

    The frequency of jumps is kept, unless they alone would vary more than the record.

    Args:
        config: The hedging problem, without a regime, its volatility log-OU.
        spread: From `measured_spread`.
    """
    market = config.market
    volatility, jumps = market.volatility, market.jumps
    assert isinstance(volatility, LogOuVolatility)
    most = (1.0 - _LEAST_DIFFUSION) * spread.variance
    jumped = market_params(config).jumps.variance_rate
    if jumps is not None:
        rate = jumps.per_year * min(1.0, most / jumped if jumped > 0.0 else 1.0)
        # What volatility did at a jump is in the spread.
        jumps = jumps.model_copy(update={"per_year": rate, "volatility_jump": 0.0})
        jumped = min(jumped, most)
    hours = 0.0 if volatility.intraday is None else volatility.intraday.sd**2
    moved = float(Decimal(2.0 * (spread.fast + spread.slow + hours)).exp())
    update = {
        "level": sqrt((spread.variance - jumped) / moved),
        "fast": volatility.fast.model_copy(update={"sd": sqrt(spread.fast)}),
        "slow": volatility.slow.model_copy(update={"sd": sqrt(spread.slow)}),
    }
    changes = {"volatility": volatility.model_copy(update=update), "jumps": jumps}
    return config.model_copy(update={"market": market.model_copy(update=changes)})


def _log_block_means(
    log_returns: FloatArray, known: BoolArray, ticks: int
) -> FloatArray:
    """Log of the mean absolute return of each block; NaN where too little is known."""
    n = log_returns.size // ticks
    sizes = np.abs(log_returns[: n * ticks]).reshape(n, ticks)
    counted = known[: n * ticks].reshape(n, ticks)
    count = counted.sum(axis=1)
    total = np.where(counted, sizes, 0.0).sum(axis=1)
    enough = (count >= _KNOWN * ticks) & (total > 0.0)
    means = np.where(enough, total, 1.0) / np.maximum(count, 1)
    return np.where(enough, np.log(means), np.nan)


def _autocovariance(values: FloatArray, lags: int) -> FloatArray:
    """At lags 0 to `lags`, about the mean, over the pairs that are both known."""
    centred = values - np.nanmean(values)
    n = values.size
    pairs = (centred[: n - lag] * centred[lag:] for lag in range(lags + 1))
    return np.array([np.nanmean(products) for products in pairs])


def _shape(rate: float, length: float, n: int) -> FloatArray:
    """Autocovariance of block means of a factor of variance one, less that of the mean.

    Args:
        rate: Of its decay [1/day].
        length: Of a block [day].
        n: Number of blocks, each a lag.
    """
    x = rate * length
    shape = np.exp(-x * np.arange(n)) * (sinh(0.5 * x) / (0.5 * x)) ** 2
    shape[0] = 2.0 * (x - 1.0 + float(np.exp(-x))) / x**2
    counts = 2.0 * (n - np.arange(n))
    counts[0] = n
    return np.asarray(shape - counts @ shape / float(n) ** 2)


def _non_negative(columns: FloatArray, target: FloatArray) -> tuple[float, float]:
    """Least squares in two coefficients of which none may be negative."""
    both, *_ = np.linalg.lstsq(columns, target, rcond=None)
    if (both >= 0.0).all():
        return float(both[0]), float(both[1])
    alone = [
        max(0.0, float(column @ target) / float(column @ column))
        for column in columns.T
    ]
    left = [
        float(np.sum((target - value * column) ** 2))
        for value, column in zip(alone, columns.T, strict=True)
    ]
    return (alone[0], 0.0) if left[0] < left[1] else (0.0, alone[1])
