"""How many made-up examples a fuzzer tries."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings


def assert_one_line(message: str, name: str = "") -> None:
    """A message that can be printed and says what it is about."""
    assert 0 < len(message) <= 2_000
    assert message.isprintable()
    assert name in message


def tries(count: int) -> settings:
    """Settings that try `count` examples, times HEDGE_FUZZ_EXAMPLES.

    With more than one time as many, the examples are new ones in every run.
    """
    times = float(os.environ.get("HEDGE_FUZZ_EXAMPLES", "1"))
    return settings(
        max_examples=max(1, int(times * count)),
        derandomize=times <= 1.0,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.function_scoped_fixture,
        ],
    )
