"""Plays problems twice on uninitialised memory of two kinds; run without the JIT.

`NUMBA_DISABLE_JIT=1 python -m tests.fuzz.poisons EXAMPLES` (times
HEDGE_FUZZ_EXAMPLES) fills what `np.empty`
returns with one number, then with another. An episode that reads an element which
nobody wrote then has two results, where a compiled one would have any.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numba
import numpy as np
from hypothesis import given

from hedge_env.base.errors import ConfigError
from hedge_env.feeds.tape import record_tape
from tests.fuzz.examples import tries
from tests.fuzz.play import bits_of, make
from tests.fuzz.problems import Case, cases

POISONS = (0.25, 1e3)
_MOST_DECISIONS = 2


@contextmanager
def poisoned(poison: float) -> Iterator[None]:
    """Let new arrays of numbers be filled with a poison."""
    plain = np.empty

    def empty(shape: Any, dtype: Any = float, *args: Any, **kwargs: Any) -> Any:
        array = plain(shape, dtype, *args, **kwargs)
        if array.dtype.kind == "f":
            array.fill(poison)
        elif array.dtype.kind in "iu":
            array.fill(7 if poison > 1.0 else 3)
        return array

    np.empty = empty  # type: ignore[assignment]  # stands in for all overloads
    try:
        yield
    finally:
        np.empty = plain


def results(case: Case) -> list[bytes]:
    """What an episode shows, with each of the poisons; none if it is refused."""
    episode = case.config["episode"]
    shorter = {**episode, "decisions": min(episode["decisions"], _MOST_DECISIONS)}
    case = replace(case, config={**case.config, "episode": shorter}, n_envs=2)
    found = []
    for poison in POISONS:
        with poisoned(poison):
            try:
                config = make(case).config
                tape = record_tape(config, np.arange(2), seed=case.seed, stream="test")
                found.append(bits_of(case) + tape.rows.tobytes())
            except ConfigError:
                return []
    return found


def main(examples: int) -> int:
    """Print and count the cases that depend on the poison."""
    different: list[Case] = []
    tried = played = 0

    @tries(examples)
    @given(cases(extreme=False))
    def look(case: Case) -> None:
        nonlocal tried, played
        tried += 1
        if case.config["market"].get("surface", {}).get("model") == "heston":
            return  # its table takes a minute without the JIT
        found = results(case)
        played += bool(found)
        if len(set(found)) > 1:
            different.append(case)

    look()
    for case in different:
        sys.stdout.write(f"two results: {case}\n")
    sys.stdout.write(f"{played} played\n")
    return len(different) + (3 * played < tried)


if __name__ == "__main__":
    if not numba.config.DISABLE_JIT:
        sys.exit("set NUMBA_DISABLE_JIT=1: compiled code does not ask NumPy for memory")
    sys.exit(main(int(sys.argv[1])) > 0)
