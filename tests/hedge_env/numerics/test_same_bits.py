"""The same numbers on every processor, compiled or not: digests of results."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.numerics import special
from hedge_env.numerics.philox import fill_normals, stream_key

# A change here changes every path of every user, in the last bits at least.
DIGEST = "15a6d98538646961"
N = 256


@kernel
def evaluate_all(x: FloatArray, out: FloatArray) -> None:
    """Each function on arguments spread over its range; x in (0, 1)."""
    for i in range(x.size):
        out[0, i] = special.exp(1400.0 * x[i] - 700.0)
        out[1, i] = special.log(x[i])
        out[2, i] = special.normal_cdf(45.0 * x[i] - 37.0)
        out[3, i] = special.normal_pdf(60.0 * x[i] - 30.0)
        out[4, i] = special.tanh(6.0 * x[i] - 3.0)
        out[5, i] = special.cube_root(x[i])
        out[6, i], out[7, i] = special.sincos_two_pi(x[i])


def digest() -> str:
    """Digest of the bits of all functions and of some normal numbers."""
    values = np.empty((8, N))
    evaluate_all((np.arange(N) + 0.5) / N, values)
    normals = np.empty((4, N))
    k0, k1 = stream_key(0, "training")
    fill_normals(normals, np.arange(N), np.arange(N), 0, k0, k1)
    bits = np.vstack([values, normals]).astype("<f8").tobytes()
    return hashlib.sha256(bits).hexdigest()[:16]


def test_results_have_the_bits_of_the_first_release() -> None:
    assert digest() == DIGEST


@pytest.mark.slow
def test_a_processor_without_vector_extensions_gives_the_same_bits() -> None:
    code = "from tests.hedge_env.numerics.test_same_bits import digest; print(digest())"
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | plain,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.strip() == DIGEST, result.stderr
