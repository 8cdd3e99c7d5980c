"""How much a fit simulates, and its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

NONE = "none"
"""In place of parts: nothing is fitted."""

TABLE = 100
"""Histories behind a table: with 25, luck alone takes every second one beyond a limit
unless it is weighted (docs/calibration.md)."""

Advance = Callable[..., None]


@dataclass(frozen=True)
class Effort:
    """How much is simulated.

    Attributes:
        histories: For each market that the search tries.
        steps: Of the search.
        seed: Of the noise.
        table: Histories behind the final table, others than those of the search.
        years: Behind the final table instead, in histories as long as that of spot.
        starts: Places where the search of calm and stress may start; it starts at the
            best of them.
        weighted: Whether the histories of the final table are weighted, see `control`.
        advance: Called once per market.
    """

    histories: int = 16
    steps: int = 6
    seed: int = 0
    table: int = TABLE
    years: int | None = None
    starts: int = 4
    weighted: bool = True
    advance: Advance = lambda *args, **kwargs: None
