"""Scalar pricing kernels over arrays; two kernels, because compiling takes time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.pricing import black_scholes, ssvi


class Option(NamedTuple):
    """Call value and Greeks."""

    value: FloatArray
    delta: FloatArray
    gamma: FloatArray
    vega: FloatArray


class Smile(NamedTuple):
    """SSVI in one state of its factors."""

    theta: FloatArray
    rho: FloatArray
    eta: FloatArray
    w: FloatArray


def call(
    spot: npt.ArrayLike, strike: npt.ArrayLike, sd: npt.ArrayLike, years: float = 1.0
) -> Option:
    """Price calls at total standard deviation `sd`."""
    columns = [np.ravel(a) for a in np.broadcast_arrays(spot, strike, sd, years)]
    x = np.array(columns, dtype=np.float64)
    out = np.empty((4, x.shape[1]))
    _price(x, np.log(x[0] / x[1]), out)
    return Option(*out)


def smile(
    log_strike: npt.ArrayLike,
    variance: npt.ArrayLike,
    skew: npt.ArrayLike = 0.0,
    skew_mean: npt.ArrayLike = 0.0,
    curvature: npt.ArrayLike = 0.0,
    curvature_mean: npt.ArrayLike = 0.6,
) -> Smile:
    """Total variance at log strikes in a state of the surface's factors."""
    inputs = (log_strike, variance, skew, skew_mean, curvature, curvature_mean)
    columns = [np.ravel(a) for a in np.broadcast_arrays(*inputs)]
    x = np.array(columns, dtype=np.float64)
    out = np.empty((4, x.shape[1]))
    _smile(x, out)
    return Smile(*out)


@kernel
def _price(x: FloatArray, log_moneyness: FloatArray, out: FloatArray) -> None:
    for i in range(x.shape[1]):
        spot, strike, sd, years = x[0, i], x[1, i], x[2, i], x[3, i]
        d1 = black_scholes.d1_of(log_moneyness[i], sd)
        out[0, i] = black_scholes.call_value(spot, strike, d1, sd)
        out[1, i] = black_scholes.call_delta(d1)
        out[2, i] = black_scholes.gamma_of(spot, d1, sd)
        out[3, i] = black_scholes.vega_of(spot, d1, years)


@kernel
def _smile(x: FloatArray, out: FloatArray) -> None:
    for i in range(x.shape[1]):
        theta = ssvi.bounded_variance(x[1, i])
        rho = ssvi.ssvi_correlation(x[2, i], x[3, i])
        eta = ssvi.ssvi_wing(x[4, i], x[5, i])
        out[0, i], out[1, i], out[2, i] = theta, rho, eta
        out[3, i] = ssvi.ssvi_total_variance(x[0, i], theta, rho, eta)
