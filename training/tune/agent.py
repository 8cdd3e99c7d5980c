"""`hedge tune --agent`: search the settings of an experiment, and keep the best.

trials/0007/      the run folder of a trial
finalists/        those of the best trials and of the present settings, further seeds
study.journal     what the search knows; the same command goes on with it
search.json       trials and finalists
best.yaml         the experiment with the settings found: `hedge train best.yaml`
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from filelock import FileLock, Timeout

from hedge_env.base.errors import ConfigError
from hedge_env.base.files import write_atomically
from hedge_env.training.cli.policy_options import TuneOptions
from hedge_env.training.experiment.experiment import (
    ExperimentConfig,
    experiment_file,
    load_experiment,
)
from hedge_env.training.output.console import log, write_json
from hedge_env.training.output.folder import prepare_folder
from hedge_env.training.output.provenance import to_json
from hedge_env.training.train.train import INTERRUPTED, require_trainable
from hedge_env.training.tune.finalists import train_finalists
from hedge_env.training.tune.problem import Problem
from hedge_env.training.tune.search_result import SearchResult, print_search
from hedge_env.training.tune.search_space import Space, default_space, read_space
from hedge_env.training.tune.trials import run_trials

__all__ = ["run", "search"]

# Options of rules alone.
_OF_RULES = (
    "preset",
    "replay",
    "policies",
    "risk_aversion",
    "episodes",
    "validation_episodes",
    "seed",
    "criterion",
)


def run(agent: Path, options: TuneOptions) -> int:
    """Search, keep what was found, print it.

    Args:
        agent: The experiment.
        options: What to search, and how long.

    Returns:
        The exit code; that of an interruption if the user stopped it.

    Raises:
        ConfigError: If an option does not belong to an agent, or the folder holds
            another search.
    """
    out = _require_own_options(options)
    problem = _problem_of(agent, options)
    require_trainable(problem.base)  # before a folder is made
    problem.present()
    with prepare_folder(out):
        found = search(
            problem,
            out,
            n_trials=options.trials,
            n_finalists=options.finalists,
            n_seeds=options.training_seeds,
            progress=options.progress,
        )
    if found is None:
        log(f"{out}: stopped and saved; the same command goes on")
        return INTERRUPTED
    if options.json:
        write_json(found.to_document())
    else:
        print_search(found)
    log(f"train with them: hedge train {out / 'best.yaml'}")
    return 0


def search(
    problem: Problem,
    out: Path,
    *,
    n_trials: int = 30,
    n_finalists: int = 3,
    n_seeds: int = 3,
    progress: bool = False,
) -> SearchResult | None:
    """Search the settings of an experiment.

    The first trial has the present settings. Then a tree-structured Parzen estimator
    (Bergstra, Bardenet, Bengio and Kegl 2011, "Algorithms for hyper-parameter
    optimization", NeurIPS 24) chooses; a trial whose validation J is above the median
    of the others at the same share of its length is given up. Seeds of training alone
    move J, so that the best trials, and the present settings, are trained with further
    seeds, and the mean over them decides.

    Args:
        problem: What to search.
        out: Folder for it; a search of the same problem that is there goes on.
        n_trials: Trials in all, those of an earlier command included.
        n_finalists: How many of the best to train with further seeds; 0 takes the best.
        n_seeds: Seeds of each finalist, its trial's included.
        progress: Whether to show progress on standard error.

    Returns:
        What was found; None if the user stopped it.

    Raises:
        ConfigError: If the folder holds another search, or no trial can be trained.
    """
    with _alone(out):
        trials = run_trials(problem, out, n_trials, progress=progress)
        if trials is None:
            return None
        finalists = train_finalists(
            problem, trials, out, n_finalists, n_seeds, progress=progress
        )
        if finalists is None:
            return None
    found = SearchResult(problem.base.name, problem.base.seed, trials, finalists)
    best = problem.experiment(found.best.settings)
    write_atomically(out / "best.yaml", _as_file(best, found))
    write_atomically(out / "search.json", to_json(found.to_document()))
    return found


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep every other process from searching in the folder meanwhile."""
    lock = FileLock(out / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ConfigError(
            f"{out}: another process searches here; wait for it, or take another --out"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _as_file(experiment: ExperimentConfig, found: SearchResult) -> str:
    """The experiment, and where its settings are from."""
    document = experiment.model_dump(mode="json")
    head = f"# {found.headline()}\n"
    return head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _problem_of(agent: Path, options: TuneOptions) -> Problem:
    """The experiment and what may change in it."""
    path = experiment_file(agent)
    base = load_experiment(
        path,
        options.settings,
        torch_threads=options.threads if options.threads > 1 else None,
    )
    space: Space
    if options.space is None:
        space = default_space(base.train.algorithm)
    else:
        space = read_space(options.space)
    return Problem(path, tuple(options.settings), base, space)


def _require_own_options(options: TuneOptions) -> Path:
    """Refuse what belongs to rules; the folder."""
    plain = TuneOptions()
    given = [k for k in _OF_RULES if getattr(options, k) != getattr(plain, k)]
    if given:
        name = given[0].replace("_", "-")
        raise ConfigError(
            f"--{name} is of rules and not of --agent, whose experiment says it; "
            "change that with --set, for example preset=deribit, risk_aversion=10 or "
            "train.evaluation_paths=20000"
        )
    if options.out is None:
        raise ConfigError("--agent needs --out DIR, for its trials and what they found")
    return options.out
