"""Hagan's implied volatility with beta 1."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.pricing.sabr import SabrParams, sabr_volatility


@kernel
def _fill(k: FloatArray, alpha: float, time: float, p: SabrParams, out: FloatArray):
    for i in range(k.shape[0]):
        out[i] = sabr_volatility(k[i], alpha, time, p)


def volatilities(
    k: FloatArray, alpha: float, time: float, nu: float, rho: float
) -> FloatArray:
    out = np.empty(k.size)
    _fill(k, alpha, time, SabrParams(nu, rho), out)
    return out


def exact(k: float, alpha: float, time: float, nu: float, rho: float) -> float:
    """The printed formula in fifty digits."""
    with mpmath.workdps(50):
        k, a, t, v, r = (mpmath.mpf(x) for x in (k, alpha, time, nu, rho))
        z = -v * k / a
        root = mpmath.sqrt(1 - 2 * r * z + z * z)
        ratio = z / mpmath.log((root + z - r) / (1 - r)) if z != 0 else 1
        rate = r * v * a / 4 + (2 - 3 * r * r) * v * v / 24
        return float(a * ratio * (1 + rate * t))


@pytest.mark.parametrize("rho", [-0.9, -0.4, 0.0, 0.7])
@pytest.mark.parametrize("nu", [0.1, 0.6, 3.0])
def test_it_is_hagans_formula_to_eleven_digits(nu: float, rho: float) -> None:
    size = np.array([1e-9, 1e-5, 3.3e-5, 3.4e-5, 1e-3, 0.05, 0.3, 2.0])
    k = np.concatenate([-size, [0.0], size])
    values = volatilities(k, 0.2, 0.24, nu, rho)
    expected = [exact(x, 0.2, 0.24, nu, rho) for x in k]
    np.testing.assert_allclose(values, expected, rtol=1e-11)


def test_volatility_that_does_not_move_is_implied_everywhere() -> None:
    k = np.linspace(-1.0, 1.0, 11)
    np.testing.assert_array_equal(volatilities(k, 0.35, 1.0, 0.0, -0.4), 0.35)


def test_the_smile_is_a_mirror_image_at_the_opposite_correlation() -> None:
    k = np.linspace(-0.5, 0.5, 11)
    one = volatilities(k, 0.2, 0.0, 0.8, -0.5)
    other = volatilities(-k, 0.2, 0.0, 0.8, 0.5)
    np.testing.assert_allclose(one, other, rtol=1e-13)


def test_volatility_stays_positive_at_absurd_maturities() -> None:
    k = np.linspace(-3.0, 3.0, 13)
    assert volatilities(k, 0.5, 1e4, 3.0, -0.95).min() > 0.0
