"""What a process of the market is handed, and what its file declares.

A process knows neither where its rows lie nor who else is there: it is handed the rows
that it names and one `Step`. The engine puts the files together.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from hedge_env.base.kernel import scalar_kernel
from hedge_env.base.tile import Tile, part
from hedge_env.base.types import FloatArray
from hedge_env.config import HOURS_PER_DAY, EpisodeConfig, MarketConfig
from hedge_env.numerics.random_blocks import Shock


class StepLength(NamedTuple):
    """Length of a market step."""

    hours: float
    days: float
    years: float
    days_per_year: float
    per_decision: int  # market steps of a decision interval


def step_length(episode: EpisodeConfig) -> StepLength:
    """Length of a market step of an episode."""
    days = episode.hours_per_market_step / HOURS_PER_DAY
    return StepLength(
        hours=episode.hours_per_market_step,
        days=days,
        years=days / episode.days_per_year,
        days_per_year=episode.days_per_year,
        per_decision=episode.market_steps,
    )


class Rows(NamedTuple):
    """Some rows of a tile."""

    tile: Tile
    numbers: tuple[int, ...]  # of the rows meant


@scalar_kernel
def row(rows: Rows, place: int) -> FloatArray:
    """The numbers of the row at a place among those meant, (paths,); a view."""
    return part(rows.tile, rows.numbers[place])


class Step(NamedTuple):
    """What every process sees of a market step; arrays have shape (paths,)."""

    log_spot: FloatArray  # after the step
    log_return: FloatArray  # of the step
    volatility: FloatArray  # before the step [1/sqrt(year)]
    z_spot: FloatArray  # standard normal shock of spot
    jump: FloatArray  # of log spot in this step, before a crowd answers to it
    hours: FloatArray  # clock before the step, from the midnight of the start [hour]
    dt_hours: float
    dt: float  # [year]
    recorded: bool  # the price is read from a record: nothing may move it


class Process(Protocol):
    """What a file of a process declares.

    It may also have `USES`, the names of rows and shocks of others that it is handed
    after its own, and

    `OFF`: constants with which it does nothing;
    `compile(market: MarketConfig, length: StepLength)`: its constants, or `OFF`; a
    process without is compiled in `engine.parameters`, from other sections;
    `start(own: Rows, shocks: Rows, p)`: a kernel that writes its rows at the start of
    an episode, where they are zero;
    `advance(own: Rows, shocks: Rows, step: Step, p)`: a kernel that moves them by one
    market step, given what spot did. Those that make the step of spot have none, and
    are called in `engine.price`.
    """

    @property
    def STATES(self) -> dict[str, str]:  # noqa: N802 (a constant of the module)
        """Meaning of each row of the state it owns, by name."""

    @property
    def SHOCKS(self) -> tuple[Shock, ...]:  # noqa: N802 (the same)
        """Random numbers it reads."""


def compile_process(
    process: Process, market: MarketConfig, length: StepLength
) -> Any | None:
    """Constants of a process; None if other sections than the market's give them."""
    function = getattr(process, "compile", None)
    return None if function is None else function(market, length)
