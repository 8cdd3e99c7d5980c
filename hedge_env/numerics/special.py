"""Elementary functions as polynomials: fast in loops, the same bits on every CPU.

The C library's `exp`, `log`, ... give different last bits on processors with and
without fused multiply-add, and a call to them keeps a loop from being vectorised.
The functions here use only + - * /, square root and bit casts, which IEEE 754 fixes
exactly, and selects instead of branches, so that LLVM turns a loop over them into
vector code. Relative errors are below 5e-16, `normal_cdf` 2e-15, where the result is
a normal number. NaN gives NaN. Subnormal numbers count as zero, in and out.

The coefficients are derived by `tests/hedge_env/numerics/fit_coefficients.py`.
"""

import numpy as np

from hedge_env.base.kernel import scalar_kernel
from hedge_env.numerics.bits import add_bits, bits_to_float, float_to_bits

# (e^r - 1 - r) / r^2 on |r| <= ln(2) / 2
_EXP = (
    0.5000000000000001,
    0.16666666666666669,
    0.04166666666662413,
    0.008333333333330062,
    0.0013888888917213717,
    0.00019841269863053618,
    2.4801521295954376e-05,
    2.7557268459997064e-06,
    2.7620088445409746e-07,
    2.510038549551032e-08,
)
# (2 atanh(s) / s - 2) / s^2 in powers of s^2, |s| <= (sqrt(2) - 1) / (sqrt(2) + 1)
_LOG = (
    0.666666666666667,
    0.3999999999989938,
    0.28571428626031065,
    0.2222221112572281,
    0.18182889786191042,
    0.15331699633543858,
    0.14616721179861816,
)
# sin(2 pi r) / r in powers of r^2, |r| <= 1/8
_SIN = (
    6.283185307179586,
    -41.341702240399634,
    81.60524927594804,
    -76.70585970427454,
    42.058685020160894,
    -15.093804209987114,
    3.7808689593022957,
)
# (cos(2 pi r) - 1) / r^2 in powers of r^2, |r| <= 1/8
_COS = (
    -19.739208802178716,
    64.93939402266824,
    -85.4568172066438,
    60.24464135270201,
    -26.426253275854723,
    7.903206911569678,
    -1.6990343940660637,
)
# (z + K) e^(z^2 / 2) N(-z) in powers of t = (z - K) / (z + K), K = 5.5, 0 <= z <= 38
_CDF = (
    0.7737696342764069,
    -0.6851834205743378,
    0.5355964890624633,
    -0.36704906529359743,
    0.21787243285942468,
    -0.10970308996054472,
    0.045097580787881626,
    -0.013923510531179777,
    0.0024429829356499453,
    0.00026960371035660295,
    -0.0003245241601265229,
    7.141613102736968e-05,
    1.6325507296144495e-05,
    -1.2121901051846788e-05,
    4.3335120943261535e-07,
    1.486979936771727e-06,
    -2.4873273500408217e-07,
    -1.7693468894544393e-07,
    3.4459571562442163e-08,
    1.872112212003761e-08,
)
_CDF_SCALE = 5.5

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238  # 32 bits: times an exponent it is exact
_LN2_LOW = 1.9082149292705877e-10  # ln 2 - _LN2_HIGH
_EXP_MAX = 709.782712893384  # beyond, e^x is infinite
_EXP_MIN = -708.3964185322641  # below, e^x is subnormal: returned as 0
_INV_SQRT_2_PI = 0.3989422804014327
_TINY = 2.2250738585072014e-308  # smallest normal number
_HUGE = 1.7976931348623157e308
_ROUNDER = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to an integer

