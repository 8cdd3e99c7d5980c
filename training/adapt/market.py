"""One market: policies trained, the rules tuned, all of them measured and kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hedge_env.base.errors import ConfigError
from hedge_env.base.files import write_atomically
from hedge_env.config import EnvConfig
from hedge_env.training.adapt.curve import ADAPTED, NEW, MarketCurves
from hedge_env.training.adapt.problem import Problem
from hedge_env.training.adapt.runs import jobs_of, trained_policy
from hedge_env.training.compare import compare
from hedge_env.training.experiment.in_market import in_market
from hedge_env.training.output.console import log
from hedge_env.training.output.provenance import to_json
from hedge_env.training.results.contenders import ALL, MAIN, OPTIMA, find_contenders
from hedge_env.training.results.recorded_market import load_market
from hedge_env.training.results.rule_spec import join_parameters, parse_rule
from hedge_env.training.results.tuned_file import TUNED_FILE, config_digest
from hedge_env.training.train.sb3.first_weights import say_what_is_unlike
from hedge_env.training.tune.rules import tune_to_file

__all__ = ["find_target_markets", "kept_or_measured", "require_rules"]

_FILE = "market.json"


def find_target_markets(
    presets: Sequence[str], settings: Sequence[str]
) -> list[EnvConfig]:
    """Markets by the words of the command line; one given twice counts once.

    Args:
        presets: Names or files.
        settings: Overrides `key=value` of all of them.

    Raises:
        ConfigError: If one does not exist or replays recorded days, or two are called
            alike.
    """
    found: dict[str, EnvConfig] = {}
    for preset in dict.fromkeys(presets):
        config = load_market(preset, None, settings)
        if config.replay is not None:
            raise ConfigError(
                f"--presets: {preset} replays recorded days, of which there are not "
                "enough to tell numbers of updates apart; name a market to simulate"
            )
        if config.name in found:
            raise ConfigError(f"--presets: two markets are called {config.name}")
        found[config.name] = config
    return list(found.values())


def kept_or_measured(
    config: EnvConfig, problem: Problem, folder: Path, *, threads: int, progress: bool
) -> MarketCurves:
    """Take a market's curves from its folder, or train, measure and keep them.

    Args:
        config: The market.
        problem: What is measured.
        folder: Of the market.
        threads: For tuning and testing; the result does not depend on it.
        progress: Whether to show progress on standard error.

    Raises:
        ConfigError: If the folder keeps work of another market, or of other settings.
        KeyboardInterrupt: If the user stopped a training.
    """
    key = {
        **problem.document(),
        "updates": list(problem.updates),
        "config_sha256": config_digest(config),
    }
    kept = _kept(folder / _FILE, key)
    if kept is not None:
        log(f"adapt: {config.name}, kept")
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    there = in_market(problem.agent, config, problem.seed).env_config()
    say_what_is_unlike(problem.starts[0].policy, there)
    tuned = _tune(config, problem, folder / TUNED_FILE, threads, progress=progress)
    found = {
        trained_policy(job, problem.agent, config, folder, progress=progress): job
        for job in jobs_of(problem.starts, problem.updates, problem.seed)
    }
    comparison = compare(
        config,
        [*problem.rules, *map(str, found)],
        problem.levels,
        n_episodes=problem.n_episodes,
        validation_episodes=problem.validation_episodes,
        seed=problem.seed,
        threads=threads,
        progress=progress,
        tuned_file=tuned,
        attributed=False,
    )
    curves = MarketCurves.of(
        comparison.summary,
        {
            str(path): (job.n_updates, NEW if job.start is None else ADAPTED)
            for path, job in found.items()
        },
    )
    document = {"key": key, "curves": curves.to_document()}
    write_atomically(folder / _FILE, to_json(document))
    return curves


def _kept(path: Path, key: Mapping[str, Any]) -> MarketCurves | None:
    """What was measured before, if it is the same; None if it has to be done."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return (
            MarketCurves.from_document(kept["curves"]) if kept["key"] == key else None
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # missing, damaged or of another version: measured again


def _tune(
    config: EnvConfig, problem: Problem, path: Path, threads: int, *, progress: bool
) -> Path | None:
    """Tune the rules whose parameters are not given; None if there are none."""
    names = [name for name in join_parameters(problem.rules) if _is_tuned(name, config)]
    if not names:
        return None
    tune_to_file(
        config,
        names,
        problem.levels,
        path,
        n_episodes=problem.validation_episodes,
        validation_episodes=problem.validation_episodes,
        seed=problem.seed,
        threads=threads,
        progress=progress,
    )
    return path


def _is_tuned(name: str, config: EnvConfig) -> bool:
    rule = parse_rule(name, config)
    return name in (ALL, MAIN) or (rule is not None and rule.given is None)


def require_rules(rules: Sequence[str], config: EnvConfig) -> None:
    """Refuse what is no rule of a market before anything is trained.

    Args:
        rules: As on the command line.
        config: The market.

    Raises:
        ConfigError: If an entry does not exist or is a saved policy, or none is left.
    """
    known, agents = find_contenders(rules, config)
    if agents:
        raise ConfigError(
            f"--rules: {agents[0].source} is a saved policy and no rule; adapt it, or "
            "measure it with hedge compare"
        )
    if not known and not set(rules) & set(OPTIMA):
        raise ConfigError(f"--rules: none of them can be played in {config.name}")
