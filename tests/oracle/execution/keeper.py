"""Who sends a vault's transactions: when it runs, what it takes, what it saw."""

from __future__ import annotations

from math import exp

from tests.oracle.market.gas import log_gas
from tests.oracle.state import State

BLOCK = 20
# Known now, however old the prices are that a keeper looks at: clock and own account.
KNOWN = (
    "hour_sin",
    "hour_cos",
    "time_to_maturity",
    "time_fraction",
    "step",
    "halted",
    "keeper_away",
    "margin_equity",
    "margin_calls",
)


def is_away(world: State, decision: int) -> bool:
    """Whether no run is due, or the one that is due is missed."""
    keeper = world.config.execution.keeper
    if keeper is None:
        return False
    u = world.noise.uniforms(world.steps, BLOCK)
    every = keeper.interval_hours / world.config.episode.decision_interval_hours
    is_due = abs(decision / every - round(decision / every)) < 1e-9
    if keeper.timing == "random":
        is_due = u[1] < 1.0 / every
    p = keeper.missed
    odds = p / (1.0 - p) * exp(keeper.congestion * log_gas(world))
    return not is_due or u[0] < odds / (1.0 + odds)


def takes(world: State, gas_cost: float) -> float:
    """Premium and tip for a transaction, beside its gas."""
    keeper = world.config.execution.keeper
    if keeper is None:
        return 0.0
    rivals = keeper.rivals * exp(keeper.congestion * log_gas(world))
    return gas_cost * (keeper.gas_premium + keeper.tip * rivals / (rivals + 1.0))


def seen(past: list[dict[str, float]], age: int) -> dict[str, float]:
    """What is seen of the market, from its rows at all decisions until now."""
    old = past[max(len(past) - 1 - age, 0)]
    return old | {name: past[-1][name] for name in KNOWN if name in past[-1]}
