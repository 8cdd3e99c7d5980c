"""What tuning gained on its own paths, and what of it is left on others.

Parameters that were chosen on some paths look better there than they are. Against the
rule's own defaults on the same paths the luck of the paths cancels, so that the two
gains differ by what was fitted to luck, within their errors.
"""

from __future__ import annotations

from dataclasses import dataclass

from hedge_env.baselines.tuning.criteria import (
    criterion_with_error,
    paired_difference,
)
from hedge_env.baselines.tuning.trials import Trials
from hedge_env.baselines.tuning.tune import TunedRule
from hedge_env.config import EnvConfig
from hedge_env.feeds.tape import MarketTape


@dataclass(frozen=True)
class Holdout:
    """A tuned rule on paths that took no part in its tuning; all in bp.

    Attributes:
        test: Criterion on the test paths.
        test_error: Its standard error.
        gain: Criterion with the rule's defaults minus that with the tuned parameters,
            on the validation paths; positive is better.
        gain_error: Its standard error, paired.
        test_gain: The same on the test paths.
        test_gain_error: Its standard error, paired.
    """

    test: float
    test_error: float
    gain: float
    gain_error: float
    test_gain: float
    test_gain_error: float


def hold_out(
    best: TunedRule,
    config: EnvConfig,
    risk_aversion: float,
    validation: MarketTape,
    test: MarketTape,
    criterion: str = "objective",
    *,
    threads: int = 1,
) -> Holdout:
    """Measure a tuned rule and its defaults on both sets of paths.

    Args:
        best: The rule with tuned parameters.
        config: The hedging problem.
        risk_aversion: lambda it was tuned for [1/notional].
        validation: Paths that it was tuned on.
        test: Others of the same problem.
        criterion: What tuning minimised.
        threads: The result does not depend on it.
    """
    rule_class, policy = type(best.policy), best.policy
    default = rule_class(**best.kept)
    gains, tables = [], []
    for tape in (validation, test):
        trials = Trials(
            rule_class, config, risk_aversion, tape, criterion, threads, None
        )
        tables = trials.tables([default, policy])
        gains.append(paired_difference(criterion, tables[0], tables[1]))
    value, error = criterion_with_error(criterion)(tables[1])
    return Holdout(value, error, *gains[0], *gains[1])
