"""`hedge evaluate`: what one policy does on test paths, with confidence intervals."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from hedge_env.base.errors import ConfigError
from hedge_env.baselines import AbstractRule
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.baselines.rule.assumptions import why_something_to_hedge
from hedge_env.baselines.tuning.tune import TunedRule
from hedge_env.config import EnvConfig
from hedge_env.policies.policy import Policy
from hedge_env.training.cli.commands import EvaluateOptions
from hedge_env.training.cli.main import main_for
from hedge_env.training.output.console import write_json, write_text
from hedge_env.training.results.contenders import (
    ALL,
    MAIN,
    OPTIMA,
    Rule,
    agent_contender,
    find_contenders,
    rule_contender,
)
from hedge_env.training.results.investors.wealth import wealth_rows, wealth_sentence
from hedge_env.training.results.measurement import Comparison, measure
from hedge_env.training.results.recorded_market import (
    episodes_in,
    load_market,
    load_own_market,
    require_two_paths,
)
from hedge_env.training.results.rule_spec import require_no_rest
from hedge_env.training.results.summary import Contender
from hedge_env.training.results.tuned_file import TunedFile, read_tuned, rules_of
from hedge_env.training.results.tuned_rules import Key
from hedge_env.training.results.world import require_readable

__all__ = ["evaluate_policy"]


def run(options: EvaluateOptions) -> None:
    """Evaluate and print the result.

    Args:
        options: Which policy, in which market, at which risk aversions.
    """
    comparison = evaluate_policy(
        options.policy,
        preset=options.preset,
        replay=options.replay,
        settings=options.settings,
        risk_aversions=options.risk_aversion,
        n_episodes=options.episodes,
        seed=options.seed,
        threads=options.threads,
        progress=options.progress,
        tuned=options.tuned,
    )
    summary = comparison.summary
    # Where there is nothing to hedge, what counts is the wealth that is left.
    hedges = why_something_to_hedge(comparison.config) is not None
    wealth = [] if hedges else wealth_rows(comparison)
    if options.json:
        found = {} if hedges else {"wealth": [row.to_document() for row in wealth]}
        write_json({**summary.to_document(), **found})
    else:
        from hedge_env.training.report.tables import print_summary

        print_summary(summary)
        for row in wealth:
            write_text(wealth_sentence(row))


def evaluate_policy(
    name: str,
    *,
    preset: str | Path | None = None,
    replay: Path | None = None,
    settings: Sequence[str] = (),
    risk_aversions: Sequence[float] = (),
    n_episodes: int = 20_000,
    seed: int = 0,
    threads: int = 1,
    progress: bool = False,
    tuned: Path | None = None,
) -> Comparison:
    """Measure one policy on the test paths.

    Args:
        name: A policy file, a run folder, or a rule: with its default parameters, with
            those of `gas-band:risk_multiplier=2`, or with those of `tuned`.
        preset: The market; None is the one an agent was trained or a rule was tuned
            in, and otherwise the reference market.
        replay: CSV file of prices; None does not replay unless the market does.
        settings: Overrides `key=value` of the market.
        risk_aversions: Lambdas [1/notional]; none means those that the rule was tuned
            for, or the market's own.
        n_episodes: Number of test paths, at least 2.
        seed: Seed of the test paths.
        threads: The result does not depend on it.
        progress: Whether to show progress on standard error.
        tuned: File of `hedge tune` with the parameters of the rule.

    Raises:
        ConfigError: If something asked for does not exist, or the parameters are of
            another problem.
        PolicyFileError: If the file is not a policy.
    """
    require_two_paths(n_episodes)
    if name in (ALL, MAIN, *OPTIMA):
        raise ConfigError(
            f"hedge evaluate takes a policy file, a run folder or one rule; for {name} "
            f"use hedge compare --policies {name}"
        )
    asked = None if preset is None else load_market(preset, replay, settings)
    rules, agents = find_contenders([name], asked, option="POLICY")
    if tuned is None:
        require_no_rest(rules)
    file = None if tuned is None else _tuned_file(tuned, name, rules)
    own: tuple[str, EnvConfig, tuple[str, ...]] | None = None
    if agents:
        known = agents[0].policy.metadata
        own = str(agents[0].source), known.config, known.recorded
    elif tuned is not None and file is not None:
        own = str(tuned), *_tuned_market(tuned, file).without_files()
    elif rules and isinstance(formula := rules[0].made, DistilledBand):
        own = _market_of(name, formula)
    config = _market(own, preset, replay, settings)
    n_episodes = episodes_in(config, n_episodes, "test")
    risk_aversions = (
        risk_aversions or _tuned_risk_aversions(file, rules) or config.risk_aversions
    )
    if agents:
        require_readable(agents[0].name, agents[0].policy, config)
        entries: list[tuple[Contender, Policy]] = [
            (agent_contender(agents[0], risk_aversion, config), agents[0].policy)
            for risk_aversion in risk_aversions
        ]
    else:
        entries = _rule_entries(rules[0], config, risk_aversions, tuned, file)
    return measure(
        entries,
        config,
        n_episodes=n_episodes,
        seed=seed,
        threads=threads,
        progress=progress,
    )


def _tuned_file(path: Path, name: str, rules: Sequence[Rule]) -> TunedFile:
    """The file of `--tuned`, if what is evaluated has parameters to take from it."""
    if not rules:
        raise ConfigError(f"--tuned: {name} is no rule, so that nothing of it is tuned")
    if rules[0].given is not None:
        raise ConfigError(
            f"--tuned: {name} has its parameters already; leave out one of the two"
        )
    return read_tuned(path)


def _rule_entries(
    rule: Rule,
    config: EnvConfig,
    risk_aversions: Sequence[float],
    path: Path | None,
    file: TunedFile | None,
) -> list[tuple[Contender, Policy]]:
    """A rule with its parameters at each risk aversion, and where those are from."""
    known: Mapping[Key, TunedRule] = {}
    source = "default" if rule.given is None else "given"
    is_whole = rule.given is None or rule.made is not None
    own_name = rule.name if is_whole else rule.rule_class.name
    if file is not None and path is not None:
        known = rules_of(path, file, config, file.criterion)
        source = str(path)
    entries: list[tuple[Contender, Policy]] = []
    for risk_aversion in risk_aversions:
        policy = rule.build()
        if file is not None:
            policy = _tuned_policy(known, path, rule.name, risk_aversion)
        contender = rule_contender(
            own_name,
            policy,
            risk_aversion,
            config,
            params_source=source,
            given=rule.given or rule.kept or None,
        )
        entries.append((contender, policy))
    return entries


def _tuned_market(path: Path, file: TunedFile) -> EnvConfig:
    """The problem that a file of parameters belongs to."""
    try:
        return EnvConfig.model_validate(file.config)
    except ValidationError:
        raise ConfigError(
            f"{path}: its market is not one of this version; tune again with hedge tune"
        ) from None


def _market_of(
    source: str, formula: DistilledBand
) -> tuple[str, EnvConfig, tuple[str, ...]] | None:
    """The problem that a formula was fitted in, and what of it was recorded."""
    if formula.fitted_in is None:
        return None
    return source, formula.fitted_in, formula.recorded


def _tuned_risk_aversions(
    file: TunedFile | None, rules: Sequence[Rule]
) -> tuple[float, ...]:
    """Risk aversions that a file has parameters of a rule for."""
    entries = () if file is None else file.entries
    names = {rule.name for rule in rules}
    return tuple(sorted(e.risk_aversion for e in entries if e.name in names))


def _tuned_policy(
    known: Mapping[Key, TunedRule], path: Path | None, name: str, risk_aversion: float
) -> AbstractRule:
    """A rule of a file at one risk aversion."""
    best = known.get((name, risk_aversion))
    if best is not None:
        return best.policy
    risk_aversions = sorted(found for other, found in known if other == name)
    there = ", ".join(f"{found:g}" for found in risk_aversions)
    other = f"it has {there}" if risk_aversions else "it has none of that rule"
    raise ConfigError(
        f"--tuned {path} has no parameters of {name} at risk aversion "
        f"{risk_aversion:g}: {other}; tune it with hedge tune"
    )


def _market(
    own: tuple[str, EnvConfig, tuple[str, ...]] | None,
    preset: str | Path | None,
    replay: Path | None,
    settings: Sequence[str],
) -> EnvConfig:
    """The market asked for, or that of a file: its name, config, recorded series."""
    if preset is None and own is not None:
        return load_own_market(*own, replay, settings)
    return load_market(preset or "reference", replay, settings)


if __name__ == "__main__":
    main_for("evaluate")
