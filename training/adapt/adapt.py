"""`hedge adapt`: adaptation curves of agents whose market has changed.

settings.json       what the kept work depends on
MARKET/adapted-50/  run folders of 50 updates from each saved policy, one a seed
MARKET/new-50/      the same from random weights
MARKET/tuned.json   the rules of the market
MARKET/market.json  what was measured there
README.md, adaptation.json, adaptation.csv, adaptation.png
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig, RiskAversionRange
from hedge_env.training.adapt.curve import Adaptation
from hedge_env.training.adapt.market import (
    find_target_markets,
    kept_or_measured,
    require_rules,
)
from hedge_env.training.adapt.problem import Problem, require_same_work
from hedge_env.training.adapt.runs import require_fit, require_learner
from hedge_env.training.adapt.starts import find_starts
from hedge_env.training.cli.after_training_options import AdaptOptions
from hedge_env.training.cli.command_line import command_line
from hedge_env.training.experiment.in_market import in_market
from hedge_env.training.output.console import log, write_json, write_table
from hedge_env.training.output.folder import prepare_folder, write_folder
from hedge_env.training.output.source_commit import git_commit
from hedge_env.training.results.recorded_market import require_two_paths
from hedge_env.training.train.train import INTERRUPTED

__all__ = ["adapt", "run"]

_SETTINGS = "settings.json"


def run(options: AdaptOptions) -> int:
    """Train and measure what is not there yet, write the page, print the tables.

    Args:
        options: Which policies, in which markets, how carefully.

    Returns:
        The exit code; that of an interruption if the user stopped it.
    """
    # Missing plotting packages must show now, not after the work is done.
    from hedge_env.training.adapt.page import adaptation_files, adaptation_tables

    problem = _problem_of(options)
    markets = find_target_markets(options.presets, options.settings)
    _require_possible(problem, markets)
    with prepare_folder(options.out):
        try:
            found = adapt(
                problem,
                markets,
                options.out,
                threads=options.threads,
                progress=options.progress,
                command=command_line("adapt", options),
            )
        except KeyboardInterrupt:
            log(f"{options.out}: stopped and saved; the same command goes on")
            return INTERRUPTED
        write_folder(options.out, adaptation_files(found))
    if options.json:
        write_json(found.to_document())
    else:
        write_table(*adaptation_tables(found))
    log(f"page: {options.out / 'README.md'}")
    return 0


def adapt(
    problem: Problem,
    markets: Sequence[EnvConfig],
    out: Path,
    *,
    threads: int = 1,
    progress: bool = False,
    command: str = "",
) -> Adaptation:
    """Train and measure in every market what the folder does not hold yet.

    Args:
        problem: What is measured.
        markets: Where.
        out: Folder that keeps what is finished.
        threads: For tuning and testing; the result does not depend on it.
        progress: Whether to show progress on standard error.
        command: Command line that repeats it.

    Raises:
        ConfigError: If the folder keeps work of other settings.
        KeyboardInterrupt: If the user stopped a training.
    """
    require_same_work(out / _SETTINGS, problem.document())
    curves = [
        kept_or_measured(
            config, problem, out / config.name, threads=threads, progress=progress
        )
        for config in markets
    ]
    return Adaptation(
        home=problem.starts[0].home,
        policies=[str(start.path) for start in problem.starts],
        markets=curves,
        settings=problem.document(),
        command=command,
        commit=git_commit(),
    )


def _problem_of(options: AdaptOptions) -> Problem:
    """What the command line asks for."""
    require_two_paths(options.episodes)
    require_two_paths(options.validation_episodes, "--validation-episodes")
    require_learner(options.agent)
    levels = sorted(set(options.risk_aversion))
    return Problem(
        agent=options.agent,
        starts=find_starts(options.policies, levels),
        updates=sorted(set(options.updates)),
        levels=levels,
        rules=options.rules,
        n_episodes=options.episodes,
        validation_episodes=options.validation_episodes,
        seed=options.seed,
        changes=options.settings,
    )


def _require_possible(problem: Problem, markets: Sequence[EnvConfig]) -> None:
    """Refuse now what would fail in a market after hours of training in others.

    Raises:
        ConfigError: If policies or rules do not fit a market, or the experiment is of
            other risk aversions.
    """
    for config in markets:
        require_rules(problem.rules, config)
        require_fit(problem.starts, problem.agent, config, problem.seed)
        trained = in_market(problem.agent, config, problem.seed).env_config()
        _require_levels(problem, trained)


def _require_levels(problem: Problem, trained: EnvConfig) -> None:
    """Refuse risk aversions that the experiment does not train for."""
    own = trained.risk_aversions
    is_range = isinstance(trained.risk_aversion, RiskAversionRange)
    for level in problem.levels:
        if not (min(own) <= level <= max(own) if is_range else own == (level,)):
            span = f"{min(own):g} to {max(own):g}" if is_range else f"{own[0]:g}"
            raise ConfigError(
                f"--risk-aversion {level:g}: --agent {problem.agent} trains for "
                f"{span}; measure it there"
            )
