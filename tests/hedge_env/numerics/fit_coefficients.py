"""Derive the polynomial coefficients of `hedge_env.numerics` with mpmath.

Run `python -m tests.hedge_env.numerics.fit_coefficients` to print them. Each polynomial
interpolates a smooth function at Chebyshev nodes in 60-digit arithmetic, which is
within a small factor of the best approximation of that degree; the coefficients are
then rounded to double precision.
"""

import sys
from collections.abc import Callable

import mpmath as mp
import numpy as np

mp.mp.dps = 60

SQRT2 = mp.sqrt(2)
CDF_SCALE = mp.mpf("5.5")  # the best of several for this degree


def fit(
    function: Callable[[mp.mpf], mp.mpf], low: mp.mpf, high: mp.mpf, degree: int
) -> tuple[float, ...]:
    """Coefficients, constant first, of the interpolant at Chebyshev nodes."""
    n = degree + 1
    nodes = [mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    x = [(low + high) / 2 + (high - low) / 2 * node for node in nodes]
    matrix = mp.matrix(n, n)
    for i in range(n):
        for j in range(n):
            matrix[i, j] = x[i] ** j
    solution = mp.lu_solve(matrix, mp.matrix([function(v) for v in x]))
    return tuple(float(c) for c in solution)


def exp_tail(r: mp.mpf) -> mp.mpf:
    """(e^r - 1 - r) / r^2."""
    return (mp.expm1(r) - r) / r**2 if r else mp.mpf(1) / 2


def log_tail(z: mp.mpf) -> mp.mpf:
    """(2 atanh(s) / s - 2) / s^2 at s = sqrt(z)."""
    s = mp.sqrt(z)
    return (2 * mp.atanh(s) / s - 2) / z


def sin_series(z: mp.mpf) -> mp.mpf:
    """sin(2 pi r) / r at r = sqrt(z)."""
    r = mp.sqrt(z)
    return mp.sin(2 * mp.pi * r) / r


def cos_tail(z: mp.mpf) -> mp.mpf:
    """(cos(2 pi r) - 1) / r^2 at r = sqrt(z)."""
    return -2 * mp.sin(mp.pi * mp.sqrt(z)) ** 2 / z


def cdf_tail(t: mp.mpf) -> mp.mpf:
    """(z + K) exp(z^2/2) N(-z) at z = K (1 + t) / (1 - t), K = CDF_SCALE."""
    if t == 1:
        return 1 / mp.sqrt(2 * mp.pi)
    z = CDF_SCALE * (1 + t) / (1 - t)
    return (z + CDF_SCALE) * mp.exp(z**2 / 2) * mp.erfc(z / SQRT2) / 2


def ln2_parts() -> tuple[float, float]:
    """The first 32 bits of ln 2, and the rest."""
    high = mp.floor(mp.log(2) * 2**32) / 2**32
    return float(high), float(mp.log(2) - high)


def cube_root_start_error(start: int) -> float:
    """Largest abs(1 - x y^3) of the first guess y of `cube_root`, over one period."""
    x = np.exp2(np.linspace(0.0, 3.0, 6001))
    third = (x.view(np.uint64) >> np.uint64(32)) // np.uint64(3)
    y = ((np.uint64(start) - third) << np.uint64(32)).view(np.float64)
    return float(np.abs(1.0 - x * y**3).max())


def cube_root_start() -> int:
    """Integer, to a multiple of 64, for which `cube_root_start_error` is smallest."""
    # If exponent and mantissa were one logarithm, it would be 4/3 of the bits of 1.
    exact = 0x3FF0_0000 // 3 * 4
    return min(range(exact - 0x2_0000, exact, 64), key=cube_root_start_error)


def coefficients() -> dict[str, tuple[float, ...]]:
    """All tables by the name they have in `hedge_env.numerics.special`."""
    half_ln2 = mp.log(2) / 2 * mp.mpf("1.0001")
    s_max = (SQRT2 - 1) / (SQRT2 + 1) * mp.mpf("1.0001")
    eighth = mp.mpf(1) / 8
    z_max = mp.mpf(38)
    t_max = (z_max - CDF_SCALE) / (z_max + CDF_SCALE)
    return {
        "_EXP": fit(exp_tail, -half_ln2, half_ln2, 9),
        "_LOG": fit(log_tail, mp.mpf(0), s_max**2, 6),
        "_SIN": fit(sin_series, mp.mpf(0), eighth**2, 6),
        "_COS": fit(cos_tail, mp.mpf(0), eighth**2, 6),
        "_CDF": fit(cdf_tail, mp.mpf(-1), t_max, 19),
    }


if __name__ == "__main__":
    for name, values in coefficients().items():
        lines = "".join(f"    {value!r},\n" for value in values)
        sys.stdout.write(f"{name} = (\n{lines})\n")
    sys.stdout.write(f"_LN2_HIGH, _LN2_LOW = {ln2_parts()}\n")
    sys.stdout.write(f"_CUBE_ROOT_START = {cube_root_start():#x}\n")
