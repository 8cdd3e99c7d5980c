"""Find a rule's best parameters on recorded validation paths.

All trials see the same paths, so two sets of parameters differ by what they do and
not by luck; nothing is random, so tuning twice gives the same numbers. Promising
regions are found on a part of the paths and refined on all of them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hedge_env.baselines.rule.centre import CentredRule
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.rule.rule import AbstractRule
from hedge_env.baselines.tuning.centre_fit import least_variance_centre
from hedge_env.baselines.tuning.kept import NOTHING, Kept, name_with
from hedge_env.baselines.tuning.search import (
    FINE_STEP,
    Position,
    count,
    count_refined,
    refine,
    search,
)
from hedge_env.baselines.tuning.trials import Trials
from hedge_env.config import EnvConfig
from hedge_env.evaluation.evaluate import Progress
from hedge_env.feeds.tape import MarketTape

_AT_LIMIT = 0.005  # share of a range
# First move of a fitted parameter: a share of it, and this beside.
_CENTRE_SHARE, _CENTRE_STEP = 0.15, 0.02
_LEAN = "centre_funding"  # 0, the lower limit of its range, is none
_LEANS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 8.0, 12.0)  # first look
_CERTAIN = 2.0  # standard errors by which a centre must leave less risk than none


@dataclass(frozen=True)
class TunedRule:
    """The best parameters found for one rule.

    Attributes:
        policy: The rule with these parameters.
        params: Their values, kept ones included; empty for a rule without any.
        value: Criterion on all paths [bp].
        n_evaluations: Sets of parameters tried, on a part or on all of the paths.
        at_limits: Parameters that ended at a limit of their range.
        error: Standard error of `value` [bp].
        kept: Parameters that were not tuned.
    """

    policy: AbstractRule
    params: dict[str, float]
    value: float
    n_evaluations: int
    at_limits: tuple[str, ...] = ()
    error: float = math.nan
    kept: Kept = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called in tables, with what was kept."""
        return name_with(type(self.policy), self.kept)


def tune(
    rule_class: type[AbstractRule],
    config: EnvConfig,
    risk_aversion: float,
    tape: MarketTape,
    criterion: str = "objective",
    *,
    threads: int = 1,
    progress: Progress | None = None,
    kept: Kept = NOTHING,
) -> TunedRule:
    """Tune one rule for one risk aversion.

    The parameters of a centre start from a regression (`centre_fit`): the others are
    searched around it, then all move together. Unless that centre is better than none
    and leaves less risk beyond doubt on these paths, it is left out, so that nothing is
    fitted to luck. A tail's own error would let hardly any centre pass. Where the hedge
    pays funding, how far it leans is searched last, and everything moves with it.

    Args:
        rule_class: A rule; its `parameters` are searched.
        config: The hedging problem.
        risk_aversion: lambda [1/notional].
        tape: Validation paths, recorded with the same config.
        criterion: What to minimise, see `hedge_env.baselines.tuning.criteria`.
        threads: Parts of the paths that are run at the same time.
        progress: Called with episodes run and an upper bound of those to run.
        kept: Parameters that are not searched; the rule's other ones are.

    Raises:
        ConfigError: If the criterion is unknown.
        HedgeError: If the rule reads what the config does not show.
    """
    trials = Trials(
        rule_class, config, risk_aversion, tape, criterion, threads, progress, kept
    )
    if issubclass(rule_class, CentredRule):
        values: dict[str, Any] = dict(kept)
        fitted = _fitted_centre(rule_class(**values), trials, tape, config)
        best = _search_around(trials, fitted, rule_class.funding_parameters)
        if _LEAN in trials.free and pays_funding(config):
            best = _lean_to_funding(trials, best)
    else:
        trials.plan(*count(trials.ranges))
        best = search(trials)
    value = trials.value(best)
    trials.finish()
    policy = trials.rule(best)
    return TunedRule(
        policy=policy,
        params=policy.params,
        value=value,
        n_evaluations=trials.n_evaluations,
        at_limits=tuple(
            name
            for name, u in zip(trials.free, best, strict=True)
            if not _is_inside(u) and not (name == _LEAN and u == 0.0)
        ),
        error=trials.error(best),
        kept=dict(kept),
    )


