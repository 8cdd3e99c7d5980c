r"""No-trade bands in closed form, used by rules and by action decoding.

All lengths are in holdings. With one-way proportional cost :math:`c`, fixed cost
:math:`F`, spot :math:`S`, gamma :math:`\Gamma` and absolute risk aversion
:math:`g` of exponential utility, the long-run average of
:math:`(g/2) \sigma^2 S^2 y^2` (y: holdings minus delta) plus cost per unit time is

.. math:: f(h, w) = \frac{g}{12} (h^2 + w^2)
          + \Gamma^2 \frac{F + c S (h - w)}{h^2 - w^2}

for trading from :math:`h` back to :math:`w`; volatility drops out. With
:math:`p = h + w`, :math:`a^3 = 12 \Gamma^2 c S / g`, :math:`b^4 = 12 \Gamma^2 F / g`
its minimum solves one equation in one unknown:

.. math:: (p^3 - a^3)^3 = b^8 p, \quad h - w = \sqrt{p^2 - a^3 / p}.

:math:`F = 0` gives Whalley and Wilmott's :math:`h = w = a / 2`, and :math:`c = 0`
gives :math:`h = b, w = 0`.

Sources: Whalley and Wilmott (1997), Mathematical Finance 7(3), for :math:`F = 0`;
the general case is derived from :math:`f` above by setting both derivatives to zero.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.numerics.special import cube_root, exp, log

_TINY = 1e-150  # keeps a band of width zero from being zero over zero
_LOG_TEN = 2.302585092994046
_TWO_BP = 2e-4


@scalar_kernel
def _newton_step(z: float, a3: float, beta: float) -> float:
    """One step for z^9 = a3 + beta z from above its root."""
    z2 = z * z
    z4 = z2 * z2
    z8 = z4 * z4
    return z - (z8 * z - beta * z - a3) / (9.0 * z8 - beta)


@scalar_kernel
def band_scales(
    gamma: float, spot: float, fixed_cost: float, cost_rate: float, g: float
) -> tuple[float, float]:
    """Cube a^3 and fourth power b^4 of the two length scales of the band."""
    scale = 12.0 * gamma * gamma / g
    return scale * cost_rate * spot + _TINY, scale * fixed_cost


@scalar_kernel
def band_root(a3: float, b4: float) -> float:
    """Cube root z of p, from z^9 = a^3 + b^(8/3) z.

    The derivative at the root is never small. Newton's method from the upper bound
    p = a + b converges from above; its steps are written out because a loop would
    not be vectorised.
    """
    beta = cube_root(b4 * b4)
    z = cube_root(cube_root(a3) + np.sqrt(np.sqrt(b4)))
    z = _newton_step(z, a3, beta)
    z = _newton_step(z, a3, beta)
    z = _newton_step(z, a3, beta)
    z = _newton_step(z, a3, beta)
    return _newton_step(z, a3, beta)


@scalar_kernel
def band_edges(z: float, b4: float) -> tuple[float, float]:
    """Half-width h and inner target w; h - w = b^(4/3) / z has no cancellation."""
    p = z * z * z
    gap = cube_root(b4) / z
    gap = gap if gap < p else p  # rounding, where there is no proportional cost
    return 0.5 * (p + gap), 0.5 * (p - gap)


def whalley_wilmott_half_width(
    gamma: FloatArray,
    spot: FloatArray,
    cost_rate: FloatArray | float,
    risk_aversion: FloatArray | float,
) -> FloatArray:
    r"""Half-width of the Whalley-Wilmott band, trade to the nearest edge.

    .. math:: h = \left( \frac{3 c S \Gamma^2}{2 g} \right)^{1/3}

    Args:
        gamma: Change of delta per unit of spot, shape (n,) [1/quote].
        spot: Price, shape (n,) [quote].
        cost_rate: One-way cost c per traded value, at least 0 [-].
        risk_aversion: g, positive [1/quote].

    Returns:
        Half-width in holdings, shape (n,) [-].

    Raises:
        ValueError: If `risk_aversion` is not positive.

    Source:
        Whalley and Wilmott (1997), Mathematical Finance 7(3), 307-324.
    """
    half_width, _ = fixed_and_proportional_band(
        gamma, spot, 0.0, cost_rate, risk_aversion
    )
    return half_width


def fixed_cost_half_width(
    gamma: FloatArray,
    fixed_cost: FloatArray | float,
    risk_aversion: FloatArray | float,
) -> FloatArray:
    r"""Half-width for a fixed cost alone, trade to the centre.

    .. math:: h = (12 F \Gamma^2 / g)^{1/4}

    Args:
        gamma: Change of delta per unit of spot, shape (n,) [1/quote].
        fixed_cost: F, at least 0 [quote].
        risk_aversion: g, positive [1/quote].

    Returns:
        Half-width in holdings, shape (n,) [-].

    Raises:
        ValueError: If `risk_aversion` is not positive.
    """
    half_width, _ = fixed_and_proportional_band(
        gamma, np.ones_like(gamma), fixed_cost, 0.0, risk_aversion
    )
    return half_width


def fixed_and_proportional_band(
    gamma: FloatArray,
    spot: FloatArray,
    fixed_cost: FloatArray | float,
    proportional_cost: FloatArray | float,
    risk_aversion: FloatArray | float,
) -> tuple[FloatArray, FloatArray]:
    """Half-width and inner target of the band for both costs.

    Args:
        gamma: Change of delta per unit of spot, shape (n,) [1/quote].
        spot: Price, shape (n,) [quote].
        fixed_cost: F per transaction, at least 0 [quote].
        proportional_cost: c per traded value, one way, at least 0 [-].
        risk_aversion: g of exponential utility, positive [1/quote]; an objective
            of variance with weight lambda has g = 2 lambda.

    Returns:
        Half-width h and inner distance w <= h, each shape (n,) [-]: outside
        delta +- h trade back to delta +- w.

    Raises:
        ValueError: If `risk_aversion` is not positive.
    """
    if not np.all(np.asarray(risk_aversion) > 0.0):
        raise ValueError("risk_aversion must be positive; pass g > 0")
    n = np.asarray(gamma).size
    half_width, inner = np.empty(n), np.empty(n)
    gammas, spots, fixed, rates, g = (
        np.ascontiguousarray(np.broadcast_to(values, n), dtype=np.float64)
        for values in (gamma, spot, fixed_cost, proportional_cost, risk_aversion)
    )
    _fill_bands(gammas, spots, fixed, rates, g, half_width, inner)
    return half_width, inner


@kernel
def _fill_bands(
    gamma: FloatArray,
    spot: FloatArray,
    fixed_cost: FloatArray,
    cost_rate: FloatArray,
    g: FloatArray,
    half_width: FloatArray,
    inner: FloatArray,
) -> None:
    """Write both distances; one output a loop, so that the compiler vectorises."""
    scratch = np.empty((3, gamma.shape[0]))
    a3, b4, z = scratch[0], scratch[1], scratch[2]
    for i in range(gamma.shape[0]):
        a3[i] = band_scales(gamma[i], spot[i], fixed_cost[i], cost_rate[i], g[i])[0]
    for i in range(gamma.shape[0]):
        b4[i] = band_scales(gamma[i], spot[i], fixed_cost[i], cost_rate[i], g[i])[1]
    for i in range(gamma.shape[0]):
        z[i] = band_root(a3[i], b4[i])
    for i in range(gamma.shape[0]):
        half_width[i] = band_edges(z[i], b4[i])[0]
    for i in range(gamma.shape[0]):
        inner[i] = band_edges(z[i], b4[i])[1]


@kernel
def fill_effective_risk_aversion(
    log_risk_aversion: FloatArray,
    mean_fixed_cost: FloatArray,
    risk_scale: float,
    out: FloatArray,
) -> None:
    r"""Absolute risk aversion g of the analytic band for objective weights lambda.

    .. math:: g = 2 \lambda m (\lambda / 10)^{0.235}
              (\bar F / 2 bp + 0.05)^{-0.2} / 1.05^{-0.2}

    In the long run g = 2 lambda; over an option's life, decided on every few hours,
    the best multiple of it is not 1. The exponent of lambda is a fit to the best
    bands of the reference market (g = 4.64, 33.6, 248 at lambda 2, 10, 50); the
    factor in the mean fixed cost is one to the best `risk_scale` of the other
    presets, 1.1 at 20 bp to 3.5 without fixed cost. Both are worth up to 1 % of J.

    Args:
        log_risk_aversion: Natural logarithm of lambda, shape (n,).
        mean_fixed_cost: Long-run fixed cost of a trade, shape (n,) [notional].
        risk_scale: m, best g / (2 lambda) at lambda = 10 and 2 bp [-].
        out: g, shape (n,), written [1/notional].
    """
    for i in range(out.shape[0]):
        aversion = 1.235 * (log_risk_aversion[i] - _LOG_TEN) + _LOG_TEN
        cost = log((mean_fixed_cost[i] / _TWO_BP + 0.05) / 1.05)
        out[i] = 2.0 * risk_scale * exp(aversion - 0.2 * cost)
