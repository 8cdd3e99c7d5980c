"""The kernels without compilation, and compiled with checks of every index."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numba
import pytest

from tests.hedge_env.base.small_episode import small_episode


def run_with(n_paths: int, **settings: str) -> dict[str, list[str]]:
    """`small_episode` in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.hedge_env.base.small_episode", str(n_paths)],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    numbers: dict[str, list[str]] = json.loads(result.stdout)
    return numbers


@pytest.mark.slow
@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_without_compilation_every_number_has_the_same_bits() -> None:
    assert run_with(3, NUMBA_DISABLE_JIT="1") == small_episode(3)


@pytest.mark.slow
def test_no_index_is_out_of_bounds() -> None:
    # With bounds checks an index beyond an array raises instead of reading garbage;
    # 300 paths are one whole tile and part of another. Optimising checked code would
    # take minutes, and no bit depends on it.
    flags = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_OPT": "0"}
    assert run_with(300, **flags) == small_episode(300)
