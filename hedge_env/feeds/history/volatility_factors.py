r"""Estimates the factors of log volatility from recorded returns.

With two exponentially weighted means :math:`M_a, M_b` of absolute returns, whose usual
value is :math:`M`,

.. math:: y_i = \ln \frac{M_i}{M}

is, to first order, the weighted mean of the factors :math:`f + s` over the past plus
noise. The estimates of :math:`f` and :math:`s` are the linear functions of
:math:`y_a, y_b` with the least mean squared error. With rates :math:`k` of a factor of
variance :math:`v` and :math:`a, b` of the weights,

.. math:: \mathrm{cov}(f, y_a) = v \frac{a}{a + k}, \quad
          \mathrm{cov}(y_a, y_b) = \sum_{k, v} v \frac{a b}{a + b}
          \left( \frac1{a + k} + \frac1{b + k} \right) + n \frac{a b}{a + b}

where :math:`n` is the noise of one absolute return times the time between two. The
variances and the noise are those of the record (see `dispersion`), or of the market
where the record is too short. An estimate is calmer than what it estimates: the weights
shrink it to the mean. Jumps hardly move the mean of absolute returns.
"""

from __future__ import annotations

from decimal import Decimal
from math import log, pi, sqrt
from typing import Any

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.config import HOURS_PER_DAY, EnvConfig, LogOuVolatility, RegimeConfig
from hedge_env.feeds.history.dispersion import Spread
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.spot.regime import depth_law
from hedge_env.numerics.beta import beta_quantiles
from hedge_env.numerics.ornstein_uhlenbeck import half_life_decay

_HALF_LIVES = (7.0, 30.0)  # of the two means [day]
_STANDSTILL = 1e-3  # of the usual absolute return, below which no market falls
_NOISE = 1.0  # variance of |r| over its squared local mean: r has a kurtosis of six


def without_regime(config: EnvConfig) -> EnvConfig:
    r"""The same market, in which calm and stress are moves of the slow factor.

    Which of the two a recorded day belonged to is not recorded, but returns tell its
    volatility. A chain that multiplies volatility by m in a share q of the time adds to
    its logarithm the mean q ln m and the variance q (1 - q) ln^2 m, which the level and
    the slow factor take over; half-lives are averaged, weighted by variance. Where
    volatility takes its time, mean and variance are those of ln(1 + (m^2 - 1) y) / 2.
    The mean frequency of jumps is kept.

    Args:
        config: The hedging problem, whatever its market.
    """
    market = config.market
    regime, volatility, jumps = market.regime, market.volatility, market.jumps
    if regime is None:
        return config
    share = regime.stress_days / (regime.calm_days + regime.stress_days)
    changes: dict[str, Any] = {"regime": None}
    if isinstance(volatility, LogOuVolatility):
        shift, added, days = _chain_of_logs(regime, share)
        own = volatility.slow.sd**2
        mean = own * volatility.slow.half_life_days + added * days
        slow = {"sd": sqrt(own + added)}
        if own + added > 0.0:
            slow["half_life_days"] = mean / (own + added)
        level = volatility.level * float(Decimal(shift).exp())
        slower = volatility.slow.model_copy(update=slow)
        update = {"level": level, "slow": slower}
        changes["volatility"] = volatility.model_copy(update=update)
    if jumps is not None:
        rate = jumps.per_year * (1.0 + (regime.jumps - 1.0) * share)
        changes["jumps"] = jumps.model_copy(update={"per_year": rate})
    return config.model_copy(update={"market": market.model_copy(update=changes)})


def _chain_of_logs(regime: RegimeConfig, share: float) -> tuple[float, float, float]:
    """Mean and variance of what a chain adds to log volatility, and half-life [day]."""
    multiple = float(Decimal(regime.volatility).ln())
    days = log(2.0) / (1.0 / regime.calm_days + 1.0 / regime.stress_days)
    if regime.volatility_half_life_days is None:
        return share * multiple, share * (1.0 - share) * multiple**2, days
    depths = beta_quantiles(*depth_law(regime))
    excess = regime.volatility**2 - 1.0
    logs = np.array([0.5 * log(1.0 + excess * y) for y in depths])
    logs = 0.5 * (logs[1:] + logs[:-1])
    mean = float(logs.mean())
    spread = float(((logs - mean) ** 2).mean())
    return mean, spread, days + regime.volatility_half_life_days


