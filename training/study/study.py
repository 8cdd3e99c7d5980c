"""`hedge study`: every rule, in every market, at five risk aversions.

For each market the rules are tuned and then measured on common test paths, together
with the exact optimum where there is one, and the best of them is set against the
certified bound. What is finished is kept in a work folder
(after every tuned rule, and after every market tested), so that an interrupted study
goes on where it stopped; the tables, the figures and the page are made from it.
"""

import functools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import hedge_env
from hedge_env.base.errors import ConfigError
from hedge_env.baselines.optimum.solvable import why_unsolvable
from hedge_env.config import EnvConfig, RiskAversionRange
from hedge_env.config.loading import load_config
from hedge_env.training.cli.command_line import command_line
from hedge_env.training.cli.commands import StudyOptions
from hedge_env.training.output.console import log, write_json
from hedge_env.training.output.folder import prepare_folder, write_folder
from hedge_env.training.output.source_commit import git_commit
from hedge_env.training.results.contenders import ALL, ANYWHERE, MAIN, OPTIMAL
from hedge_env.training.results.recorded_market import require_two_paths
from hedge_env.training.results.tuned_file import config_digest
from hedge_env.training.study.agent_seeds import NO_AGENTS, AgentSeeds
from hedge_env.training.study.market import kept_or_measured, require_measurable
from hedge_env.training.study.result import Study
from hedge_env.training.study.workers import side_by_side

_MULTIPLES = (0.2, 0.5, 1.0, 2.0, 5.0)  # of a market's own risk aversion


def run(options: StudyOptions) -> None:
    """Run what is not yet finished, then write tables, figures and the page.

    Args:
        options: Which markets, how carefully, and where to write.
    """
    if options.published:
        from hedge_env.training.study.published.command import print_published

        print_published(options)
        return
    if options.years:
        from hedge_env.training.study.years.command import study_years

        study_years(options)
        return
    if options.replay is not None or options.settings:
        raise ConfigError(
            "--replay and --set belong to --years, such as --years 2023,2024; markets "
            "of --presets are studied as they are"
        )
    from hedge_env.training.study.page import study_files

    configs = [load_config(name) for name in options.presets]
    with prepare_folder(options.out):
        study = run_study(
            configs,
            options.risk_aversion,
            options.work,
            policies=options.policies,
            agents=AgentSeeds(options.agents, options.training_seeds),
            n_episodes=options.episodes,
            validation_episodes=options.validation_episodes,
            bound_episodes=options.bound_episodes,
            seed=options.seed,
            threads=options.threads,
            progress=options.progress,
            command=command_line("study", options),
        )
        write_folder(options.out, study_files(study))
    if options.json:
        write_json(study.to_document())
    log(f"study: {options.out / 'README.md'}")


def run_study(
    configs: Sequence[EnvConfig],
    risk_aversions: Sequence[float],
    work: Path,
    *,
    policies: Sequence[str] = (ALL,),
    agents: AgentSeeds = NO_AGENTS,
    n_episodes: int = 100_000,
    validation_episodes: int = 20_000,
    bound_episodes: int = 0,
    seed: int = 0,
    threads: int = 1,
    progress: bool = False,
    command: str = "",
) -> Study:
    """Tune and test in every market that the work folder does not hold yet.

    Args:
        configs: The markets, each with a name of its own.
        risk_aversions: Lambdas of the objective [1/notional]; empty for a fifth, half,
            once, twice and five times each market's own.
        work: Folder for what is finished.
        policies: Rules by name, `optimal`, or `all`.
        agents: What is trained in every market, and how often.
        n_episodes: Number of test paths of each market.
        validation_episodes: Number of paths that rules are tuned on.
        bound_episodes: Number of test paths of the certified gap; 0 leaves it out.
        seed: Of both.
        threads: Markets at a time, each in a process of its own; what is left over
            goes to threads inside them. The result does not depend on it.
        progress: Whether to show progress on standard error; of one market at a time.
        command: Command line that repeats the study.

    Raises:
        ConfigError: If two markets have one name, or something asked for does not
            exist or has no place in one of them; before anything is measured.
    """
    start = time.monotonic()
    names = [config.name for config in configs]
    if len(set(names)) < len(names):
        raise ConfigError("--presets: a market is named twice; name each once")
    require_two_paths(n_episodes)
    require_two_paths(validation_episodes, "--validation-episodes")
    if bound_episodes:
        require_two_paths(bound_episodes, "--bound-episodes")
    measured = {
        "n_episodes": n_episodes,
        "validation_episodes": validation_episodes,
        "seed": seed,
    }
    keys = [
        _key(config, policies, risk_aversions, agents, measured) for config in configs
    ]
    for config, key in zip(configs, keys, strict=True):
        require_measurable(config, key, work, agents)
    # Markets side by side use the cores better than threads inside one market do.
    workers = max(1, min(threads, len(configs)))
    share = functools.partial(
        kept_or_measured,
        work=work,
        agents=agents,
        bound_episodes=bound_episodes,
        total=len(configs),
        threads=max(1, threads // workers),
        progress=progress and workers == 1,
    )
    numbers = range(1, len(configs) + 1)
    markets = side_by_side(share, workers, configs, keys, numbers)
    return Study(
        tuple(markets),
        command,
        hedge_env.__version__,
        git_commit(),
        time.monotonic() - start,
        workers,
    )


def _key(
    config: EnvConfig,
    policies: Sequence[str],
    risk_aversions: Sequence[float],
    agents: AgentSeeds,
    measured: Mapping[str, int],
) -> dict[str, Any]:
    """All that the result in a market depends on."""
    return {
        "version": hedge_env.__version__,
        **measured,
        "policies": _contenders(policies, config),
        "levels": risk_aversions_at(config, risk_aversions),
        "config_sha256": config_digest(config),
        **agents.key(config),
    }


def _contenders(policies: Sequence[str], config: EnvConfig) -> list[str]:
    """What is compared in a market: the optimum, where known, for what is near it."""
    if why_unsolvable(config) is not None:
        return list(policies)
    names = [name for name in policies if name not in ANYWHERE]
    if len(names) == len(policies) or {ALL, MAIN, OPTIMAL} & set(names):
        return names  # that says all there is to say
    return [*names, OPTIMAL]


def risk_aversions_at(config: EnvConfig, asked: Sequence[float]) -> list[float]:
    """Risk aversions of a market, rising [1/notional].

    Args:
        config: The market.
        asked: Those asked for; empty for multiples of the market's own.

    Raises:
        ConfigError: If none are asked for and the market's own is a range.
    """
    if asked:
        return sorted(set(asked))
    own = config.risk_aversion
    if isinstance(own, RiskAversionRange):
        raise ConfigError(
            f"{config.name}: its risk aversion is a range; name some with "
            "--risk-aversion"
        )
    return [multiple * own for multiple in _MULTIPLES]
