"""Hold what is held: the book is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from baselines.rule import AbstractRule
from hedge_env._types import FloatArray


@dataclass(frozen=True)
class NoHedge(AbstractRule):
    """Never trade. The upper end of tracking error, and no cost at all."""

    name: ClassVar[str] = "no-hedge"
    inputs: ClassVar[tuple[str, ...]] = ("holdings",)

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Present holdings, shape (n, 1) [-]."""
        return observables["holdings"][:, None].copy()
