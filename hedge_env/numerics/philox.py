"""Counter-based random numbers: a path is a pure function of its name.

Philox4x32-10 turns a 128-bit counter and a 64-bit key into four 32-bit numbers by
ten rounds of multiplication, with no state. The key says seed and stream, the counter
says (path, market step, block), so the numbers of a path depend neither on the batch
it is in nor on who drew before.

Source:
    Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2,
    3", SC11; the test vectors are those of their Random123 library.
"""

import numpy as np

from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.numerics.bits import bits_to_float
from hedge_env.numerics.special import log_of_positive, sincos_two_pi

STREAMS = ("training", "validation", "test")

# Everything is held in 64-bit words: a product of two 32-bit numbers fits, and numba
# turns any mix with signed or 32-bit integers into floating-point numbers.
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_LOWER = np.uint64(0xFFFF_FFFF)
_SHIFT = np.uint64(32)
_TWO_52 = np.uint64(0x4330_0000_0000_0000)  # the double 2^52
_N_ROUNDS = 10

Word = np.uint64 | np.uint32 | int


def stream_key(seed: int, stream: str) -> tuple[np.uint32, np.uint32]:
    """Key of the random numbers of one seed and one stream.

    Args:
        seed: Any integer >= 0.
        stream: One of `STREAMS`; streams share no numbers.

    Returns:
        The two words of the Philox key.

    Raises:
        ValueError: If `seed` is negative or `stream` is unknown.
    """
    if stream not in STREAMS:
        raise ValueError(f"stream {stream!r} is unknown; choose from {STREAMS}")
    if seed < 0:
        raise ValueError(f"seed must be at least 0, got {seed}")
    sequence = np.random.SeedSequence(seed, spawn_key=(STREAMS.index(stream),))
    words = sequence.generate_state(2, np.uint32)
    return words[0], words[1]


@scalar_kernel
def philox4x32(
    c0: Word, c1: Word, c2: Word, c3: Word, k0: Word, k1: Word
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Four random 32-bit numbers for a counter and a key.

    Args:
        c0: Counter word, an integer in [0, 2^32).
        c1: Counter word.
        c2: Counter word.
        c3: Counter word.
        k0: Key word.
        k1: Key word.

    Returns:
        Four numbers in [0, 2^32), as 64-bit words.
    """
    x0, x1, x2, x3 = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    key_0, key_1 = np.uint64(k0), np.uint64(k1)
    for _ in range(_N_ROUNDS):
        product_0 = _MULTIPLIER_0 * x0
        product_1 = _MULTIPLIER_1 * x2
        x0 = (product_1 >> _SHIFT) ^ x1 ^ key_0
        x2 = (product_0 >> _SHIFT) ^ x3 ^ key_1
        x1 = product_1 & _LOWER
        x3 = product_0 & _LOWER
        key_0 = (key_0 + _WEYL_0) & _LOWER
        key_1 = (key_1 + _WEYL_1) & _LOWER
    return x0, x1, x2, x3


@scalar_kernel
def _to_uniform(word: np.uint64) -> float:
    """(word + 1/2) / 2^32, in (0, 1) and symmetric around 1/2."""
    # As bits, 2^52 + word is the pattern of 2^52 with `word` in its low bits.
    return (bits_to_float(word | _TWO_52) - 4503599627370495.5) * 2.0**-32


@kernel
def fill_uniforms(
    out: FloatArray,
    path_ids: IntArray,
    counters: IntArray,
    block: int,
    k0: np.uint32,
    k1: np.uint32,
) -> None:
    """Four independent uniform numbers in (0, 1) for each path.

    Args:
        out: Receives the numbers, shape (4, n), C-contiguous for speed.
        path_ids: Which path each column belongs to, shape (n,), >= 0.
        counters: Market step of each path, shape (n,), in [0, 2^32).
        block: Which four numbers of that step, in [0, 2^32).
        k0: First word of `stream_key`.
        k1: Second word of `stream_key`.
    """
    out_0, out_1, out_2, out_3 = out[0], out[1], out[2], out[3]
    c3 = np.uint64(block)
    for i in range(path_ids.size):
        path = np.uint64(path_ids[i])
        c2 = np.uint64(counters[i]) & _LOWER
        x0, x1, x2, x3 = philox4x32(path & _LOWER, path >> _SHIFT, c2, c3, k0, k1)
        out_0[i] = _to_uniform(x0)
        out_1[i] = _to_uniform(x1)
        out_2[i] = _to_uniform(x2)
        out_3[i] = _to_uniform(x3)


@scalar_kernel
def _box_muller(u: float, v: float) -> tuple[float, float]:
    """Two independent normal numbers from two uniform ones."""
    radius = np.sqrt(-2.0 * log_of_positive(u))
    sine, cosine = sincos_two_pi(v)
    return radius * cosine, radius * sine


@kernel
def fill_normals(
    out: FloatArray,
    path_ids: IntArray,
    counters: IntArray,
    block: int,
    k0: np.uint32,
    k1: np.uint32,
) -> None:
    """Four independent standard normal numbers for each path, by Box-Muller.

    The uniform numbers have 32 bits, so that none is beyond 6.77 in size; in a
    normal distribution one number in 7e10 would be.

    Args:
        out: Receives the numbers, shape (4, n), C-contiguous for speed.
        path_ids: Which path each column belongs to, shape (n,), >= 0.
        counters: Market step of each path, shape (n,), in [0, 2^32).
        block: Which four numbers of that step, in [0, 2^32).
        k0: First word of `stream_key`.
        k1: Second word of `stream_key`.
    """
    fill_uniforms(out, path_ids, counters, block, k0, k1)
    for pair in range(0, 4, 2):
        first, second = out[pair], out[pair + 1]
        for i in range(first.size):
            first[i], second[i] = _box_muller(first[i], second[i])
