"""One entry of an observation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hedge_env.config import EnvConfig


@dataclass(frozen=True)
class Feature:
    """One entry of the observation.

    Attributes:
        observable: Row it is read from.
        offset: Function of the config giving m, in the row's unit.
        scale: Function of the config giving k, per unit of the row.
        low: Lowest value [-].
        high: Highest value [-].
        meaning: One line for tables.
    """

    observable: str
    offset: Callable[[EnvConfig], float]
    scale: Callable[[EnvConfig], float]
    low: float
    high: float
    meaning: str
