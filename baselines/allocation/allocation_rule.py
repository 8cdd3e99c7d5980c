r"""Rules that manage an allocation to the underlying.

They hedge nothing: the book is (nearly) empty, as in the preset `allocation`, and the
holdings themselves are the investment. Wealth is counted from 1, the notional:

.. math:: V = 1 + \sum [h \, (S' - S)] - \text{cost}

with cash that bears no interest; what becomes of it is in `evaluation/wealth`. The
objective of hedging has no meaning for them (it is best to hold nothing), so that they
are not tuned and not among `all` rules.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.baselines.rule.assumptions import why_something_to_hedge
from hedge_env.baselines.rule.remembering_rule import RememberingRule
from hedge_env.baselines.rule.rule import trade_where
from hedge_env.config import EnvConfig

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
