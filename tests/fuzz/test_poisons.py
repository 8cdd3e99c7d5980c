"""No result depends on memory that nobody wrote to."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.fuzz.poisons import POISONS, poisoned
from tests.support.checkout import ROOT


@pytest.mark.slow
@pytest.mark.fuzz
def test_two_poisons_give_the_same_bits_for_every_part() -> None:
    # Each takes seconds without the JIT; `make fuzz` tries fifty times as many.
    command = [sys.executable, "-m", "tests.fuzz.poisons", "25"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_poison_is_what_new_memory_holds() -> None:
    for poison in POISONS:
        with poisoned(poison):
            assert np.empty(3)[1] == poison
            assert np.empty((2, 2), dtype=np.int64)[0, 0] in (3, 7)
    assert np.empty(3).shape == (3,)
