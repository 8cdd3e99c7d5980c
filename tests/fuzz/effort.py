"""How long the fuzzers look: about half a minute each, and longer if asked to.

`HEDGE_FUZZ_EXAMPLES=100` tries a hundred times as many examples, and other ones in
every run; without it they are the same each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

FACTOR = int(os.environ.get("HEDGE_FUZZ_EXAMPLES", "1"))


def effort(examples: int) -> settings:
    """Settings of a fuzzer that tries so many examples, times the factor."""
    return settings(
        max_examples=examples * FACTOR,
        derandomize=FACTOR == 1,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
