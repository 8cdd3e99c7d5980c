"""Calls `start` and `advance` of one process after the other, in the order of the list.

Compiled code cannot go through a list of functions of different types. So the calls are
written out from the list, as one would by hand, and compiled as one function:
`sentences` is what they say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from hedge_env.base.kernel import scalar_kernel
from hedge_env.base.tile import Tile
from hedge_env.market.engine import interval, market_state, noise
from hedge_env.market.engine.interval import note_interval
from hedge_env.market.engine.parts import PartsParams
from hedge_env.market.engine.processes import PROCESSES, MarketParams
from hedge_env.market.process import Process, Rows, Step


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


def sentences(part: str, given: str = "") -> str:
    """Text of a function that calls a part of every process that has it, in turn.

    Args:
        part: "start" or "advance".
        given: What each is given between its rows and its constants.
    """
    lines = [f"def {part}_in_turn(x, z, {given}p):"]
    for name, process in PROCESSES.items():
        if hasattr(process, part):
            states, shocks = numbers(process)
            # All start; a process without a flag does nothing with its `OFF`.
            flagged = part == "advance" and name in PartsParams._fields
            condition = f"if p.parts.{name}: " if flagged else ""
            rows = f"Rows(x, {states}), Rows(z, {shocks})"
            lines.append(f"    {condition}{name}_{part}({rows}, {given}p.{name})")
    return "\n".join(lines)


def _compiled(part: str, given: str = "") -> Any:
    """The function of `sentences`, inlined into the kernel that calls it."""
    scope: dict[str, Any] = {"__name__": __name__, "Rows": Rows}
    for name, process in PROCESSES.items():
        scope[f"{name}_{part}"] = getattr(process, part, None)
    exec(compile(sentences(part, given), f"<{part} in turn>", "exec"), scope)
    return scalar_kernel(scope[f"{part}_in_turn"])


start_in_turn: Final[Callable[[Tile, Tile, MarketParams], None]] = _compiled("start")
advance_in_turn: Final[Callable[[Tile, Tile, Step, MarketParams], None]] = _compiled(
    "advance", "step, "
)
_INTERVAL: Final = numbers(cast(Process, interval))[0]


@scalar_kernel
def note_in_turn(x: Tile, step: int, p: MarketParams) -> None:
    """Let the interval do what is due before market step `step`, or after the last."""
    if p.parts.interval:
        note_interval(Rows(x, _INTERVAL), step, p.interval)
