"""`hedge compare`: tune rules, run all policies on common test paths, report.

Every rule is tuned for every risk aversion on the same validation paths. The test
paths, another stream of the same market, are touched once, when all parameters are
fixed, and are the same for every policy.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from hedge_env.baselines.tuning.criteria import parse_criterion
from hedge_env.baselines.tuning.tune import TunedRule
from hedge_env.config import EnvConfig
from hedge_env.policies.policy import Policy
from hedge_env.training.cli.command_line import command_line
from hedge_env.training.cli.commands import CompareOptions
from hedge_env.training.cli.main import main_for
from hedge_env.training.output.console import log, progress_bar, write_json
from hedge_env.training.output.folder import prepare_folder
from hedge_env.training.results.contenders import (
    SOLVERS,
    Agent,
    Rule,
    agent_contender,
    find_contenders,
    noted_in,
    risk_aversions_of,
    rule_contender,
    wanted_optima,
)
from hedge_env.training.results.measurement import Comparison, is_contested, measure
from hedge_env.training.results.practice import with_usual
from hedge_env.training.results.recorded_market import (
    episodes_in,
    load_market,
    require_two_paths,
)
from hedge_env.training.results.summary import Contender
from hedge_env.training.results.tuned_file import read_tuned, rules_of
from hedge_env.training.results.tuned_rules import Key, tune_rules

__all__ = ["compare"]


def run(options: CompareOptions) -> None:
    """Compare, write the report if a folder is given, print the result.

    Args:
        options: What to compare, where, and how carefully.
    """
    config = load_market(options.preset, options.replay, options.settings)
    if options.out is not None:
        # Missing plotting packages must show now, not after the work is done.
        from hedge_env.training.report.report import write_report
    with prepare_folder(options.out):
        comparison = compare(
            config,
            options.policies,
            options.risk_aversion,
            n_episodes=options.episodes,
            validation_episodes=options.validation_episodes,
            seed=options.seed,
            criterion=options.criterion,
            threads=options.threads,
            progress=options.progress,
            tuned_file=options.tuned,
        )
        if options.out is not None:
            write_report(
                comparison, options.out, command=command_line("compare", options)
            )
    if options.json:
        write_json(comparison.summary.to_document())
    else:
        from hedge_env.training.report.tables import print_summary

        print_summary(comparison.summary)
    if options.out is not None:
        log(f"report: {options.out / 'report.html'}")


def compare(
    config: EnvConfig,
    policies: Sequence[str],
    risk_aversions: Sequence[float],
    *,
    n_episodes: int = 20_000,
    validation_episodes: int = 20_000,
    seed: int = 0,
    criterion: str = "objective",
    threads: int = 1,
    progress: bool = False,
    tuned_file: Path | None = None,
    attributed: bool = True,
) -> Comparison:
    """Tune the rules, then measure every policy at every risk aversion.

    An agent that was trained for one risk aversion is measured at that one, which
    joins the list for the rules as well. On recorded days everything is also measured
    in the simulated market, with the same parameters.

    Args:
        config: The hedging problem.
        policies: Rules by name, with parameters (`gas-band:snap=0`), to be tuned, or
            both (`gas-band:snap=0,rest=tuned`),
            `optimal`, `main`, `all`, policy files or run folders.
        risk_aversions: Lambdas of the objective [1/notional].
        n_episodes: Number of test paths, at least 2.
        validation_episodes: Number of validation paths, at least 2.
        seed: Seed of both.
        criterion: What tuning minimises: objective, mean-std:K or cvar:Q.
        threads: The result does not depend on it.
        progress: Whether to show progress on standard error.
        tuned_file: File of `hedge tune` with parameters that are not tuned again.
        attributed: Whether to say where profit is from, on some of the test paths.

    Raises:
        ConfigError: If something asked for does not exist, or the parameters are of
            another problem or criterion.
    """
    parse_criterion(criterion)
    require_two_paths(n_episodes)
    require_two_paths(validation_episodes, "--validation-episodes")
    named, agents = find_contenders(with_usual(policies, config), config)
    rules = [rule for rule in named if rule.given is None]
    solutions = wanted_optima(policies, config)
    asked, n_episodes = n_episodes, episodes_in(config, n_episodes, "test")
    risk_aversions = _all_risk_aversions(agents, risk_aversions)
    entries = _untuned(named, agents, risk_aversions, config)
    needed = bool(rules) or is_contested([contender for contender, _ in entries])
    if needed and tuned_file is None:
        validation_episodes = episodes_in(config, validation_episodes, "validation")
    known, validation_episodes = _known(
        tuned_file, rules, risk_aversions, config, criterion, validation_episodes
    )
    solved = _solve(solutions, risk_aversions, config, progress=progress)
    tuned = tune_rules(
        rules,
        risk_aversions,
        config,
        n_episodes=validation_episodes,
        seed=seed,
        criterion=criterion,
        threads=threads,
        progress=progress,
        known=known,
        option="--validation-episodes",
    )
    entries = _tuned(tuned, config) + entries + solved
    on_test_paths = partial(
        measure, seed=seed, threads=threads, progress=progress, attributed=attributed
    )
    comparison = on_test_paths(
        entries,
        config,
        n_episodes=n_episodes,
        criterion=criterion if rules else None,
        validation_episodes=validation_episodes if needed else None,
    )
    return _with_simulated(comparison, entries, on_test_paths, asked)


def _with_simulated(
    found: Comparison,
    entries: Sequence[tuple[Contender, Policy]],
    on_test_paths: Callable[..., Comparison],
    n_episodes: int,
) -> Comparison:
    """Add to recorded days what the same parameters do in the market they assume.

    Args:
        found: On the test paths; without recorded days it stays as it is.
        entries: Policies, with what the summary says about them there.
        on_test_paths: Measures policies in a market.
        n_episodes: As many paths as were asked for, more than the days may have.
    """
    if found.config.replay is None:
        return found
    alone = found.config.model_copy(update={"replay": None})
    needed = found.summary.validation_episodes is not None
    simulated = on_test_paths(
        [(noted_in(alone, contender, policy), policy) for contender, policy in entries],
        alone,
        n_episodes=n_episodes,
        validation_episodes=n_episodes if needed else None,
    )
    summary = replace(found.summary, simulated=simulated.summary)
    return replace(found, summary=summary)


def _all_risk_aversions(
    agents: Sequence[Agent], risk_aversions: Sequence[float]
) -> tuple[float, ...]:
    """Risk aversions asked for, and those that agents were trained for, rising."""
    found = set(risk_aversions)
    for agent in agents:
        own = set(risk_aversions_of(agent, risk_aversions))
        for risk_aversion in sorted(own - found):
            log(
                f"{agent.name} was trained for risk aversion {risk_aversion:g}: "
                "added to the comparison"
            )
        found |= own
    return tuple(sorted(found))


def _known(
    path: Path | None,
    rules: Sequence[Rule],
    risk_aversions: Sequence[float],
    config: EnvConfig,
    criterion: str,
    n_paths: int,
) -> tuple[dict[Key, TunedRule], int]:
    """Rules tuned before, and the number of validation paths of all rules.

    What the file lacks is tuned on as many paths as the file's own.
    """
    if path is None:
        return {}, n_paths
    file = read_tuned(path)
    known = rules_of(path, file, config, criterion)
    missing = [
        f"{rule.name} at {risk_aversion:g}"
        for risk_aversion in risk_aversions
        for rule in rules
        if (rule.name, risk_aversion) not in known
    ]
    if missing:
        log(f"{path} lacks {', '.join(missing)}: tuned now")
    return known, file.n_paths


def _tuned(
    tuned: Sequence[tuple[float, TunedRule]], config: EnvConfig
) -> list[tuple[Contender, Policy]]:
    """Rules with the parameters that tuning found, now or before."""
    entries: list[tuple[Contender, Policy]] = []
    for risk_aversion, best in tuned:
        name, policy, kept = best.name, best.policy, best.kept or None
        contender = rule_contender(
            name, policy, risk_aversion, config, params_source="tuned", given=kept
        )
        entries.append((contender, policy))
    return entries


def _untuned(
    rules: Sequence[Rule],
    agents: Sequence[Agent],
    risk_aversions: Sequence[float],
    config: EnvConfig,
) -> list[tuple[Contender, Policy]]:
    """Rules with the parameters of the command line, and saved policies.

    A rule is taken at every risk aversion, a saved policy at those that it was trained
    for.
    """
    entries: list[tuple[Contender, Policy]] = []
    for rule in rules:
        if rule.given is None:
            continue
        policy = rule.build()
        for risk_aversion in risk_aversions:
            contender = rule_contender(
                rule.name,
                policy,
                risk_aversion,
                config,
                params_source="given",
                given=rule.given,
            )
            entries.append((contender, policy))
    for agent in agents:
        for risk_aversion in risk_aversions_of(agent, risk_aversions):
            contender = agent_contender(agent, risk_aversion, config)
            entries.append((contender, agent.policy))
    return entries


def _solve(
    names: Sequence[str],
    risk_aversions: Sequence[float],
    config: EnvConfig,
    *,
    progress: bool,
) -> list[tuple[Contender, Policy]]:
    """Exact solutions, by their names, at each risk aversion."""
    jobs = [(name, one) for one in risk_aversions for name in names]
    entries: list[tuple[Contender, Policy]] = []
    with progress_bar("solving", len(jobs), enabled=progress) as advance:
        for name, risk_aversion in jobs:
            policy = SOLVERS[name](config, risk_aversion)
            entries.append((Contender(name, policy.kind, {}, risk_aversion), policy))
            advance(1)
    return entries


if __name__ == "__main__":
    main_for("compare")