def mean_squares(
    log_returns: FloatArray, half_life_days: float, dt_days: float, p: MarketParams
) -> FloatArray:
    """Exponentially weighted squared returns, shape (n,) [1/year].

    Args:
        log_returns: Of the tick before each tick, shape (n,).
        half_life_days: Of the weights.
        dt_days: Between two ticks.
        p: The market; the first value is its usual variance.
    """
    decay = half_life_decay(half_life_days, dt_days)
    years = p.price.dt * dt_days / _market_step_days(p)
    usual = usual_variance(p) + p.jumps.variance_rate
    return weighted_sum((1.0 - decay) / years * log_returns**2, decay, usual)


def usual_variance(p: MarketParams) -> float:
    """Diffusive variance L at zero factors, the intraday one averaged [1/year].

    A mean square over days sees the mean of exp(2 i) of the intraday factor i.
    """
    mean = float(Decimal(2.0 * p.volatility.intraday.sd**2).exp())
    return p.volatility.level**2 * mean


@kernel
def weighted_sum(x: FloatArray, decay: float, start: float) -> FloatArray:
    """Sums `decay * last + x`, shape (n,); the first entry is `start` alone."""
    out = np.empty_like(x)
    total = start
    out[0] = total
    for i in range(1, x.shape[0]):
        total = decay * total + x[i]
        out[i] = total
    return out


def volatility_factors(
    log_returns: FloatArray,
    dt_days: float,
    config: EnvConfig,
    p: MarketParams,
    base: BoolArray,
    spread: Spread | None,
) -> FloatArray:
    """Estimates of the fast and the slow factor at each tick.

    Args:
        log_returns: Of the tick before each tick, shape (n,).
        dt_days: Between two ticks.
        config: The hedging problem.
        p: The same, compiled.
        base: Ticks that `spread` was measured on, shape (n,).
        spread: Of the record; None: what is usual is what the market says.

    Returns:
        Shape (2, n) [-]; zero where volatility is constant.
    """
    volatility = config.market.volatility
    if not isinstance(volatility, LogOuVolatility):
        return np.zeros((2, log_returns.size))
    sizes = np.abs(log_returns)
    usual = _usual_size(sizes[base], p, dt_days)
    start = usual if spread is None else float(np.mean(sizes[base]))
    y = np.empty((2, log_returns.size))
    for i, half_life in enumerate(_HALF_LIVES):
        decay = half_life_decay(half_life, dt_days)
        means = weighted_sum((1.0 - decay) * sizes, decay, start)
        y[i] = np.log(np.maximum(means, _STANDSTILL * start) / usual)
        if spread is not None:
            y[i] -= np.mean(y[i, base])
    fast, slow = p.volatility.fast.sd**2, p.volatility.slow.sd**2
    noise = _NOISE * dt_days if spread is None else spread.noise
    factors = [
        (volatility.fast.half_life_days, fast),
        (volatility.slow.half_life_days, slow),
    ]
    return _loadings(factors, _HALF_LIVES, noise) @ y


def _usual_size(sizes: FloatArray, p: MarketParams, dt_days: float) -> float:
    """Mean absolute return over a tick at zero factors, given its shape [-].

    The mean square is the market's; mean over root mean square is the record's.
    """
    years = p.price.dt * dt_days / _market_step_days(p)
    square = float(np.mean(sizes**2)) if sizes.size else 0.0
    shape = float(np.mean(sizes)) / sqrt(square) if square > 0.0 else sqrt(2.0 / pi)
    return shape * sqrt((usual_variance(p) + p.jumps.variance_rate) * years)


def _loadings(
    factors: list[tuple[float, float]], halves: tuple[float, float], noise: float
) -> FloatArray:
    """Least-squares weights of the two means, shape (2 factors, 2)."""
    a, b = (log(2.0) / half_life for half_life in halves)
    rates = np.array([a, b])
    both = np.outer(rates, rates) / np.add.outer(rates, rates)
    covariance = noise * both
    shared = np.empty((2, 2))
    for row, (half_life, variance) in enumerate(factors):
        k = log(2.0) / half_life
        inverse = 1.0 / (rates + k)
        covariance = covariance + variance * both * np.add.outer(inverse, inverse)
        shared[row] = variance * rates * inverse
    return np.asarray(np.linalg.solve(covariance, shared.T).T)


def _market_step_days(p: MarketParams) -> float:
    return p.clock.hours_per_step / HOURS_PER_DAY
