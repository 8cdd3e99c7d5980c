"""`hedge study --years`: fit, train, tune, measure and write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import hedge_env
from hedge_env.base.errors import ConfigError
from hedge_env.training.cli.command_line import command_line
from hedge_env.training.cli.commands import StudyOptions
from hedge_env.training.output.console import log, write_json
from hedge_env.training.output.folder import prepare_folder, write_folder
from hedge_env.training.output.provenance import to_json
from hedge_env.training.output.source_commit import git_commit
from hedge_env.training.results.contenders import OPTIMA, wanted_optima
from hedge_env.training.results.recorded_market import (
    load_market,
    require_two_paths,
)
from hedge_env.training.results.tuned_file import config_digest
from hedge_env.training.study.agent_seeds import AgentSeeds
from hedge_env.training.study.years.fold import (
    Fold,
    find_fold,
    of_the_market,
    require_years,
)
from hedge_env.training.study.years.measure import kept_or_measured_year
from hedge_env.training.study.years.page import years_page
from hedge_env.training.tune.rules import rules_to_tune

__all__ = ["study_years"]


def study_years(options: StudyOptions) -> None:
    """Leave out one year after the other, and write page and document.

    Args:
        options: Which years of which files, and how carefully.

    Raises:
        ConfigError: If it is not said which days, or of which market.
    """
    _check(options)
    assert options.replay is not None
    agents = AgentSeeds(options.agents, options.training_seeds)
    (preset,), summaries, commands = options.presets, [], []
    _require_measurable(preset, options, agents)
    with prepare_folder(options.out):
        for number, year in enumerate(options.years, 1):
            log(f"study: {preset} without {year} ({number} of {len(options.years)})")
            folder = options.work / f"{preset}-without-{year}"
            fold = find_fold(
                preset,
                year,
                options.replay,
                options.settings,
                folder,
                seed=options.seed,
                progress=options.progress,
            )
            key, how = _key(fold, options, agents), _how(options)
            summaries.append(kept_or_measured_year(fold, key, agents, folder, **how))
            commands.append(fold.command)
        command = command_line("study", options)
        document = {
            "command": command,
            "version": hedge_env.__version__,
            "git_commit": git_commit(),
            "fits": commands,
            "years": [summary.to_document() for summary in summaries],
        }
        page = years_page(preset, summaries, command)
        files = {"README.md": page.encode(), "years.json": to_json(document).encode()}
        write_folder(options.out, files)
    if options.json:
        write_json(document)
    log(f"study: {options.out / 'README.md'}")


def _check(options: StudyOptions) -> None:
    require_two_paths(options.validation_episodes, "--validation-episodes")
    if options.replay is None:
        raise ConfigError("--years: name the recorded days with --replay FILE.csv")
    if len(options.presets) != 1:
        raise ConfigError(
            "--years: one market is fitted; name it, such as --presets ethereum-l1"
        )
    if len(set(options.years)) < len(options.years):
        raise ConfigError("--years: a year is named twice; name each once")
    if not options.risk_aversion:
        raise ConfigError("--years: give --risk-aversion, such as 2,10,50")


def _require_measurable(preset: str, options: StudyOptions, agents: AgentSeeds) -> None:
    """Refuse what cannot be measured before minutes go into the first year.

    What is fitted has the parts of the preset, so that it stands in for it here.
    """
    assert options.replay is not None
    market = load_market(preset, None, of_the_market(options.settings))
    rules_to_tune([name for name in options.policies if name not in OPTIMA], market)
    wanted_optima(options.policies, market)
    require_years(preset, options.years, options.replay, options.settings)
    agents.require_trainable(market)


def _key(fold: Fold, options: StudyOptions, agents: AgentSeeds) -> dict[str, Any]:
    """All that the result of a year depends on."""
    return {
        "version": hedge_env.__version__,
        "market": config_digest(fold.market),
        "days": config_digest(fold.days),
        "policies": list(options.policies),
        "levels": sorted(set(options.risk_aversion)),
        "validation_episodes": options.validation_episodes,
        "seed": options.seed,
        **agents.key(fold.market),
    }


def _how(options: StudyOptions) -> Mapping[str, Any]:
    return {"threads": options.threads, "progress": options.progress}
