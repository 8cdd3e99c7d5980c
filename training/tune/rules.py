"""`hedge tune` of rules: their best parameters, in a file with their provenance.

The file is written anew after every rule, so that an interruption loses only the one
at work; the same command then goes on where it stopped.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hedge_env.base.errors import ConfigError
from hedge_env.baselines.tuning.criteria import parse_criterion
from hedge_env.baselines.tuning.holdout import hold_out
from hedge_env.baselines.tuning.tune import TunedRule
from hedge_env.config import EnvConfig
from hedge_env.feeds.tape import MarketTape, record_tape, require_tape_fits
from hedge_env.training.cli.commands import TuneOptions
from hedge_env.training.output.console import log, write_json
from hedge_env.training.output.folder import prepare_folder
from hedge_env.training.results.contenders import OPTIMA, Rule, find_contenders
from hedge_env.training.results.recorded_market import (
    episodes_in,
    load_market,
    require_two_paths,
)
from hedge_env.training.results.tuned_file import (
    TUNED_FILE,
    TunedFile,
    new_file,
    read_tuned,
    rules_of,
)
from hedge_env.training.results.tuned_rules import tune_rules

__all__ = ["rules_to_tune", "tune_to_file"]


def run(options: TuneOptions) -> None:
    """Tune, keep the parameters if a folder is given, print them.

    Args:
        options: What to tune, where, and how carefully.
    """
    config = load_market(options.preset, options.replay, options.settings)
    with prepare_folder(options.out):
        file = tune_to_file(
            config,
            options.policies,
            options.risk_aversion,
            None if options.out is None else options.out / TUNED_FILE,
            n_episodes=options.episodes,
            validation_episodes=options.validation_episodes,
            seed=options.seed,
            criterion=options.criterion,
            threads=options.threads,
            progress=options.progress,
        )
    if options.json:
        write_json(file.to_document())
    else:
        from hedge_env.training.report.tables import print_tuned

        print_tuned(file)
    if options.out is not None:
        log(f"parameters: {options.out / TUNED_FILE}")


def tune_to_file(
    config: EnvConfig,
    policies: Sequence[str],
    risk_aversions: Sequence[float],
    path: Path | None,
    *,
    n_episodes: int = 20_000,
    validation_episodes: int = 20_000,
    seed: int = 0,
    criterion: str = "objective",
    threads: int = 1,
    progress: bool = False,
) -> TunedFile:
    """Tune rules and write the file after each of them.

    What the file already holds of the same problem, criterion and paths is kept. What
    was found is then measured on test paths, which choose nothing.

    Args:
        config: The hedging problem.
        policies: Names of rules, with what is not to be tuned
            (`gas-band:snap=0,rest=tuned`) or not; `main` or `all`.
        risk_aversions: Lambdas of the objective [1/notional].
        path: The file to write; None writes none.
        n_episodes: Number of test paths, at least 2.
        validation_episodes: Number of validation paths, at least 2.
        seed: Seed of both.
        criterion: What to minimise: objective, mean-std:K or cvar:Q.
        threads: The result does not depend on it.
        progress: Whether to show progress on standard error.

    Raises:
        ConfigError: If something asked for does not exist, or the file holds
            parameters of another problem.
    """
    parse_criterion(criterion)
    require_two_paths(n_episodes)
    require_two_paths(validation_episodes, "--validation-episodes")
    rules = rules_to_tune(policies, config)
    n_paths = episodes_in(config, validation_episodes, "validation")
    n_test_paths = episodes_in(config, n_episodes, "test")
    require_tape_fits(config, n_test_paths, "--episodes")
    counts = {"n_paths": n_paths, "n_test_paths": n_test_paths}
    new = new_file(config, criterion, seed=seed, **counts)
    file = _continued(path, new, config, criterion)
    known = rules_of(path or Path(TUNED_FILE), file, config, criterion)

    test: MarketTape | None = None

    def keep(risk_aversion: float, best: TunedRule, paths: MarketTape) -> None:
        nonlocal file, test
        if test is None:
            ids = np.arange(n_test_paths)
            test = record_tape(config, ids, seed=seed, stream="test")
        held_out = hold_out(
            best, config, risk_aversion, paths, test, criterion, threads=threads
        )
        file = file.with_entry(risk_aversion, best, held_out)
        if path is not None:
            file.write(path)

    tune_rules(
        rules,
        sorted(set(risk_aversions)),
        config,
        n_episodes=n_paths,
        seed=seed,
        criterion=criterion,
        threads=threads,
        progress=progress,
        known=known,
        finished=keep,
        option="--validation-episodes",
    )
    return file


def rules_to_tune(policies: Sequence[str], config: EnvConfig) -> list[Rule]:
    """The rules asked for, refusing all that has nothing to tune.

    Args:
        policies: As of `tune_to_file`.
        config: The hedging problem.

    Raises:
        ConfigError: Naming the first that has nothing to tune.
    """
    rules, agents = find_contenders(policies, config)
    others = [*(name for name in OPTIMA if name in policies)]
    others += [str(agent.source) for agent in agents]
    others += [rule.name for rule in rules if rule.given is not None]
    if others:
        raise ConfigError(
            f"--policies: {others[0]} has no parameters to tune; name rules, such as "
            "gas-band, or gas-band:snap=0,rest=tuned to tune all but one"
        )
    return rules


def _continued(
    path: Path | None, new: TunedFile, config: EnvConfig, criterion: str
) -> TunedFile:
    """The file that is there, if what is to be tuned belongs into it, or a new one."""
    if path is None or not path.exists():
        return new
    old = read_tuned(path)
    rules_of(path, old, config, criterion)
    if (old.seed, old.n_paths) != (new.seed, new.n_paths):
        raise ConfigError(
            f"{path} was tuned on {old.n_paths} paths of seed {old.seed}; choose "
            "another --out, or the same --validation-episodes and --seed to go on with "
            "it"
        )
    # Files from before there were two numbers have as many test paths.
    old_test = old.n_paths if old.n_test_paths is None else old.n_test_paths
    if old.entries and old_test != new.n_test_paths:
        raise ConfigError(
            f"{path} was measured on {old_test} test paths; choose another --out, or "
            f"--episodes {old_test} to go on with it"
        )
    if old.version != new.version:
        raise ConfigError(
            f"{path} was made by version {old.version}; choose another --out"
        )
    log(f"{path}: going on with {len(old.entries)} tuned entries")
    return old
