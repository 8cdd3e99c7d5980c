r"""What becomes of wealth where there is nothing to hedge, and its gap risk.

Wealth is counted from 1, the notional,

.. math:: V = 1 + \sum [h \, (S' - S)] - \text{cost}

with holdings :math:`h`, spot :math:`S` before and :math:`S'` after an interval, and
cash that bears no interest.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.desk.accounts import StepRecord
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import record_tapes
from hedge_env.policies.policy import Policy

_CHUNK = 4096  # paths in memory at a time


@dataclass(frozen=True)
class WealthOutcomes:
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
    """Follows the wealth of each path; see `evaluate.Observer`."""

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


def follow_wealth(
    policy: Policy,
    config: EnvConfig,
    *,
    n_episodes: int,
    seed: int = 0,
    stream: str = "test",
) -> WealthOutcomes:
    """Run a policy and follow its wealth.

    Args:
        policy: Any policy; one of `baselines/allocation` as a rule.
        config: The market, with an empty book.
        n_episodes: Number of paths.
        seed: Of the market.
        stream: training, validation or test.
    """
    parts = []
    for tape in record_tapes(config, n_episodes, _CHUNK, seed=seed, stream=stream):
        seen = _WealthRecorder(tape.n_paths)
        evaluate_on_tape(policy, tape, config, 1.0, observer=seen)
        parts.append((seen.wealth, seen.lowest, seen.squares))
    final, lowest, squares = (np.concatenate(rows) for rows in zip(*parts, strict=True))
    years = config.episode.decisions * config.episode.years_per_decision
    volatility: FloatArray = np.sqrt(squares / years)
    return WealthOutcomes(final, lowest, volatility)


def gap_risk(outcomes: WealthOutcomes, floor: float) -> GapRisk:
    """How often and how far wealth ended below a floor.

    Args:
        outcomes: From `follow_wealth`.
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
