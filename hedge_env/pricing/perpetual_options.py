r"""Options without an end: everlasting options and power perpetuals.

The holder pays funding, the difference of mark and payoff, spread over a period T: at
a constant rate, or in n payments of :math:`(\text{mark} - \text{payoff}) / n`, one
every :math:`T / n`. Without interest the mark is then a mean of European values C of
the payoff, at times that are exponential with mean T, or geometric,

.. math:: M = \frac 1 T \int_0^\infty e^{-t/T} C(t) \, dt, \quad
          M = \frac 1 n \sum_{i \ge 1} \Bigl(\frac n {n+1}\Bigr)^i C(i T / n)

(just after a payment; s later the times are shorter by s). In a market of volatility
:math:`\sigma` an *everlasting option* of strike K, call or put, is worth its payoff and

.. math:: \text{TV} = \frac K u e^{k / 2 - u |k| / 2}, \quad k = \ln S / K, \quad
          u = \sqrt{1 + \frac 8 {\sigma^2 T}},

and a *power perpetual* of index :math:`S^p`

.. math:: M = \frac{S^p}{1 - T g}, \quad M = S^p \frac x {n (1 - x)}, \quad
          x = \frac n {n+1} e^{g T / n}, \quad g = \tfrac12 p (p - 1) \sigma^2

with n payments after the second sign. The mark of a power perpetual has a pole at
:math:`T g = 1`, because the formula takes a high volatility for one that lasts; it is
cut off at a third above the index, :math:`T g = 1/4`. Where funding is paid all the
time its rate is what gamma costs,

.. math:: (M - \text{payoff}) / T = \tfrac12 \sigma^2 S^2 \, \Gamma .

Sources: White and Bankman-Fried (2021), "Everlasting options"; Robinson, White and
others (Paradigm, 2021), "Power perpetuals"; the sums and Greeks are worked out here.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.numerics.special import exp, log
from hedge_env.pricing.black_scholes import (
    call_delta,
    call_value,
    d1_of,
    gamma_of,
    vega_of,
)

_LEAST_VARIANCE = 1e-12  # sigma^2 T; below, there is no time value
_NEGLIGIBLE = 1e-12  # weight of all later payments, of the sum
_LEAST_LEFT = 0.75  # of 1 - T g


@scalar_kernel
def everlasting_root(variance: float) -> float:
    """U at the variance of one funding period, sigma^2 T."""
    least = variance if variance > _LEAST_VARIANCE else _LEAST_VARIANCE
    return float(np.sqrt(1.0 + 8.0 / least))


@scalar_kernel
def everlasting_time_value(log_moneyness: float, strike: float, root: float) -> float:
    """What an everlasting option is worth beyond its payoff, call or put.

    Args:
        log_moneyness: k, log of spot over strike.
        strike: K, in the unit of the result.
        root: u, see `everlasting_root`.
    """
    return strike / root * exp(0.5 * (log_moneyness - root * abs(log_moneyness)))


@scalar_kernel
def everlasting_delta(
    time_value: float, log_moneyness: float, spot: float, root: float, is_call: bool
) -> float:
    """Change of the value per unit of spot; at the strike the mean of both sides."""
    if log_moneyness > 0.0:
        payoff, side = (1.0 if is_call else 0.0), -root
    elif log_moneyness < 0.0:
        payoff, side = (0.0 if is_call else -1.0), root
    else:
        payoff, side = (0.5 if is_call else -0.5), 0.0
    return payoff + 0.5 * (1.0 + side) * time_value / spot


@scalar_kernel
def everlasting_gamma(time_value: float, spot: float, root: float) -> float:
    """Second derivative of the value by spot."""
    return 0.25 * (root * root - 1.0) * time_value / (spot * spot)


@scalar_kernel
def everlasting_vega(
    time_value: float, log_moneyness: float, root: float, volatility: float
) -> float:
    """Change of the value per unit of volatility."""
    least = volatility if volatility > 1e-6 else 1e-6
    slope = (root * root - 1.0) / (root * least)  # -du / d sigma
    return time_value * (1.0 / root + 0.5 * abs(log_moneyness)) * slope


@scalar_kernel
def everlasting_sum(
    spot: float,
    strike: float,
    volatility: float,
    period: float,
    payments: int,
    since: float,
) -> tuple[float, float, float, float]:
    """Call value and its delta, gamma and vega where funding is paid n times a period.

    Args:
        spot: S.
        strike: K.
        volatility: Of a unit of time.
        period: T.
        payments: n, at least 1.
        since: Time since the last payment, from 0 to less than T / n.
    """
    value, delta, gamma, vega = 0.0, 0.0, 0.0, 0.0
    k, ratio = log(spot / strike), payments / (payments + 1.0)
    weight, number = 1.0 / payments, 0
    while weight * payments > _NEGLIGIBLE:
        weight *= ratio
        number += 1
        time = number * period / payments - since
        sd = volatility * float(np.sqrt(time))
        d1 = d1_of(k, sd)
        value += weight * call_value(spot, strike, d1, sd)
        delta += weight * call_delta(d1)
        gamma += weight * gamma_of(spot, d1, sd)
        vega += weight * vega_of(spot, d1, time)
    return value, delta, gamma, vega


@scalar_kernel
def power_growth(power: float, volatility: float) -> float:
    """g, the rate at which the expected index grows."""
    return 0.5 * power * (power - 1.0) * volatility * volatility


@scalar_kernel
def power_markup(
    growth: float, period: float, payments: int, since: float
) -> tuple[float, float]:
    """Mark over index, and the change of its logarithm per unit of growth.

    Args:
        growth: g.
        period: T.
        payments: n; 0 where funding is paid all the time.
        since: Time since the last payment, see `everlasting_sum`.
    """
    if payments == 0:
        left = 1.0 - period * growth
        bounded = left < _LEAST_LEFT
        left = _LEAST_LEFT if bounded else left
        return 1.0 / left, 0.0 if bounded else period / left
    # The same bound: x is 1 / (1 + (1 - T g) / n) to first order.
    most = 1.0 / (1.0 + _LEAST_LEFT / payments)
    x = payments / (payments + 1.0) * exp(growth * period / payments)
    bounded = x > most
    x = most if bounded else x
    slope = 0.0 if bounded else period / (payments * (1.0 - x))
    return x / (payments * (1.0 - x)) * exp(-growth * since), slope - since
