r"""Delta of the book at a volatility other than the one it is marked at.

Costs make a hedger act as if volatility were higher (short gamma) or lower (long
gamma). What is observed is the book's delta, not its legs, so the book is read as
:math:`q` options of the mean strike, as many as have its gamma,

.. math:: \tilde\Delta = \Delta + q [N(d_1(\tilde\sigma)) - N(d_1(\sigma))], \quad
          q = \Gamma S \sigma \sqrt\tau / N'(d_1(\sigma)).

This is exact for options of one strike and maturity on a flat surface (a call, a put,
a straddle), and close on others. Far from the strike the smile leaves no number of
options to read, so q is bounded; rules that use it are not for books of several strikes
or maturities, nor for more options than that.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.assumptions import MOST_OPTIONS
from hedge_env.numerics.special import normal_cdf, normal_pdf
from hedge_env.pricing.black_scholes import d1_of

_LEAST_DENSITY = 1e-100
LEAST_VARIANCE_RATIO = 0.01  # of the modified variance to the book's

INPUTS = (
    "delta",
    "gamma",
    "spot",
    "log_moneyness",
    "implied_volatility",
    "time_to_maturity",
)


def smoothed_delta(
    observables: Mapping[str, FloatArray], variance_ratio: FloatArray
) -> FloatArray:
    """Delta of the book at a modified volatility; see the module docstring.

    Args:
        observables: With those named in `INPUTS`.
        variance_ratio: Modified over implied variance, shape (n,) [-]; at least
            `LEAST_VARIANCE_RATIO` is used.

    Returns:
        Holdings per contract, shape (n,) [-].
    """
    volatility = observables["implied_volatility"]
    total_sd = volatility * np.sqrt(observables["time_to_maturity"])
    out: FloatArray = np.empty(total_sd.size)
    _fill_smoothed_delta(
        np.ascontiguousarray(observables["delta"]),
        observables["gamma"] * observables["spot"],
        np.ascontiguousarray(observables["log_moneyness"]),
        total_sd,
        total_sd * np.sqrt(np.maximum(variance_ratio, LEAST_VARIANCE_RATIO)),
        out,
    )
    return out


@kernel
def _fill_smoothed_delta(
    delta: FloatArray,
    gamma_spot: FloatArray,
    log_moneyness: FloatArray,
    total_sd: FloatArray,
    new_total_sd: FloatArray,
    out: FloatArray,
) -> None:
    for i in range(out.shape[0]):
        d1 = d1_of(log_moneyness[i], total_sd[i])
        shift = normal_cdf(d1_of(log_moneyness[i], new_total_sd[i])) - normal_cdf(d1)
        density = normal_pdf(d1)
        floored = density if density > _LEAST_DENSITY else _LEAST_DENSITY
        options = gamma_spot[i] * total_sd[i] / floored
        options = options if options < MOST_OPTIONS else MOST_OPTIONS
        options = options if options > -MOST_OPTIONS else -MOST_OPTIONS
        out[i] = delta[i] + options * shift