def pays_funding(config: EnvConfig) -> bool:
    """Whether what the hedge holds pays or earns funding."""
    return config.execution.instrument == "perp" and config.market.funding is not None


def _is_inside(u: float) -> bool:
    return _AT_LIMIT < u < 1.0 - _AT_LIMIT


@dataclass(frozen=True)
class _Pinned:
    """A rule's own parameters, with those of its centre kept where they are."""

    trials: Trials
    centre: Position

    @property
    def ranges(self) -> Sequence[ParameterRange]:
        return self.trials.ranges[: self._own]

    @property
    def _own(self) -> int:
        """How many are the rule's own; those of the centre come last."""
        return len(self.trials.ranges) - len(self.centre)

    def default(self) -> Position:
        return self.trials.default()[: self._own]

    def place(self, position: Sequence[float]) -> Position:
        return (*position, *self.centre)

    def values(self, positions: Sequence[Sequence[float]]) -> list[float]:
        return self.trials.values([self.place(p) for p in positions])

    def rough_values(self, positions: Sequence[Sequence[float]]) -> list[float]:
        return self.trials.rough_values([self.place(p) for p in positions])


def _fitted_centre(
    rule: CentredRule, trials: Trials, tape: MarketTape, config: EnvConfig
) -> dict[str, float]:
    """The regression's values of what is searched of the centre, by name."""
    free = [name for name in rule.centre_parameters if name in trials.free]
    if not free:
        return {}
    values = least_variance_centre(rule, tape, config, free)
    return dict(zip(free, values.tolist(), strict=True))


def _search_around(
    trials: Trials, fitted: Mapping[str, float], leans: Collection[str]
) -> Position:
    """Around the fitted centre and from there, or around none."""
    allowed = tuple(trials.free[name] for name in fitted)
    no_lean = tuple(r.to_unit(0.0) for name, r in trials.free.items() if name in leans)
    around, without = (
        _Pinned(
            trials,
            (*(r.to_unit(x) for r, x in zip(allowed, xs, strict=True)), *no_lean),
        )
        for xs in (fitted.values(), [0.0] * len(allowed))
    )
    in_part, in_all = count(around.ranges)
    if not any(fitted.values()):
        trials.plan(in_part, in_all)
        return without.place(search(without))
    free = [n for n in _free(trials) if n < len(trials.ranges) - len(no_lean)]
    trials.plan(2 * in_part, in_all + max(in_all, count_refined(len(free))))
    own = search(around, finely=False)
    lead, sureness = trials.lead(around.place(own), without.place(own))
    if not (lead < 0.0 and sureness > _CERTAIN):
        return without.place(search(without))
    steps = dict.fromkeys(free, FINE_STEP)
    first = len(own)
    for number, (r, x) in enumerate(zip(allowed, fitted.values(), strict=True), first):
        steps[number] = (_CENTRE_SHARE * abs(x) + _CENTRE_STEP) / (r.high - r.low)
    return refine(trials, around.place(own), steps)


def _free(trials: Trials) -> list[int]:
    """Numbers of the parameters that are no whole ones."""
    return [n for n, r in enumerate(trials.ranges) if r.scale != "integer"]


def _lean_to_funding(trials: Trials, start: Position) -> Position:
    """From where funding is left alone to the best lean, which may be none.

    The last parameter is the lean (`rule.centre`).
    """
    allowed = trials.ranges[-1]
    leans = [(*start[:-1], allowed.to_unit(kappa)) for kappa in _LEANS]
    trials.rough_values(leans)  # together, before they are looked at one by one
    leans.sort(key=lambda position: trials.rough_values([position])[0])
    if leans[0] == start:
        return start
    steps = dict.fromkeys(_free(trials), FINE_STEP)
    steps[len(start) - 1] = max(0.3 * leans[0][-1], 0.01)
    ends = [start, refine(trials, leans[0], steps)]
    return min(ends, key=lambda position: trials.values([position])[0])
