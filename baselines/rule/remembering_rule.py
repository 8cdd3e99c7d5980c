"""Rules that remember something about each path."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.rule import AbstractRule


class RememberingRule(AbstractRule):
    """A rule with an array of numbers per path.

    What is not known yet is NaN. Memory takes no part in comparing rules, and a rule
    that is used without `reset` starts with none; so does one whose batch has another
    size than before. A path's memory should also be cleared where its step is 0.
    """

    n_remembered: ClassVar[int]  # numbers per path

    def reset(self, n_paths: int) -> None:
        """Forget everything; a copy of the rule keeps its own memory."""
        object.__setattr__(self, "_memory", np.full((self._rows(), n_paths), np.nan))

    def _rows(self) -> int:
        """Numbers to remember per path."""
        return self.n_remembered

    def _recall(self, n_paths: int) -> FloatArray:
        """Memory to read and write, shape (numbers per path, n_paths)."""
        memory: FloatArray | None = self.__dict__.get("_memory")
        if memory is None or memory.shape[1] != n_paths:
            self.reset(n_paths)
            memory = self.__dict__["_memory"]
        return memory
