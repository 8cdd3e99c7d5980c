"""Somebody who guesses when a desk trades, and learns from being wrong."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from hedge_env.config import EnvConfig
from tests.oracle.state import BP


@dataclass
class FrontRunner:
    """What it guesses of one path."""

    config: EnvConfig
    guess: float = 0.0

    def __post_init__(self) -> None:
        adversary = self.config.execution.front_runner
        self.guess = 0.0 if adversary is None else adversary.guess

    def takes(self, decision: int, error: float, value: float) -> float:
        """What it takes of a trade of `value` at an error of the hedge; it learns."""
        adversary = self.config.execution.front_runner
        if adversary is None:
            return 0.0
        expected = self.can_come(decision) and abs(error) > self.guess
        if value > 0.0 and not expected:
            self.guess *= exp(-adversary.learning)
        elif expected and value == 0.0:
            self.guess *= exp(adversary.caution * adversary.learning)
        charged = self.config.execution.charge_opening or decision > 0
        return adversary.loss_bp * BP * value if expected and charged else 0.0

    def can_come(self, decision: int) -> bool:
        """Whether all know that no keeper looks now."""
        keeper = self.config.execution.keeper
        if keeper is None or keeper.timing == "random":
            return True
        hours = decision * self.config.episode.decision_interval_hours
        runs = hours / keeper.interval_hours
        return abs(runs - round(runs)) < 1e-9
