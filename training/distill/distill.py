"""`hedge distill`: a saved policy as a short formula that can be used as a rule.

The band that the policy plays is found by asking it, in states of its own training
paths. The strongest tuned rule is moved and widened by a few terms towards that band;
validation paths choose how many terms and polish their weights; test paths say what
share of the policy's advantage over the strongest tuned rule is left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.baselines.distilled.distilled_band import BASES, DistilledBand
from hedge_env.baselines.distilled.distilled_file import (
    DISTILLED_FILE,
    distilled_bytes,
)
from hedge_env.baselines.distilled.formula_fit import fit_formulas
from hedge_env.baselines.rule.band_rule import BandRule
from hedge_env.baselines.tuning.tune import TunedRule
from hedge_env.config import EnvConfig, RiskAversionRange
from hedge_env.evaluation.evaluate import EpisodeTable, evaluate
from hedge_env.evaluation.policy_band import (
    PolicyBand,
    policy_band,
    require_band,
    visited_states,
)
from hedge_env.feeds.tape import MarketTape, record_tape, require_tape_fits
from hedge_env.training.cli.commands import DistillOptions
from hedge_env.training.distill.distillation import Distillation
from hedge_env.training.distill.kept_share import kept_share, sharpest
from hedge_env.training.distill.selection import set_goals, shortest
from hedge_env.training.output.console import counter, log, write_json, write_text
from hedge_env.training.output.folder import prepare_folder, write_folder
from hedge_env.training.results.contenders import (
    OPTIMA,
    Agent,
    Rule,
    find_contenders,
)
from hedge_env.training.results.recorded_market import (
    episodes_in,
    load_market,
    load_own_market,
    overlap,
    require_two_paths,
)
from hedge_env.training.results.tuned_file import read_tuned, rules_of
from hedge_env.training.results.tuned_rules import Key, tune_rules
from hedge_env.training.results.world import require_readable

__all__ = ["distil", "run"]

_STATES = 36_000  # of all risk aversions together
_PATHS = 2048  # that they are taken from
_STATE_SEED = 77  # of those, beside the seed of the command


def run(options: DistillOptions) -> None:
    """Distill, write the file and the figure if a folder is given, print the formula.

    Args:
        options: What to distill, against which rules, how carefully.
    """
    if options.out is not None:
        # Missing plotting packages must show now, not after the work is done.
        from hedge_env.training.report.distilled_figure import distilled_figure
    with prepare_folder(options.out):
        found = distil(options)
        file = found.file()
        if options.out is not None:
            figure = distilled_figure(
                found.agent.name, found.band, found.states, found.own, found.config
            )
            content = {DISTILLED_FILE: distilled_bytes(file), "distilled.png": figure}
            write_folder(options.out, content)
    if options.json:
        write_json(file.model_dump(mode="json"))
    else:
        write_text("\n".join(found.lines()))
    if options.out is not None:
        log(f"formula: {options.out / DISTILLED_FILE}")


def distil(options: DistillOptions) -> Distillation:
    """Write a saved policy down as a formula, and measure it.

    Args:
        options: As on the command line.

    Raises:
        ConfigError: If what is asked for cannot be distilled.
        HedgeError: If the policy is not ahead of the rules on the validation paths.
    """
    require_two_paths(options.episodes)
    require_two_paths(options.validation_episodes, "--validation-episodes")
    agent, config = _agent(options)
    levels = options.risk_aversion or _levels(agent)
    _require_trained(agent, levels)
    rules = _rules(options.policies, config)
    states, own = _states(agent, config, levels, options.seed)
    tape = _tape(config, options)
    tuned = _tuned(rules, levels, config, tape, options)
    best = {x: min(tuned[x], key=lambda one: one.value) for x in levels}
    base = _base(tuned[levels[len(levels) // 2]])
    try:
        formulas = fit_formulas(base, own, states, config)
    except ValueError as error:
        raise ConfigError(f"{agent.name}: {error}; name other --policies") from None
    short = [one for one in formulas if len(one.width_sum) - 1 <= options.terms]
    goals = set_goals(agent, best, config, tape, seed=options.seed)
    band = shortest(short, goals, keep=options.keep, progress=options.progress)
    tables = _on_test_paths(agent, band, best, config, options)
    wide, recorded = overlap(config), config.without_files()[1]
    return Distillation(
        band=replace(band, fitted_in=config.without_files()[0], recorded=recorded),
        config=config,
        agent=agent,
        best=best,
        kept={x: kept_share(*tables[x], overlap=wide) for x in levels},
        objectives={x: _means(tables[x]) for x in levels},
        states=states,
        own=own,
    )


def _agent(options: DistillOptions) -> tuple[Agent, EnvConfig]:
    """The saved policy and the problem it is distilled in."""
    rules, agents = find_contenders([options.policy], option="POLICY")
    if rules or len(agents) != 1:
        raise ConfigError(
            f"hedge distill takes a policy file or a run folder; {options.policy} is "
            "a formula already"
        )
    (agent,) = agents
    known = agent.policy.metadata
    if options.preset is None:
        source = str(agent.source)
        config = load_own_market(
            source, known.config, known.recorded, options.replay, options.settings
        )
    else:
        config = load_market(options.preset, options.replay, options.settings)
    require_readable(agent.name, agent.policy, config)
    if agent.policy.remembers:
        raise ConfigError(
            f"{agent.name} remembers what it saw earlier in the episode, and a formula "
            "of hedge distill is a band in the present state alone; distill a policy "
            "that was trained without an LSTM"
        )
    if config.n_columns > 1 or agent.policy.config.n_columns > 1:
        raise ConfigError(
            f"{agent.name} trades a listed option or on two chains, moves a range of "
            "liquidity, or splits orders over venues, and a formula of hedge distill "
            "is a band for the underlying alone; distill a policy that was trained "
            "without execution.option, execution.rollup, recentre.by = policy and "
            "execution.split = policy"
        )
    own = {"risk_aversion": agent.risk_aversion}
    return agent, config.model_copy(update=own)


def _levels(agent: Agent) -> tuple[float, ...]:
    """The risk aversion of training, or ends and middle of its range."""
    own = agent.risk_aversion
    if not isinstance(own, RiskAversionRange):
        return (own,)
    return own.low, float(np.sqrt(own.low * own.high)), own.high


def _require_trained(agent: Agent, levels: Sequence[float]) -> None:
    for level in levels:
        if not agent.policy.metadata.is_trained_for(level):
            low, high = agent.policy.metadata.risk_aversions
            text = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            raise ConfigError(
                f"--risk-aversion {level:g}: {agent.name} was trained for {text}; "
                "distill it there"
            )


def _rules(policies: Sequence[str], config: EnvConfig) -> list[Rule]:
    """Rules to tune, at least one of them with a band."""
    rules, agents = find_contenders(policies, config)
    solved = next((name for name in policies if name in OPTIMA), None)
    if solved is not None:
        raise ConfigError(
            f"--policies: {solved} has no parameters to tune; name rules to beat"
        )
    if agents:
        raise ConfigError(
            f"--policies: {agents[0].name} is a saved policy; name rules to beat"
        )
    given = next((rule for rule in rules if rule.given is not None), None)
    if given is not None:
        rest = "" if given.made else ", or add rest=tuned to tune all but these"
        raise ConfigError(
            f"--policies: {given.name} has its parameters already; name rules to be "
            f"tuned{rest}"
        )
    if not any(rule.rule_class.name in BASES for rule in rules):
        raise ConfigError(
            "--policies: none of the rules has a band for the formula to start from; "
            f"name one of {', '.join(BASES)}"
        )
    return rules


def _tape(config: EnvConfig, options: DistillOptions) -> MarketTape:
    n_paths = episodes_in(config, options.validation_episodes, "validation")
    require_tape_fits(config, n_paths, "--validation-episodes")
    return record_tape(
        config, np.arange(n_paths), seed=options.seed, stream="validation"
    )


def _tuned(
    rules: Sequence[Rule],
    levels: Sequence[float],
    config: EnvConfig,
    tape: MarketTape,
    options: DistillOptions,
) -> dict[float, list[TunedRule]]:
    """Every rule tuned at every risk aversion, or taken from a file."""
    known: dict[Key, TunedRule] = {}
    if options.tuned is not None:
        file = read_tuned(options.tuned)
        known = rules_of(options.tuned, file, config, "objective")
    found = tune_rules(
        rules,
        levels,
        config,
        n_episodes=tape.n_paths,
        seed=options.seed,
        criterion="objective",
        threads=options.threads,
        progress=options.progress,
        known=known,
        option="--validation-episodes",
    )
    return {x: [best for level, best in found if level == x] for x in levels}


def _base(tuned: Sequence[TunedRule]) -> BandRule:
    """The best of the rules that have a band to be moved."""
    bands = [one for one in tuned if one.policy.name in BASES]
    policy = min(bands, key=lambda one: one.value).policy
    assert isinstance(policy, BandRule)
    return policy


def _states(
    agent: Agent, config: EnvConfig, levels: Sequence[float], seed: int
) -> tuple[FloatArray, PolicyBand]:
    """States that the agent visits at all risk aversions, and its band in them."""
    each = max(_STATES // (len(levels) * config.episode.decisions), 1)
    n_paths = min(_PATHS, episodes_in(config, _PATHS, "training"))
    ids, draw = np.arange(n_paths), seed + _STATE_SEED
    tape = record_tape(config, ids, seed=draw, stream="training")
    visited = [
        visited_states(agent.policy, tape, config, level, per_decision=each, seed=draw)
        for level in levels
    ]
    states = np.hstack(visited)
    band = policy_band(agent.policy, states, config)
    require_band(agent.policy, band)
    return states, band


def _on_test_paths(
    agent: Agent,
    band: DistilledBand,
    best: Mapping[float, TunedRule],
    config: EnvConfig,
    options: DistillOptions,
) -> dict[float, tuple[EpisodeTable, EpisodeTable, EpisodeTable]]:
    """What the best rule, the agent and its formula do on the test paths."""
    n_paths = episodes_in(config, options.episodes, "test")
    played = [
        (policy, level)
        for level, rule in best.items()
        for policy in (rule.policy, agent.policy, band)
    ]
    total = n_paths * len(played)
    with counter("testing", total, enabled=options.progress) as report:
        tables = evaluate(
            played,
            config,
            n_episodes=n_paths,
            seed=options.seed,
            threads=options.threads,
            progress=lambda done, total: report(done),
            controlled=True,
        )
    return {
        level: (tables[3 * i], tables[3 * i + 1], tables[3 * i + 2])
        for i, level in enumerate(best)
    }


def _means(tables: Sequence[EpisodeTable]) -> tuple[float, float, float]:
    """Objectives of three tables, with the least spread that is known [bp]."""
    rule, agent, formula = (float(sharpest(table).mean()) for table in tables)
    return rule, agent, formula
