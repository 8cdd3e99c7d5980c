import math
import re
from collections.abc import Callable
from typing import Any

import mpmath as mp
import numba
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedge_env.base.kernel import scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.numerics import special
from tests.hedge_env.numerics import fit_coefficients

JIT = not numba.config.DISABLE_JIT
N = 500 if JIT else 50
needs_jit = pytest.mark.skipif(not JIT, reason="looks at the compiled code")
# Without compilation the functions work on NumPy scalars, which warn where compiled
# code silently gives inf or NaN.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@scalar_kernel
def sine(u: float) -> float:
    return special.sincos_two_pi(u)[0]


@scalar_kernel
def cosine(u: float) -> float:
    return special.sincos_two_pi(u)[1]


@scalar_kernel
def round_trip(x: float) -> float:
    return special.log(special.exp(x))


def loop_over(function: Callable[[float], float]) -> Any:
    """Compiled loop: what the functions are made for."""

    def loop(x: FloatArray, out: FloatArray) -> None:
        for i in range(x.size):
            out[i] = function(x[i])

    return numba.njit(error_model="numpy")(loop)


LOOPS = {
    "exp": loop_over(special.exp),
    "log": loop_over(special.log),
    "normal_cdf": loop_over(special.normal_cdf),
    "normal_pdf": loop_over(special.normal_pdf),
    "tanh": loop_over(special.tanh),
    "cube_root": loop_over(special.cube_root),
    "sine": loop_over(sine),
    "cosine": loop_over(cosine),
}


def evaluate(name: str, x: npt.ArrayLike) -> FloatArray:
    points = np.atleast_1d(np.asarray(x, dtype=np.float64))
    out = np.empty_like(points)
    LOOPS[name](points, out)
    return out


def uniform(low: float, high: float) -> FloatArray:
    return np.random.default_rng(1).uniform(low, high, N)


def log_uniform(low: float, high: float) -> FloatArray:
    return np.exp(uniform(low, high))


def exact_cdf(x: mp.mpf) -> mp.mpf:
    return mp.erfc(-x / mp.sqrt(2)) / 2


@pytest.mark.parametrize(
    ("name", "points", "exact", "tolerance"),
    [
        ("exp", uniform(-708.3, 709.7), mp.exp, 3e-16),
        ("exp", uniform(-1.0, 1.0), mp.exp, 3e-16),
        ("exp", uniform(-1e-9, 1e-9), mp.exp, 3e-16),
        ("log", log_uniform(-708.0, 709.0), mp.log, 3e-16),
        ("log", uniform(0.5, 2.0), mp.log, 3e-16),
        ("log", 1.0 + uniform(-1e-9, 1e-9), mp.log, 3e-16),
        ("log", (np.arange(N) + 0.5) / 2**32, mp.log, 3e-16),
        ("normal_cdf", uniform(-37.6, 8.3), exact_cdf, 2e-15),
        ("normal_cdf", uniform(-3.0, 3.0), exact_cdf, 2e-15),
        ("normal_cdf", uniform(-1e-3, 1e-3), exact_cdf, 2e-15),
        ("normal_pdf", uniform(-37.5, 37.5), mp.npdf, 5e-16),
        ("normal_pdf", uniform(-3.0, 3.0), mp.npdf, 5e-16),
        ("tanh", uniform(-23.0, 23.0), mp.tanh, 5e-16),
        ("tanh", uniform(-1.0, 1.0), mp.tanh, 5e-16),
        ("tanh", log_uniform(-300.0, 0.0), mp.tanh, 5e-16),
        ("cube_root", log_uniform(-708.0, 709.0), mp.cbrt, 5e-16),
        ("cube_root", uniform(0.0, 8.0), mp.cbrt, 5e-16),
    ],
)
def test_relative_error_against_multiple_precision(
    name: str,
    points: FloatArray,
    exact: Callable[[mp.mpf], mp.mpf],
    tolerance: float,
) -> None:
    with mp.workdps(40):
        for x, value in zip(points, evaluate(name, points), strict=True):
            expected = exact(mp.mpf(float(x)))
            error = abs(mp.mpf(float(value)) / expected - 1)
            assert error < tolerance, f"{name}({float(x)!r}): {float(error)}"


@pytest.mark.parametrize("name", ["sine", "cosine"])
def test_absolute_error_of_sine_and_cosine(name: str) -> None:
    exact = mp.sin if name == "sine" else mp.cos
    points = uniform(0.0, 1.0)
    with mp.workdps(40):
        for u, value in zip(points, evaluate(name, points), strict=True):
            error = abs(mp.mpf(float(value)) - exact(2 * mp.pi * mp.mpf(float(u))))
            assert error < 3e-16


