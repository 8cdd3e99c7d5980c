"""Tunes rules for risk aversions, one after the other, on common validation paths."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from hedge_env.baselines.tuning.tune import TunedRule, tune
from hedge_env.config import EnvConfig
from hedge_env.feeds.tape import MarketTape, record_tape, require_tape_fits
from hedge_env.training.output.console import counter, log
from hedge_env.training.results.contenders import Rule

__all__ = ["Key", "tune_rules"]

_TICKS = 1000  # of a progress bar, per rule and risk aversion

Key = tuple[str, float]  # name of a rule, risk aversion


def tune_rules(
    rules: Sequence[Rule],
    risk_aversions: Sequence[float],
    config: EnvConfig,
    *,
    n_episodes: int,
    seed: int,
    criterion: str,
    threads: int,
    progress: bool,
    known: Mapping[Key, TunedRule] | None = None,
    finished: Callable[[float, TunedRule, MarketTape], None] | None = None,
    option: str = "n_episodes",
) -> list[tuple[float, TunedRule]]:
    """Tune every rule for every risk aversion on one set of validation paths.

    Args:
        rules: What to tune.
        risk_aversions: Risk aversions [1/notional].
        config: The hedging problem.
        n_episodes: Number of validation paths.
        seed: Seed of the validation paths.
        criterion: What to minimise: objective, mean-std:K or cvar:Q.
        threads: The result does not depend on it.
        progress: Whether to show progress on standard error.
        known: What has been tuned before, and is not tuned again.
        finished: Called with each risk aversion and rule as soon as it is tuned, and
            with the validation paths.
        option: What the user calls the number of validation paths.

    Returns:
        Risk aversions and tuned rules, by risk aversion and then in the order given.
    """
    known = known or {}
    jobs = [(risk_aversion, rule) for risk_aversion in risk_aversions for rule in rules]
    new = sum((rule.name, risk_aversion) not in known for risk_aversion, rule in jobs)
    tape: MarketTape | None = None
    tuned, number = [], 0
    with counter("tuning", _TICKS * new, enabled=progress and new > 0) as report:
        for risk_aversion, rule in jobs:
            best = known.get((rule.name, risk_aversion))
            if best is None:
                if tape is None:
                    require_tape_fits(config, n_episodes, option)
                    ids = np.arange(n_episodes)
                    tape = record_tape(config, ids, seed=seed, stream="validation")

                def tell(done: int, total: int, start: int = number * _TICKS) -> None:
                    report(start + _TICKS * done // max(total, 1))

                best = tune(
                    rule.rule_class,
                    config,
                    risk_aversion,
                    tape,
                    criterion,
                    threads=threads,
                    progress=tell,
                    kept=rule.kept,
                )
                number += 1
                _warn_of_limits(best, risk_aversion)
                if finished is not None:
                    finished(risk_aversion, best, tape)
            tuned.append((risk_aversion, best))
    return tuned


def _warn_of_limits(best: TunedRule, risk_aversion: float) -> None:
    for name in best.at_limits:
        log(
            f"{best.name} at risk aversion {risk_aversion:g}: {name} = "
            f"{best.params[name]:g} is at the limit of its range"
        )
