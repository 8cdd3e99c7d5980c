"""What an entry of `--policies` means: a rule, the exact optimum, or a saved policy."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hedge_env.base.errors import ConfigError
from hedge_env.baselines import (
    BASELINES,
    MAIN_RULES,
    RULES,
    AbstractRule,
    rules_for,
    unfit_rules,
)
from hedge_env.baselines.capabilities import BOUNDED, unknown_keys
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.baselines.distilled.distilled_file import (
    DISTILLED_FILE,
    read_distilled,
)
from hedge_env.baselines.frozen.frozen_optimum import (
    FrozenOptimum,
    frozen_optimum,
    require_programme,
)
from hedge_env.baselines.optimum.hodges_neuberger import (
    HodgesNeubergerPolicy,
    hodges_neuberger_policy,
)
from hedge_env.baselines.optimum.liquidation import (
    LiquidationPolicy,
    liquidation_of,
    liquidation_policy,
    why_no_liquidation,
)
from hedge_env.baselines.optimum.optimal import (
    MeanGasPolicy,
    OptimalPolicy,
    mean_gas_policy,
    optimal_policy,
)
from hedge_env.baselines.optimum.solvable import require_solvable, why_unsolvable
from hedge_env.baselines.rule.moved_range import rule_in
from hedge_env.baselines.value.one_step_better import OneStepBetter, one_step_better
from hedge_env.config import EnvConfig, RiskAversionRange
from hedge_env.policies.policy import Policy
from hedge_env.policies.policy_file import LearnedPolicy
from hedge_env.training.output.console import log
from hedge_env.training.results.agents import Agent, find_agents, find_policy_file
from hedge_env.training.results.policy_row import Contender, Parameters
from hedge_env.training.results.rule_spec import (
    Rule,
    join_parameters,
    no_policy,
    parse_rule,
)
from hedge_env.training.results.world import (
    require_readable,
    strangeness,
    strangeness_of_formula,
    trained_on,
)

__all__ = [
    "ALL",
    "ANYWHERE",
    "MAIN",
    "MEAN_GAS",
    "OPTIMA",
    "OPTIMAL",
    "SOLVERS",
    "Agent",
    "Rule",
    "agent_contender",
    "find_contenders",
    "noted_in",
    "risk_aversions_of",
    "rule_contender",
    "wanted_optima",
]

ALL = "all"
MAIN = "main"  # of those, the few that a first look shows
OPTIMAL = OptimalPolicy.name  # the exact solution, where there is one
MEAN_GAS = MeanGasPolicy.name  # that of the problem with gas at its mean
LIQUIDATION = LiquidationPolicy.name  # that of a position that is sold
SOLVERS: Mapping[str, Callable[[EnvConfig, float], Policy]] = {
    OPTIMAL: optimal_policy,
    MEAN_GAS: mean_gas_policy,
    HodgesNeubergerPolicy.name: hodges_neuberger_policy,
    OneStepBetter.name: one_step_better,
    FrozenOptimum.name: frozen_optimum,
    LIQUIDATION: liquidation_policy,
}
# What a first look shows: main rules, and those for two instruments.
_SHOWN = {*MAIN_RULES, *(n for n, rule in RULES.items() if rule.n_instruments > 1)}
_FORMULA = Path(DISTILLED_FILE).suffix
ANYWHERE = (OneStepBetter.name, FrozenOptimum.name)  # others: in solvable markets
OPTIMA = tuple(SOLVERS)


def wanted_optima(entries: Sequence[str], config: EnvConfig) -> tuple[str, ...]:
    """Which exact solutions are to be among the policies.

    Args:
        entries: As for `find_contenders`; `all` and `main` mean the optimum where it
            exists, and beside it the one for gas at its mean where gas moves.
        config: The hedging problem.

    Returns:
        Some of `OPTIMA`.

    Raises:
        HedgeError: If one is asked for by name and the problem has none.
    """
    wanted = {name for name in OPTIMA if name in entries}
    if wanted - {*ANYWHERE, LIQUIDATION}:
        require_solvable(config)
    if LIQUIDATION in wanted:
        liquidation_of(config, config.risk_aversions[0])
    if FrozenOptimum.name in wanted:
        require_programme(config)
    if OneStepBetter.name in wanted:
        _require_values(config)
    if {ALL, MAIN} & set(entries) and why_no_liquidation(config) is None:
        wanted.add(LIQUIDATION)
    if {ALL, MAIN} & set(entries) and why_unsolvable(config) is None:
        wanted |= {OPTIMAL} if config.market.gas is None else {OPTIMAL, MEAN_GAS}
    return tuple(name for name in OPTIMA if name in wanted)


def _require_values(config: EnvConfig) -> None:
    """Refuse a market in which no value of all holdings can be fitted."""
    unknown = ", ".join(unknown_keys(config, BOUNDED)) or config.answering_key
    if unknown:
        raise ConfigError(
            f"{OneStepBetter.name} cannot be fitted for {config.name}: {unknown} makes "
            "costs or prices answer to what is held; set it to its default, or leave "
            f"{OneStepBetter.name} out"
        )


def find_contenders(
    entries: Sequence[str],
    config: EnvConfig | None = None,
    *,
    option: str = "--policies",
) -> tuple[list[Rule], list[Agent]]:
    """Look up every entry; an entry given twice counts once.

    Args:
        entries: Names of rules, with parameters or not (see `rule_spec`), `all` for
            every rule that hedges, `main` for the few of `MAIN_RULES` and those that
            trade the market's options, policy files, run folders, formulas of `hedge
            distill`; `OPTIMA` are passed over, see `wanted_optima`.
        config: The hedging problem: `all` is then every rule that can be played in it
            and whose assumptions it keeps. None: every rule there is.
        option: What the user calls the entries.

    Returns:
        The rules and the saved policies, each in the order given.

    Raises:
        ConfigError: If an entry is neither a rule nor a file, if a parameter is
            unknown, or if a policy cannot be played in the problem.
        PolicyFileError: If a file is not a policy.
    """
    rules: dict[str, Rule] = {}  # by name, in order
    paths: dict[Path, None] = {}
    for entry in join_parameters(entries):
        if entry in (ALL, MAIN):
            names = list(BASELINES) if config is None else _all_rules(config)
            shown = [name for name in names if entry == ALL or name in _SHOWN]
            found = {name: rule_in(RULES[name], config) for name in shown}
            rules.update({name: Rule(name, kind) for name, kind in found.items()})
            continue
        rule = parse_rule(entry, config)
        if rule is not None:
            rules[rule.name] = rule
        elif entry not in OPTIMA:
            path = find_policy_file(entry, option)
            if path is None:
                raise no_policy(entry, option, OPTIMA, (MAIN, ALL))
            if path.suffix == _FORMULA:
                formula = _formula(path, rules)
                rules[formula.name] = formula
            else:
                paths[path] = None
    agents = find_agents(paths, [*RULES, *OPTIMA, *rules])
    if config is not None:
        for agent in agents:
            require_readable(agent.name, agent.policy, config)
    return list(rules.values()), agents


def _formula(path: Path, taken: Iterable[str]) -> Rule:
    """A rule out of a file of `hedge distill`, called like its folder or its file."""
    band = read_distilled(path)[1]
    whole = path.absolute()
    own = whole.parent.name if path.name == DISTILLED_FILE else whole.stem
    name = own if own and own not in {*RULES, *OPTIMA, *taken} else str(path)
    shown = "".join(c if c.isprintable() else "?" for c in name)[-100:]
    return Rule(shown, DistilledBand, band.params, band)


def _all_rules(config: EnvConfig) -> list[str]:
    """Rules that can be played, and a line about those that a book does not suit."""
    suited = list(rules_for(config))
    reasons: dict[str, list[str]] = {}
    for name, reason in unfit_rules(config).items():
        if name in BASELINES:
            reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        log(f"left out of all: {', '.join(names)} ({reason})")
    return suited


def risk_aversions_of(agent: Agent, asked: Iterable[float]) -> tuple[float, ...]:
    """Risk aversions at which an agent is to be measured.

    One that was trained for a range can act at all of them, any other only at its
    own: elsewhere it would be judged by an objective it never saw.

    Args:
        agent: The saved policy.
        asked: Risk aversions of the comparison [1/notional].
    """
    trained = agent.risk_aversion
    return tuple(asked) if isinstance(trained, RiskAversionRange) else (trained,)


def rule_contender(
    name: str,
    policy: AbstractRule,
    risk_aversion: float,
    config: EnvConfig,
    *,
    params_source: str,
    given: Parameters | None = None,
) -> Contender:
    """What a summary says about a rule, broken assumptions included.

    Args:
        name: In tables.
        policy: The rule with its parameters.
        risk_aversion: Lambda it is measured at [1/notional].
        config: The hedging problem.
        params_source: Where its parameters are from.
        given: Parameters of the command line, those that are never tuned included;
            None if there are none.
    """
    reason = policy.why_unfit(config)
    notes = () if reason is None else (f"not made for this book: {reason}",)
    if isinstance(policy, DistilledBand) and policy.fitted_in is not None:
        foreign = strangeness_of_formula(policy.fitted_in, config, risk_aversion)
        notes = (*notes, *foreign)
    params = {**policy.params, **(given or {})}
    return Contender(
        name,
        policy.kind,
        params,
        risk_aversion,
        params_source=params_source if params else None,
        params_given=None if given is None else tuple(given),
        notes=notes,
    )


def agent_contender(agent: Agent, risk_aversion: float, config: EnvConfig) -> Contender:
    """What a summary says about an agent, where it is a stranger included.

    Args:
        agent: The saved policy.
        risk_aversion: Lambda it is measured at [1/notional].
        config: The hedging problem.
    """
    return Contender(
        agent.name,
        agent.policy.kind,
        {},
        risk_aversion,
        str(agent.source),
        entry=agent.entry or agent.name,
        seed=agent.seed,
        trained_on=trained_on(agent.policy, config),
        notes=strangeness(agent.policy, config, risk_aversion),
    )


def noted_in(config: EnvConfig, contender: Contender, policy: Policy) -> Contender:
    """The same in another problem, in which other things are foreign to an agent.

    Args:
        config: The other problem.
        contender: As in the first one.
        policy: Rules are as they were.
    """
    if not isinstance(policy, LearnedPolicy):
        return contender
    return replace(
        contender,
        trained_on=trained_on(policy, config),
        notes=strangeness(policy, config, contender.risk_aversion),
    )
