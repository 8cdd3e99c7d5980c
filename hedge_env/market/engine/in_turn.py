"""Calls `start` and `advance` of one process after the other, in the order of the list.

Compiled code cannot go through a list of functions of different types. So each link of
a chain is a function that calls one process and then the next link; all are inlined
into the kernel that calls the first, and are kept on disk with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hedge_env.base.kernel import scalar_kernel
from hedge_env.base.types import FloatArray
from hedge_env.market.engine import market_state, noise
from hedge_env.market.engine.parts import PartsParams
from hedge_env.market.engine.processes import PROCESSES, MarketParams
from hedge_env.market.process import Process, Rows, Step

Starting = Callable[[FloatArray, FloatArray, int, int, MarketParams], None]
Advancing = Callable[[FloatArray, FloatArray, int, int, Step, MarketParams], None]


def numbers(process: Process) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rows of the state and of the scratch that a process is handed, its own first."""
    uses = tuple(getattr(process, "USES", ()))
    states = [*process.STATES, *(name for name in uses if name in market_state.STATES)]
    drawn = {shock.name for shock in noise.SHOCKS}
    shocks = [shock.name for shock in process.SHOCKS]
    shocks += [name for name in uses if name in drawn]
    unknown = set(uses) - set(states) - set(shocks)
    if unknown:
        raise ValueError(f"no process declares {sorted(unknown)}, named in USES")
    return (
        tuple(getattr(market_state, name.upper()) for name in states),
        tuple(getattr(noise, name.upper()) for name in shocks),
    )


def _start_link(name: str, process: Process, following: Starting) -> Starting:
    # Asked for only where a process has it; the protocol cannot say "may have".
    start: Callable[[Rows, Rows, Any], None] = process.start  # type: ignore[attr-defined]
    states, shocks = numbers(process)
    place = MarketParams._fields.index(name)

    def link(
        x: FloatArray, z: FloatArray, path: int, column: int, p: MarketParams
    ) -> None:
        own = Rows(all=x, low=path, high=path + 1, numbers=states)
        drawn = Rows(all=z, low=column, high=column + 1, numbers=shocks)
        start(own, drawn, p[place])
        following(x, z, path, column, p)

    return scalar_kernel(link)


def _advance_link(name: str, process: Process, following: Advancing) -> Advancing:
    # As `start` above.
    advance: Callable[[Rows, Rows, Step, Any], None] = process.advance  # type: ignore[attr-defined]
    states, shocks = numbers(process)
    place = MarketParams._fields.index(name)
    # A process without a flag does nothing with its `OFF`.
    has_flag = name in PartsParams._fields
    flag = PartsParams._fields.index(name) if has_flag else 0

    def link(
        x: FloatArray,
        z: FloatArray,
        low: int,
        high: int,
        step: Step,
        p: MarketParams,
    ) -> None:
        if not has_flag or p.parts[flag]:
            own = Rows(all=x, low=low, high=high, numbers=states)
            drawn = Rows(all=z, low=0, high=high - low, numbers=shocks)
            advance(own, drawn, step, p[place])
        following(x, z, low, high, step, p)

    return scalar_kernel(link)


@scalar_kernel
def _all_started(
    x: FloatArray, z: FloatArray, path: int, column: int, p: MarketParams
) -> None:
    return


@scalar_kernel
def _all_advanced(
    x: FloatArray, z: FloatArray, low: int, high: int, step: Step, p: MarketParams
) -> None:
    return


def _starting() -> Starting:
    chain: Starting = _all_started
    for name, process in reversed(list(PROCESSES.items())):
        if hasattr(process, "start"):
            chain = _start_link(name, process, chain)
    return chain


def _advancing() -> Advancing:
    chain: Advancing = _all_advanced
    for name, process in reversed(list(PROCESSES.items())):
        if hasattr(process, "advance"):
            chain = _advance_link(name, process, chain)
    return chain


start_in_turn: Final = _starting()
advance_in_turn: Final = _advancing()
