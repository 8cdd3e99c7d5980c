"""Which of several formulas to take: the shortest that keeps enough of the advantage.

Only validation paths are looked at. Where an agent acts at several risk aversions, the
objectives are weighed by one over the cost of the rule, which grows with risk aversion
as what can be gained does (docs/frontier.md).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hedge_env.base.errors import HedgeError
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.baselines.distilled.polish import Validation, polish
from hedge_env.baselines.tuning.tune import TunedRule
from hedge_env.config import EnvConfig
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import MarketTape
from hedge_env.training.output.console import counter, log
from hedge_env.training.results.agents import Agent

__all__ = ["Goals", "set_goals", "shortest"]

_HOPELESS = 1.0  # advantages that polishing may still have to make up
_NOTHING = 1e-12  # cost [notional]


@dataclass(frozen=True)
class Goals:
    """What a formula starts from and is to come close to, on validation paths.

    Attributes:
        validation: The paths.
        rule: Weighted objective of the best tuned rules [bp].
        agent: That of the agent, which is lower [bp].
    """

    validation: Validation
    rule: float
    agent: float


def set_goals(
    agent: Agent,
    best: Mapping[float, TunedRule],
    config: EnvConfig,
    tape: MarketTape,
    *,
    seed: int,
) -> Goals:
    """Measure rules and agent on the validation paths.

    Args:
        agent: The saved policy.
        best: The best tuned rule at each risk aversion.
        config: The hedging problem.
        tape: Validation paths, recorded with it.
        seed: Of the paths.

    Raises:
        HedgeError: If the agent is not ahead of the rules.
    """
    rules = {x: evaluate_on_tape(best[x].policy, tape, config, x) for x in best}
    shares = {x: 1.0 / max(float(rules[x].cost.mean()), _NOTHING) for x in best}
    validation = Validation.prepare(config, tape, shares, seed=seed)
    beaten = sum(
        share * validation.sharp(best[x].policy, x)
        for x, share in validation.shares.items()
    )
    goal = validation.weighted(agent.policy)
    if goal >= beaten:
        names = ", ".join(dict.fromkeys(one.name for one in best.values()))
        raise HedgeError(
            f"{agent.name} is not ahead of the tuned rules ({names}) on the validation "
            f"paths: J {goal:.2f} against {beaten:.2f} bp; there is no advantage to "
            "keep, use the rule"
        )
    return Goals(validation, beaten, goal)


def shortest(
    formulas: Sequence[DistilledBand], goals: Goals, *, keep: float, progress: bool
) -> DistilledBand:
    """The first formula that keeps enough once it is polished, or the best of all.

    Args:
        formulas: With more and more terms, at least one.
        goals: What it starts from and is to come close to.
        keep: Share of the advantage that is enough.
        progress: Whether to show progress on standard error.
    """
    value = goals.validation.weighted
    lead = goals.rule - goals.agent
    enough = goals.rule - keep * lead
    fitted = [(value(formula), formula) for formula in formulas]
    # Where weights are so far off, others of the same terms will not do.
    near = [one for one in fitted if one[0] <= enough + _HOPELESS * lead]
    tried = [min(fitted, key=lambda one: one[0])]
    for _, formula in near:
        found = _polished(formula, goals.validation, progress=progress)
        tried.append((value(found), found))
        if tried[-1][0] <= enough:
            return found
    lowest, best = min(tried, key=lambda one: one[0])
    share = 100.0 * (goals.rule - lowest) / lead
    log(
        f"no formula tried has {100.0 * keep:g} % of the advantage on the validation "
        f"paths: the best is taken, which has {share:.0f} %"
    )
    return best


def _polished(
    formula: DistilledBand, validation: Validation, *, progress: bool
) -> DistilledBand:
    """Weights by what happened, then by what was to be expected, if that is better."""
    found = formula
    for words, objective, trials, step in (
        ("polishing", validation.rough, 8, 1.0),
        ("finishing", validation.weighted, 4, 0.4),
    ):
        count = _count(formula)
        with counter(f"{words} {count} weights", 100, enabled=progress) as report:
            found = polish(
                found, objective, _percent_of(report), trials=trials, step=step
            )
    return min(found, formula, key=validation.weighted)


def _percent_of(report: Callable[[int], None]) -> Callable[[int, int], None]:
    """Tells a counter of a hundred how much of all is done."""

    def tell(done: int, most: int) -> None:
        report(100 * done // most)

    return tell


def _count(formula: DistilledBand) -> int:
    return len(formula.centre_sum) + len(formula.width_sum)
