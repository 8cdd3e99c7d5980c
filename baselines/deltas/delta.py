"""Black-Scholes delta hedging at every decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.rule import AbstractRule


@dataclass(frozen=True)
class Delta(AbstractRule):
    """Trade to delta at every decision: the least tracking error, at any cost."""

    name: ClassVar[str] = "delta"
    inputs: ClassVar[tuple[str, ...]] = ("delta",)

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Delta, shape (n, 1) [-]."""
        return observables["delta"][:, None].copy()
