r"""Rules that manage an allocation to the underlying, and what becomes of it.

They hedge nothing: the book is (nearly) empty, as in the preset `allocation`, and the
holdings themselves are the investment. Wealth is counted from 1, the notional:

.. math:: V = 1 + \sum [h \, (S' - S)] - \text{cost}

with cash that bears no interest. The objective of hedging has no meaning for them (it
is best to hold nothing), so that they are not tuned and not among `all` rules.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.assumptions import why_something_to_hedge
from hedge_env.baselines.remembering_rule import RememberingRule
from hedge_env.baselines.rule import trade_where
from hedge_env.config import EnvConfig
from hedge_env.desk.accounts import StepRecord
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import record_tape
from hedge_env.policies.policy import Policy

_WEALTH, _SPOT = range(2)  # rows of the memory
INPUTS = ("holdings", "spot", "step", "proportional_cost", "fixed_cost")


class AllocationRule(RememberingRule):
    """Holds what is worth a given share of its own wealth.

    Wealth is added up from prices, holdings and the costs that can be known when a
    trade is decided (proportional and fixed; not impact and funding). A trade is made
    when the exposure is off by more than `tolerance` of wealth, or when all has to be
    sold.
    """

    n_remembered: ClassVar[int] = 2
    tolerance: float

    @classmethod
    def why_unfit(cls, config: EnvConfig) -> str | None:
        """An allocation hedges nothing: a book of options would only disturb it."""
        return why_something_to_hedge(config)

    @abstractmethod
    def exposure(
        self, wealth: FloatArray, observables: Mapping[str, FloatArray]
    ) -> FloatArray:
        """Value of what is to be held, shape (n,) [notional].

        Args:
            wealth: Shape (n,) [notional].
            observables: As of `target`.
        """

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        """Holdings of the exposure, where they are far from it, shape (n, 1) [-]."""
        spot, holdings = observables["spot"], observables["holdings"]
        memory = self._recall(spot.size)
        wealth = memory[_WEALTH] + holdings * (spot - memory[_SPOT])
        is_new = (observables["step"] == 0.0) | np.isnan(wealth)
        wealth = np.where(is_new, 1.0, wealth)
        goal = self.exposure(wealth, observables) / spot
        value = np.abs(goal - holdings) * spot
        trade = (value > self.tolerance * wealth) | ((goal == 0.0) & (holdings != 0.0))
        charge = observables["proportional_cost"] * value + observables["fixed_cost"]
        memory[_WEALTH] = wealth - np.where(trade, charge, 0.0)
        memory[_SPOT] = spot
        return trade_where(trade, goal, holdings)


@dataclass(frozen=True)
class AllocationOutcomes:
    """What became of the wealth of each path, arrays of shape (n,).

    Attributes:
        final: Wealth at the end [notional].
        lowest: Least wealth at any decision or the end [notional].
        volatility: Of the returns of wealth between decisions, annualised
            [1/sqrt(year)].
    """

    final: FloatArray
    lowest: FloatArray
    volatility: FloatArray


@dataclass(frozen=True)
class GapRisk:
    """How often and how far wealth ended below a floor.

    Attributes:
        probability: Of ending below the floor [-].
        probability_se: Its standard error [-].
        mean_gap: Mean of floor minus wealth where it ended below [notional].
        worst_gap: Greatest of them [notional]; 0 if there are none, like the mean.
    """

    probability: float
    probability_se: float
    mean_gap: float
    worst_gap: float


class _WealthRecorder:
    """Follows the wealth of each path; see `evaluation.Observer`."""

    def __init__(self, n_paths: int) -> None:
        self.wealth: FloatArray = np.ones(n_paths)
        self.lowest: FloatArray = np.ones(n_paths)
        self.squares: FloatArray = np.zeros(n_paths)

    def __call__(
        self, before: FloatArray, record: StepRecord, after: FloatArray
    ) -> None:
        del before, after
        gain = record.hedge_pnl + record.book_pnl - record.cost
        # Nothing is left to lose below zero; the return is then meaningless.
        self.squares += (gain / np.maximum(self.wealth, 1e-12)) ** 2
        self.wealth += gain
        np.minimum(self.lowest, self.wealth, out=self.lowest)


def allocate(
    policy: Policy,
    config: EnvConfig,
    *,
    n_episodes: int,
    seed: int = 0,
    stream: str = "test",
) -> AllocationOutcomes:
    """Run a policy and follow its wealth.

    Args:
        policy: Any policy; one of this module's as a rule.
        config: The market, with an empty book.
        n_episodes: Number of paths.
        seed: Of the market.
        stream: training, validation or test.
    """
    ids = np.arange(n_episodes, dtype=np.int64)
    tape = record_tape(config, ids, seed=seed, stream=stream)
    seen = _WealthRecorder(n_episodes)
    evaluate_on_tape(policy, tape, config, 1.0, observer=seen)
    years = config.episode.decisions * config.episode.years_per_decision
    volatility: FloatArray = np.sqrt(seen.squares / years)
    return AllocationOutcomes(seen.wealth, seen.lowest, volatility)


def gap_risk(outcomes: AllocationOutcomes, floor: float) -> GapRisk:
    """How often and how far wealth ended below a floor.

    Args:
        outcomes: From `allocate`.
        floor: That was to be kept [notional].
    """
    gaps = floor - outcomes.final
    below = gaps > 0.0
    share = float(below.mean())
    return GapRisk(
        probability=share,
        probability_se=sqrt(share * (1.0 - share) / below.size),
        mean_gap=float(gaps[below].mean()) if below.any() else 0.0,
        worst_gap=float(gaps[below].max()) if below.any() else 0.0,
    )
