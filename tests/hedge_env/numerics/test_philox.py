import re
from collections.abc import Callable

import numba
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hedge_env.base.types import FloatArray, IntArray
from hedge_env.numerics.philox import (
    STREAMS,
    fill_normals,
    fill_uniforms,
    philox4x32,
    stream_key,
)
from hedge_env.numerics.random_blocks import INITIAL_COUNTER
from tests.oracle.market.noise import philox

Fill = Callable[[FloatArray, IntArray, IntArray, int, np.uint32, np.uint32], None]

JIT = not numba.config.DISABLE_JIT
N = 200_000 if JIT else 300
needs_jit = pytest.mark.skipif(not JIT, reason="too many numbers without compilation")
KEY = stream_key(7, "training")
WORDS = st.integers(0, 2**32 - 1)


def normals(path_ids: npt.ArrayLike, step: int = 0, block: int = 0) -> FloatArray:
    return draw(fill_normals, path_ids, step, block)


def uniforms(path_ids: npt.ArrayLike, step: int = 0, block: int = 0) -> FloatArray:
    return draw(fill_uniforms, path_ids, step, block)


def draw(
    fill: Fill,
    path_ids: npt.ArrayLike,
    step: int,
    block: int,
    key: tuple[np.uint32, np.uint32] = KEY,
) -> FloatArray:
    ids = np.asarray(path_ids, dtype=np.int64)
    out = np.empty((4, ids.size))
    fill(out, ids, np.full(ids.size, step), block, *key)
    return out


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        (
            (0, 0, 0, 0),
            (0, 0),
            (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
        ),
        (
            (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
            (0xFFFFFFFF, 0xFFFFFFFF),
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers_of_random123(
    counter: tuple[int, int, int, int], key: tuple[int, int], expected: tuple[int, ...]
) -> None:
    assert tuple(int(word) for word in philox4x32(*counter, *key)) == expected
    assert philox(counter, key) == expected


@given(WORDS, WORDS, WORDS, WORDS, WORDS, WORDS)
@settings(max_examples=50)
def test_philox_agrees_with_the_algorithm_in_unbounded_integers(
    c0: int, c1: int, c2: int, c3: int, k0: int, k1: int
) -> None:
    words = philox4x32(c0, c1, c2, c3, np.uint32(k0), np.uint32(k1))
    assert tuple(map(int, words)) == philox((c0, c1, c2, c3), (k0, k1))


@pytest.mark.parametrize("path_id", [0, 1, 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1])
@pytest.mark.parametrize("step", [0, 1, INITIAL_COUNTER])
def test_uniforms_are_the_words_of_path_step_and_block(path_id: int, step: int) -> None:
    counter = (path_id % 2**32, path_id >> 32, step, 5)
    words = philox(counter, (int(KEY[0]), int(KEY[1])))
    expected = [[(word + 0.5) / 2**32] for word in words]
    np.testing.assert_array_equal(uniforms([path_id], step, block=5), expected)


def test_normals_are_the_box_muller_transform_of_the_uniforms() -> None:
    ids = np.arange(200)
    u1, u2, u3, u4 = uniforms(ids)
    z1, z2, z3, z4 = normals(ids)
    for u, v, a, b in ((u1, u2, z1, z2), (u3, u4, z3, z4)):
        radius = np.sqrt(-2.0 * np.log(u))
        np.testing.assert_allclose(a, radius * np.cos(2 * np.pi * v), atol=1e-14)
        np.testing.assert_allclose(b, radius * np.sin(2 * np.pi * v), atol=1e-14)


@pytest.mark.parametrize("fill", [fill_uniforms, fill_normals])
def test_a_path_is_the_same_alone_in_a_batch_and_in_any_order(
    fill: Fill,
) -> None:
    ids = np.arange(100, 175)
    batch = draw(fill, ids, 3, 1)
    order = np.random.default_rng(0).permutation(ids.size)
    np.testing.assert_array_equal(draw(fill, ids[order], 3, 1), batch[:, order])
    for n in (1, 2, 3, 5, 8, 13):
        np.testing.assert_array_equal(draw(fill, ids[:n], 3, 1), batch[:, :n])


def test_each_path_has_its_own_step() -> None:
    ids, steps = np.array([4, 5, 6]), np.array([0, 9, INITIAL_COUNTER])
    out = np.empty((4, 3))
    fill_normals(out, ids, steps, 2, *KEY)
    for i in range(3):
        alone = normals([ids[i]], int(steps[i]), block=2)
        np.testing.assert_array_equal(out[:, [i]], alone)


def test_layout_and_integer_types_change_nothing() -> None:
    ids, steps = np.arange(37), np.full(37, 11)
    expected = normals(ids, 11)
    wide = np.full((4, 74), np.nan)
    fill_normals(wide[:, ::2], ids.astype(np.uint64), steps, 0, *KEY)
    np.testing.assert_array_equal(wide[:, ::2], expected)
    assert np.isnan(wide[:, 1::2]).all()
    rows = np.empty((9, 37))
    fill_normals(rows[3:7], ids, steps, 0, *KEY)
    np.testing.assert_array_equal(rows[3:7], expected)


def test_paths_steps_blocks_seeds_and_streams_share_no_numbers() -> None:
    ids = np.arange(50)
    draws = [uniforms(ids + 50 * i) for i in range(3)]
    draws += [uniforms(ids, step) for step in (1, 2, INITIAL_COUNTER)]
    draws += [uniforms(ids, 0, block) for block in (1, 2)]
    draws += [draw(fill_uniforms, ids, 0, 0, stream_key(7, s)) for s in STREAMS[1:]]
    draws += [draw(fill_uniforms, ids, 0, 0, stream_key(8, "training"))]
    numbers = np.concatenate([d.ravel() for d in draws])
    # 2200 numbers of 32 bits: a chance of 1 in 2000 for one pair to be equal.
    assert np.unique(numbers).size == numbers.size


def test_stream_keys_are_those_of_the_first_release() -> None:
    # A change here changes every path of every user.
    assert [tuple(map(int, stream_key(0, s))) for s in STREAMS] == [
        (3757552657, 2018376492),
        (673228719, 1136656250),
        (3241444873, 3830689794),
    ]
    assert all(word.dtype == np.uint32 for word in stream_key(2**100, "test"))


def test_a_bad_seed_or_stream_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="stream 'trial' is unknown; choose from"):
        stream_key(0, "trial")
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        stream_key(-1, "training")


def test_extreme_words_give_finite_numbers() -> None:
    largest = np.sqrt(-2.0 * np.log(0.5 / 2**32))
    assert 6.76 < largest < 6.77
    assert 2 * stats.norm.sf(largest) == pytest.approx(1 / 7e10, rel=0.1)


@needs_jit
def test_uniforms_are_uniform() -> None:
    u = uniforms(np.arange(N))
    assert u.min() > 0.0
    assert u.max() < 1.0
    for row in u:
        assert stats.kstest(row, "uniform").pvalue > 1e-4


@needs_jit
def test_normals_are_standard_normal() -> None:
    z = normals(np.arange(N), step=17)
    for row in z:
        assert stats.kstest(row, "norm").pvalue > 1e-4
        assert abs(row.mean()) < 4.0 / np.sqrt(N)
        assert abs(row.var() - 1.0) < 4.0 * np.sqrt(2.0 / N)
        assert abs((row**3).mean()) < 4.0 * np.sqrt(15.0 / N)
        assert abs((row**4).mean() - 3.0) < 4.0 * np.sqrt(96.0 / N)


@needs_jit
def test_numbers_of_a_path_its_neighbours_and_its_steps_are_uncorrelated() -> None:
    ids = np.arange(N)
    rows = np.vstack(
        [normals(ids), normals(ids + 1), normals(ids, 1), normals(ids, 0, 1)]
    )
    for values in (rows, rows**2):
        correlation = np.corrcoef(values) - np.eye(len(rows))
        # `ids + 1` are the same paths, shifted: independent columns all the same.
        assert np.abs(correlation).max() < 5.0 / np.sqrt(N)


@needs_jit
@pytest.mark.skipif(bool(numba.config.BOUNDSCHECK), reason="checks prevent vector code")
def test_rounds_and_transform_become_vector_code() -> None:
    ids, out = np.arange(3), np.empty((4, 3))
    for filled, pattern in (
        (fill_uniforms, r"mul (nuw )?(nsw )?<\d+ x i64>"),
        (fill_normals, r"call <\d+ x double> @llvm\.sqrt"),
    ):
        fresh = numba.njit(error_model="numpy")(filled.py_func)
        fresh(out, ids, ids, 0, *KEY)
        ((_, code),) = fresh.inspect_llvm().items()
        assert re.search(pattern, code)
