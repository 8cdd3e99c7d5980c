r"""Long-run mean of the gas price.

The factors are independent at any time, so that the mean is a product. Slow and fast
factor are log-normal (a chain instead of the fast one has its own mean); the season
averages to :math:`I_0(A)`, here to second order, and the days of the week to their
own mean;
the burst is a sum of kicks of ever older steps, each shrunk by the decay :math:`d`,

.. math:: E e^b = \prod_{k \ge 0} E e^{d^k \kappa} \, E e^{d^k X}

with the response :math:`\kappa` to a return, which may contain a jump, and the spike
:math:`X`, for which :math:`E e^{a X} = 1 + q a m / (1 - a m)` at probability
:math:`q` and mean size :math:`m < 1`. The local volatility is taken at its median.

A burst that fades slowly has many steps that matter, which hardly differ: strides of
:math:`n` steps, :math:`n \ln 1/d \le` 0.1, are summed at two places,
:math:`\sqrt{(n^2 - 1) / 12}` steps before and after their middle, which have mean and
variance of the steps. That is off by less than :math:`(n \ln d)^4 / 4000`, 3e-8, of the
sum and needs 460 terms at most; where a kick loses more than 0.05 in a step,
:math:`n = 1` and nothing is off.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.market.gas.gas_price import (
    LARGEST_MOVE,
    MEAN_ABSOLUTE_NORMAL,
    GasParams,
    week_deviation,
)
from hedge_env.market.spot.jumps import JumpParams
from hedge_env.numerics.special import exp, log, normal_cdf, normal_pdf

_NEGLIGIBLE = 1e-5  # share of a kick that is left
_LEAST_DECAY = 0.1  # of log d^k from one term of the sum to the next
_LEAST_FADING = 1e-17  # of log d^k in a step: a decay can round to 1
_GRID = 0.5  # of the normal number, from -6 to 6
_N_GRID = 25
_N_JUMPS = 16  # quantiles of a jump's size, in each direction


@kernel
def mean_gas_price(
    gas: GasParams, log_mean_chain: float, jumps: JumpParams, volatility: float
) -> float:
    """Long-run mean of the gas price [gwei].

    Args:
        gas: Constants of the gas price.
        log_mean_chain: Log of the mean of the chain's exponential; 0 without one.
        jumps: Constants of spot's jumps.
        volatility: Median of the diffusive volatility [1/sqrt(year)].
    """
    log_mean = 0.5 * (gas.slow.sd**2 + gas.fast.sd**2) + 0.25 * gas.season**2
    weekday, saturday = week_deviation(False, gas), week_deviation(True, gas)
    log_mean += log((5.0 * exp(weekday) + 2.0 * exp(saturday)) / 7.0)
    log_mean += log_mean_chain
    local_sd = volatility * gas.sqrt_dt + 1e-12
    stride, left, apart, faded = _stride(gas.burst_decay)
    while True:
        response, spikes = _log_mean_kick(left * apart, gas, jumps, local_sd)
        log_mean += stride * response
        log_mean += stride * spikes
        if apart < 1.0:
            response, spikes = _log_mean_kick(left / apart, gas, jumps, local_sd)
            log_mean += stride * (response + spikes)
        left *= faded
        if left < _NEGLIGIBLE:
            break
    return gas.median * exp(log_mean)


@kernel
def _stride(decay: float) -> tuple[float, float, float, float]:
    """How to sum a kick over its steps.

    Returns:
        Steps that each place stands for, what is left of a kick in the middle of the
        first stride, its ratio from there to the places, and to the next stride.
    """
    fading = np.maximum(-log(np.maximum(decay, _NEGLIGIBLE)), _LEAST_FADING)
    if fading * 2.0 > _LEAST_DECAY:
        return 1.0, 1.0, 1.0, decay
    steps = np.floor(_LEAST_DECAY / fading)
    apart = exp(-fading * np.sqrt((steps * steps - 1.0) / 12.0))
    middle = exp(-0.5 * (steps - 1.0) * fading)
    return 0.5 * steps, middle, apart, exp(-steps * fading)


@kernel
def _log_mean_kick(
    left: float, gas: GasParams, jumps: JumpParams, local_sd: float
) -> tuple[float, float]:
    """Logs of the means of what is left of a response and of a spike."""
    response = 0.0
    if gas.response > 0.0:
        response = _log_mean_response(left * gas.response, jumps, local_sd)
    spike = left * gas.spike_size
    return response, log(1.0 + gas.spike_probability * spike / (1.0 - spike))


@kernel
def _log_mean_response(weight: float, jumps: JumpParams, local_sd: float) -> float:
    """Log of E exp(weight (move - E|z|)), over returns with and without a jump."""
    mean = 2.0 * exp(0.5 * weight * weight) * normal_cdf(weight)  # E exp(weight |z|)
    p = jumps.probability
    if p > 0.0:
        jumped, total = 0.0, 0.0
        for i in range(_N_GRID):
            z = _GRID * (i - _N_GRID // 2)
            density = normal_pdf(z)
            total += density
            jumped += density * _mean_after_jump(weight, z, jumps, local_sd)
        mean += p * (jumped / total - mean)
    return log(mean) - weight * MEAN_ABSOLUTE_NORMAL


@kernel
def _mean_after_jump(
    weight: float, z: float, jumps: JumpParams, local_sd: float
) -> float:
    """E exp(weight move) over the sizes of a jump, given the normal number."""
    up, down = 0.0, 0.0
    for i in range(_N_JUMPS):
        size = -log((i + 0.5) / _N_JUMPS) / local_sd
        rise, fall = abs(z + size * jumps.mean_up), abs(z - size * jumps.mean_down)
        up += exp(weight * np.minimum(rise, LARGEST_MOVE))
        down += exp(weight * np.minimum(fall, LARGEST_MOVE))
    p_up = jumps.probability_up
    return (p_up * up + (1.0 - p_up) * down) / _N_JUMPS
