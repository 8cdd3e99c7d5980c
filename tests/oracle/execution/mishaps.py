"""What befalls an order on chain: it fails, or somebody trades around it."""

from __future__ import annotations

from math import exp

from tests.oracle.fees import log_paid
from tests.oracle.state import BP, State

BLOCK = 6


def mishaps(world: State) -> tuple[bool, float]:
    """Whether an order fails now, and the share of its value that is lost."""
    execution = world.config.execution
    u = world.noise.uniforms(world.steps, BLOCK)
    fails, rate = False, 0.0
    if execution.failure is not None:
        p = execution.failure.probability
        odds = p / (1.0 - p) * exp(execution.failure.congestion * log_paid(world))
        fails = u[0] < odds / (1.0 + odds)
    if execution.sandwich is not None and u[1] < execution.sandwich.probability:
        rate = execution.sandwich.loss_bp * BP
    return fails, rate
