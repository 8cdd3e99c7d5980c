"""What all classical rules have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.baselines.rule.assumptions import why_nothing_to_hedge
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.config import EnvConfig
from hedge_env.policies.policy import PolicyKind


class AbstractRule(ABC):
    """A rule with a formula: a policy whose tunable numbers are dataclass fields.

    Subclasses are frozen dataclasses. Their fields are checked against the scale of
    `parameters`; a field that is not listed there is not tuned.

    Attributes:
        name: Of the policy.
        kind: Where it comes from.
        inputs: Observables that it reads.
        parameters: What is tuned, and over which range.
        n_instruments: Columns of its target: 1 for the underlying alone, 2 with the
            listed option.
        reads_sign_of_gamma: Whether it acts otherwise on a book that is long gamma than
            on one that is as short.
    """

    name: ClassVar[str]
    kind: ClassVar[PolicyKind] = "baseline"
    inputs: ClassVar[tuple[str, ...]]
    parameters: ClassVar[Mapping[str, ParameterRange]] = {}
    n_instruments: ClassVar[int] = 1
    reads_sign_of_gamma: ClassVar[bool] = False

    @classmethod
    def has_task(cls, config: EnvConfig) -> bool:
        """Whether a problem asks for what the rule is for, as hedging is for most.

        A rule of another task is passed over among `all` without a word.

        Args:
            config: The hedging problem.
        """
        del config
        return True

    @classmethod
    def why_unfit(cls, config: EnvConfig) -> str | None:
        """How a problem breaks what the rule assumes, or None if it does not.

        Such a rule can still be played, but its numbers say nothing about it; it is not
        among `all` rules. One that assumes more than options to hedge overrides this.

        Args:
            config: The hedging problem.
        """
        return why_nothing_to_hedge(config)

    def __post_init__(self) -> None:
        for name, allowed in self.parameters.items():
            allowed.check(f"{self.name}: {name}", getattr(self, name))

    @property
    def params(self) -> dict[str, float]:
        """Values of the tunable parameters."""
        return {name: getattr(self, name) for name in self.parameters}

    def reset(self, n_paths: int) -> None:
        """Forget per-path state; a rule that has some overrides this."""
        del n_paths

    @abstractmethod
    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Target holdings, shape (n, n_instruments); see `policies.policy.Policy`."""


def trade_where(trade: BoolArray, goal: FloatArray, holdings: FloatArray) -> FloatArray:
    """Target holdings of a rule for one instrument.

    Args:
        trade: Whether to trade, shape (n,).
        goal: Holdings after the trade, shape (n,) [-].
        holdings: Holdings now, shape (n,) [-].

    Returns:
        `goal` where there is a trade, else exactly `holdings`; shape (n, 1) [-].
    """
    return np.where(trade, goal, holdings)[:, None]
