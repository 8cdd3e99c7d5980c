"""Hold what is held: the book is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.rule import AbstractRule
from hedge_env.config import EnvConfig


@dataclass(frozen=True)
class NoHedge(AbstractRule):
    """Never trade. The upper end of tracking error, and no cost at all."""

    name: ClassVar[str] = "no-hedge"
    inputs: ClassVar[tuple[str, ...]] = ("holdings",)

    @classmethod
    def why_unfit(cls, config: EnvConfig) -> str | None:
        """Nothing is assumed of a book that is left alone."""
        del config
        return None

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Present holdings, shape (n, 1) [-]."""
        return observables["holdings"][:, None].copy()