_SHIFT_EXPONENT = np.uint64(52)
_MANTISSA = np.uint64(0x000F_FFFF_FFFF_FFFF)
_SIGN = np.uint64(0x8000_0000_0000_0000)
_UPPER_HALF = np.uint64(0xFFFF_FFFF_F800_0000)  # 26 significant bits of a double
_TWO_52 = np.uint64(0x4330_0000_0000_0000)  # 2^52
_SQRT_HALF = np.uint64(0x3FE6_A09E_667F_3BCD)  # sqrt(1/2)
_ONE_OVER_SQRT_HALF = np.uint64(0x3FF0_0000_0000_0000 - 0x3FE6_A09E_667F_3BCD)
_CUBE_ROOT_START = np.uint64(0x553E_E940)  # for the best first guess
_THIRD = np.uint64(0xAAAA_AAAB)  # (2^33 + 1) / 3
_SHIFT_HALF = np.uint64(32)
_SHIFT_THIRD = np.uint64(33)
_ONE = np.uint64(1)
_SHIFT_PARITY = np.uint64(63)
_SHIFT_SECOND = np.uint64(62)


@scalar_kernel
def polynomial(x: float, coefficients: tuple[float, ...]) -> float:
    """Value of a polynomial; `coefficients` has the constant first.

    Horner's rule for the even and the odd powers apart: two short chains of
    operations run side by side where one long chain would wait for itself.
    """
    square = x * x
    n = len(coefficients)
    even = coefficients[(n - 1) // 2 * 2]
    for i in range((n - 1) // 2 - 1, -1, -1):
        even = even * square + coefficients[2 * i]
    odd = coefficients[n // 2 * 2 - 1]
    for i in range(n // 2 - 2, -1, -1):
        odd = odd * square + coefficients[2 * i + 1]
    return even + x * odd


@scalar_kernel
def _exp_of_sum(high: float, low: float) -> float:
    """e^(high + low) for |low| < 1e-3, as if the sum were not rounded."""
    # Adding _ROUNDER leaves the nearest integer k in the low bits of the sum.
    shifted = high * _LOG2_E + _ROUNDER
    k = shifted - _ROUNDER
    r = (high - k * _LN2_HIGH) - k * _LN2_LOW + low
    value = 1.0 + (r + r * r * polynomial(r, _EXP))
    # Multiply by 2^k: add k to the exponent field.
    exponent = float_to_bits(shifted) << _SHIFT_EXPONENT
    value = bits_to_float(add_bits(float_to_bits(value), exponent))
    value = value if high <= _EXP_MAX else high * np.inf  # inf, or NaN from NaN
    return 0.0 if high < _EXP_MIN else value


@scalar_kernel
def exp(x: float) -> float:
    """e^x; infinite above 709.78, and 0 below -708.39 where it is subnormal."""
    return _exp_of_sum(x, -0.0)  # x + -0.0 is x for every x: the compiler drops it


@scalar_kernel
def log_of_positive(x: float) -> float:
    """Natural logarithm of a normal, positive, finite x."""
    # x = m 2^k with m in [sqrt(1/2), sqrt(2)).
    bits = add_bits(float_to_bits(x), _ONE_OVER_SQRT_HALF)
    m = bits_to_float((bits & _MANTISSA) + _SQRT_HALF)
    k = bits_to_float((bits >> _SHIFT_EXPONENT) | _TWO_52) - 4503599627371519.0
    # ln m = 2 atanh(s) with s = f / (2 + f), arranged so that f = m - 1, which is
    # exact, is added last.
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    half_square = 0.5 * f * f
    tail = s * (half_square + z * polynomial(z, _LOG)) + k * _LN2_LOW
    return k * _LN2_HIGH - ((half_square - tail) - f)


@scalar_kernel
def log(x: float) -> float:
    """Natural logarithm; -inf at 0, NaN below it, +inf at +inf."""
    value = log_of_positive(x)
    value = value if x <= _HUGE else x
    value = -np.inf if x < _TINY else value
    return np.nan if x < 0.0 else value


@scalar_kernel
def _gauss(x: float) -> float:
    """e^(-x^2 / 2), with the rounding error of x^2 made up for."""
    # The upper half of x has an exact square; the rest is small.
    upper = bits_to_float(float_to_bits(x) & _UPPER_HALF)
    return _exp_of_sum(-0.5 * upper * upper, -0.5 * (x - upper) * (x + upper))


@scalar_kernel
def normal_pdf(x: float) -> float:
    """Density of the standard normal distribution; 0 beyond |x| = 37.6."""
    return _INV_SQRT_2_PI * _gauss(abs(x))  # as in `normal_cdf`, so computed once


@scalar_kernel
def normal_cdf(x: float) -> float:
    """Probability that a standard normal number is below x; 0 for x < -37.6.

    The tail keeps its relative accuracy. With z = abs(x), (z + K) e^(z^2 / 2) N(-z)
    is smooth in t = (z - K) / (z + K), and one polynomial in t covers all z.
    """
    z = abs(x)
    w = 1.0 / (z + _CDF_SCALE)
    tail = _gauss(z) * (w * polynomial(1.0 - 2.0 * _CDF_SCALE * w, _CDF))
    return 1.0 - tail if x > 0.0 else tail


@scalar_kernel
def tanh(x: float) -> float:
    """Hyperbolic tangent, relative accuracy also near 0."""
    z = abs(x)
    z = 20.0 if z > 20.0 else z  # tanh is 1 in double precision
    # With e = e^(-2z) - 1, found without cancellation, tanh z = -e / (e + 2).
    y = -2.0 * z
    shifted = y * _LOG2_E + _ROUNDER
    k = shifted - _ROUNDER
    r = (y - k * _LN2_HIGH) - k * _LN2_LOW
    exponent = add_bits(float_to_bits(shifted), np.uint64(1023)) << _SHIFT_EXPONENT
    power = bits_to_float(exponent)
    e = power * (r + r * r * polynomial(r, _EXP)) + (power - 1.0)
    value = float_to_bits((0.0 - e) / (e + 2.0))
    return bits_to_float(value | (float_to_bits(x) & _SIGN))


@scalar_kernel
def cube_root(x: float) -> float:
    """Cube root of a number >= 0; NaN below 0.

    Newton-like steps without division for y = x^(-1/3): with e = 1 - x y^3 small,
    y (1 - e)^(-1/3) = y (1 + e/3 + 2 e^2/9 + 14 e^3/81 + ...) is exact.
    """
    # A third of the exponent, by integer arithmetic on the upper word.
    third = ((float_to_bits(x) >> _SHIFT_HALF) * _THIRD) >> _SHIFT_THIRD
    y = bits_to_float((_CUBE_ROOT_START - third) << _SHIFT_HALF)
    for _ in range(2):
        e = 1.0 - ((x * y) * y) * y
        y = y + y * (e * (1.0 / 3.0 + e * (2.0 / 9.0 + e * (14.0 / 81.0))))
    value = (x * y) * y
    value = value if x <= _HUGE else x
    value = 0.0 if x < _TINY else value
    return np.nan if x < 0.0 else value


@scalar_kernel
def sincos_two_pi(u: float) -> tuple[float, float]:
    """Sine and cosine of 2 pi u.

    Args:
        u: Number of turns, in [0, 1); any number below 1e9 in size is accurate too.

    Returns:
        (sin, cos), with an absolute error below 1e-15.
    """
    # u = q/4 + r with |r| <= 1/8, exactly.
    shifted = 4.0 * u + _ROUNDER
    r = u - 0.25 * (shifted - _ROUNDER)
    z = r * r
    sine = r * polynomial(z, _SIN)
    cosine = 1.0 + z * polynomial(z, _COS)
    # A quarter turn swaps the two and a half turn changes both signs.
    q = float_to_bits(shifted)
    is_odd = (q & _ONE) == _ONE
    s = cosine if is_odd else sine
    c = sine if is_odd else cosine
    sine_sign = (q << _SHIFT_SECOND) & _SIGN
    cosine_sign = ((q ^ (q << _ONE)) << _SHIFT_SECOND) & _SIGN
    return (
        bits_to_float(float_to_bits(s) ^ sine_sign),
        bits_to_float(float_to_bits(c) ^ cosine_sign),
    )