@needs_jit
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("exp", -708.0, 709.0), ("log", 1e-6, 4.0), ("tanh", -4.0, 4.0)],
)
def test_a_dense_grid_agrees_with_numpy(name: str, low: float, high: float) -> None:
    x = np.linspace(low, high, 200_001)
    expected: FloatArray = getattr(np, name)(x)
    np.testing.assert_allclose(evaluate(name, x), expected, rtol=3e-15, atol=0.0)


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("exp", 0.0, 1.0),
        ("exp", -0.0, 1.0),
        ("exp", 709.79, np.inf),
        ("exp", 1e300, np.inf),
        ("exp", np.inf, np.inf),
        ("exp", -708.5, 0.0),
        ("exp", -1e300, 0.0),
        ("exp", -np.inf, 0.0),
        ("log", 1.0, 0.0),
        ("log", 0.0, -np.inf),
        ("log", -0.0, -np.inf),
        ("log", 1e-310, -np.inf),
        ("log", -1.0, np.nan),
        ("log", -np.inf, np.nan),
        ("log", np.inf, np.inf),
        ("normal_cdf", -40.0, 0.0),
        ("normal_cdf", -1e300, 0.0),
        ("normal_cdf", -np.inf, 0.0),
        ("normal_cdf", 9.0, 1.0),
        ("normal_cdf", 1e300, 1.0),
        ("normal_cdf", np.inf, 1.0),
        ("normal_pdf", 40.0, 0.0),
        ("normal_pdf", -np.inf, 0.0),
        ("tanh", 0.0, 0.0),
        ("tanh", 25.0, 1.0),
        ("tanh", -1e300, -1.0),
        ("tanh", np.inf, 1.0),
        ("tanh", -np.inf, -1.0),
        ("cube_root", 0.0, 0.0),
        ("cube_root", 1e-310, 0.0),
        ("cube_root", -1.0, np.nan),
        ("cube_root", np.inf, np.inf),
        ("sine", 0.0, 0.0),
        ("sine", 0.25, 1.0),
        ("sine", 0.5, 0.0),
        ("sine", 0.75, -1.0),
        ("cosine", 0.0, 1.0),
        ("cosine", 0.25, 0.0),
        ("cosine", 0.5, -1.0),
        ("cosine", 0.75, 0.0),
        *[(name, np.nan, np.nan) for name in LOOPS],
    ],
)
def test_special_values_are_exact(name: str, x: float, expected: float) -> None:
    np.testing.assert_array_equal(evaluate(name, x), [expected])


def test_the_normal_distribution_is_one_half_at_zero() -> None:
    assert evaluate("normal_cdf", 0.0)[0] == pytest.approx(0.5, rel=1e-15)


def test_the_normal_distribution_and_its_mirror_image_add_up_to_one() -> None:
    x = np.linspace(-10.0, 10.0, 201)
    total = evaluate("normal_cdf", x) + evaluate("normal_cdf", -x)
    np.testing.assert_allclose(total, 1.0, rtol=0.0, atol=1e-15)


def test_the_normal_distribution_never_falls() -> None:
    x = np.linspace(-37.7, 8.5, 5001 if JIT else 401)
    assert np.all(np.diff(evaluate("normal_cdf", x)) >= 0.0)


def test_density_is_even_and_tanh_is_odd_bit_for_bit() -> None:
    x = np.linspace(0.0, 30.0, 301)
    density = evaluate("normal_pdf", x)
    np.testing.assert_array_equal(density, evaluate("normal_pdf", -x))
    np.testing.assert_array_equal(evaluate("tanh", x), -evaluate("tanh", -x))


@given(st.floats(-700.0, 700.0))
@settings(max_examples=100)
def test_the_logarithm_undoes_the_exponential(x: float) -> None:
    assert round_trip(x) == pytest.approx(x, rel=3e-16, abs=3e-16)


@given(st.floats(0.0, 1.0, exclude_max=True))
@settings(max_examples=100)
def test_sine_and_cosine_lie_on_the_unit_circle(u: float) -> None:
    s, c = special.sincos_two_pi(u)
    assert math.hypot(s, c) == pytest.approx(1.0, rel=5e-16)
    assert special.sincos_two_pi(u + 3.0)[0] == pytest.approx(s, abs=1e-14)


@pytest.mark.parametrize("root", [1.0, 2.0, 3.0, 10.0, 1e100, 1e-100])
def test_the_cube_root_of_a_cube(root: float) -> None:
    assert evaluate("cube_root", root**3)[0] == pytest.approx(root, rel=5e-16)


def test_the_polynomial_has_the_constant_first() -> None:
    assert special.polynomial(2.0, (1.0, 10.0)) == 21.0
    assert special.polynomial(2.0, (1.0, 10.0, 100.0)) == 421.0
    assert special.polynomial(2.0, (1.0, 10.0, 100.0, 1000.0)) == 8421.0


@pytest.mark.parametrize("name", list(fit_coefficients.coefficients()))
def test_coefficients_are_those_the_fitting_script_derives(name: str) -> None:
    assert getattr(special, name) == fit_coefficients.coefficients()[name]


def test_other_constants_are_those_the_fitting_script_derives() -> None:
    ln2 = (special._LN2_HIGH, special._LN2_LOW)
    assert ln2 == fit_coefficients.ln2_parts()
    assert special._CDF_SCALE == fit_coefficients.CDF_SCALE
    start = int(special._CUBE_ROOT_START)
    error = fit_coefficients.cube_root_start_error
    assert error(start) < 0.103
    assert error(start) <= min(error(start - 64), error(start + 64))


@needs_jit
@pytest.mark.skipif(bool(numba.config.BOUNDSCHECK), reason="checks prevent vector code")
@pytest.mark.parametrize("name", list(LOOPS))
def test_a_loop_becomes_vector_code_without_calls_or_contraction(name: str) -> None:
    evaluate(name, 0.5)
    loop = LOOPS[name]
    ((_, code),) = loop.inspect_llvm().items()
    assert re.search(r"fmul <\d+ x double>", code)
    assert not re.search(r"f(mul|add|sub|div) (fast|contract|reassoc)", code)
    called = re.findall(r"call [^@]*@([\w.]+)", code)
    assert not {f for f in called if f in {"exp", "log", "erf", "pow", "sin", "cbrt"}}
    ((_, assembly),) = loop.inspect_asm().items()
    assert not re.search(r"\bvfn?m(add|sub)", assembly)
