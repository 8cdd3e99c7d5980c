"""How many made-up examples a fuzzer tries."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

TIMES = float(os.environ.get("HEDGE_FUZZ_EXAMPLES", "1"))


def assert_one_line(message: str, name: str = "") -> None:
    """A message that can be printed and says what it is about."""
    assert 0 < len(message) <= 2_000
    assert message.isprintable()
    assert name in message


def tries(count: int) -> settings:
    """Settings that try `count` examples, times HEDGE_FUZZ_EXAMPLES.

    With more than one time as many, the examples are new ones in every run.
    """
    return settings(
        max_examples=max(1, int(TIMES * count)),
        derandomize=TIMES <= 1.0,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
