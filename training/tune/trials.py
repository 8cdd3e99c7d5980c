"""Trials of a search: one training each, chosen by those before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hedge_env.base.errors import ConfigError
from hedge_env.training.experiment.experiment import ExperimentConfig
from hedge_env.training.output.console import log
from hedge_env.training.train.run_folder import RunFolder
from hedge_env.training.train.train import TrainingError, train
from hedge_env.training.train.validation import Validation
from hedge_env.training.tune.problem import Problem

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import Trial as OptunaTrial

__all__ = ["Trial", "run_trials", "train_or_read"]

_RUNGS = 5  # times that a trial is measured, to give it up early
_PATIENT = 5  # trials that are never given up
_REFUSED = 20  # settings in a row that cannot be trained: the space is wrong


@dataclass(frozen=True)
class Trial:
    """One training.

    Attributes:
        number: From 0, which has the present settings.
        settings: Changes of the experiment, `key=value`.
        score_bp: Least validation J, balanced over risk aversions where they have a
            range; None if it was given up or could not be trained [bp].
        state: `complete`, `given up` or `refused`.
        reason: Why it was refused.
        same_as: The earlier trial of the same settings whose result it has; None if it
            was trained itself.
    """

    number: int
    settings: tuple[str, ...]
    score_bp: float | None
    state: str
    reason: str = ""
    same_as: int | None = None


def run_trials(
    problem: Problem, out: Path, n_trials: int, *, progress: bool
) -> list[Trial] | None:
    """Train until there are so many trials; None if the user stopped it."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = _open_study(problem, out)
    while len(study.get_trials(states=_finished())) < n_trials:
        trial, settings = _next_trial(study, problem)
        if not _run_trial(study, trial, settings, problem, out, progress=progress):
            return None
        _require_trainable(study, problem)
    return [_described(trial) for trial in study.get_trials(states=_finished())]


def train_or_read(
    experiment: ExperimentConfig,
    path: Path,
    *,
    progress: bool,
    watch: Callable[[Validation], None] | None = None,
) -> Validation | None:
    """The best validation of a run: trained, gone on with, or read if it is finished.

    Returns:
        None if the user stopped it.
    """
    folder = RunFolder(path)
    if folder.is_finished():
        document = json.loads(folder.result.read_text())
        return Validation.from_json(document["best"])
    result = train(
        experiment,
        path,
        resume=folder.is_started(),
        progress=progress,
        watch=watch,
    )
    return None if result.stopped else result.best


def _open_study(problem: Problem, out: Path) -> Study:
    """The search in a folder, new or gone on with."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    present, journal = problem.present(), out / "study.journal"
    try:
        study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(journal))),
            study_name="search",
            direction="minimize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_PATIENT),
        )
    except (ValueError, KeyError, AssertionError, OSError) as error:
        raise ConfigError(
            f"{journal}: is damaged or no file of a search; remove {out}, or choose "
            "another --out"
        ) from error
    known = study.user_attrs.get("problem")
    if known is None:
        study.set_user_attr("problem", problem.digest())
        study.enqueue_trial(present)
    elif known != problem.digest():
        raise ConfigError(
            f"{out}: holds a search of another experiment or space; choose another "
            "--out"
        )
    return study


def _next_trial(study: Study, problem: Problem) -> tuple[OptunaTrial, list[str]]:
    """The trial that was interrupted, or a new one, and its settings.

    The sampler is seeded anew for each, so that a search that was interrupted chooses
    as one that was not.
    """
    import optuna

    running = study.get_trials(states=(optuna.trial.TrialState.RUNNING,))
    number = running[0].number if running else len(study.get_trials(states=_finished()))
    study.sampler = optuna.samplers.TPESampler(seed=problem.base.seed * 10_007 + number)
    trial = optuna.trial.Trial(study, running[0]._trial_id) if running else study.ask()
    values = {key: d.suggest(trial, key) for key, d in problem.space.items()}
    settings = [f"{key}={json.dumps(value)}" for key, value in values.items()]
    trial.set_user_attr("settings", settings)
    return trial, settings


def _run_trial(
    study: Study,
    trial: OptunaTrial,
    settings: Sequence[str],
    problem: Problem,
    out: Path,
    *,
    progress: bool,
) -> bool:
    """Train one, or take the result of its twin; whether the user let it."""
    import optuna

    if _took_result_of_twin(study, trial, settings):
        return True
    try:
        experiment = _measured_often(problem.experiment(settings))
        length = experiment.train.total_timesteps

        def watch(validation: Validation) -> None:
            rung = round(_RUNGS * validation.timesteps / length)
            if 0 < rung < _RUNGS:
                trial.report(validation.score, rung)
                if trial.should_prune():
                    raise optuna.TrialPruned

        path = out / "trials" / f"{trial.number:04d}"
        best = train_or_read(experiment, path, progress=progress, watch=watch)
    except optuna.TrialPruned:
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        log(f"trial {trial.number}: given up early")
    except (ConfigError, TrainingError) as error:
        trial.set_user_attr("reason", str(error))
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        log(f"trial {trial.number}: refused: {error}")
    else:
        if best is None:
            return False
        study.tell(trial, best.score)
        log(f"trial {trial.number}: {best.score:.3f} bp; {', '.join(settings)}")
    return True


def _took_result_of_twin(
    study: Study, trial: OptunaTrial, settings: Sequence[str]
) -> bool:
    """Whether an earlier trial has the same settings, and so the same training.

    It is recorded with all that the earlier one was measured at, as if it had been
    trained again: sampler and median then know as much of it.
    """
    earlier = study.get_trials(states=_finished())
    same = [one for one in earlier if one.user_attrs.get("settings") == settings]
    if not same:
        return False
    twin = same[0]
    trial.set_user_attr("same_as", twin.user_attrs.get("same_as", twin.number))
    if "reason" in twin.user_attrs:
        trial.set_user_attr("reason", twin.user_attrs["reason"])
    reported = study.get_trials(deepcopy=False)[trial.number].intermediate_values
    for rung in sorted(twin.intermediate_values.keys() - reported.keys()):
        trial.report(twin.intermediate_values[rung], rung)
    study.tell(trial, twin.value, state=twin.state)
    log(
        f"trial {trial.number}: the settings, and so the result, of trial {twin.number}"
    )
    return True


def _measured_often(experiment: ExperimentConfig) -> ExperimentConfig:
    """The experiment with enough validations to give it up by."""
    train = experiment.train
    often = max(train.total_timesteps // _RUNGS, 1)
    if train.evaluation_frequency <= often:
        return experiment
    changed = train.model_copy(update={"evaluation_frequency": often})
    return experiment.model_copy(update={"train": changed})


def _require_trainable(study: Study, problem: Problem) -> None:
    """Stop where nothing in the space can be trained."""
    import optuna

    last = study.get_trials(states=_finished())[-_REFUSED:]
    failed = [t for t in last if t.state == optuna.trial.TrialState.FAIL]
    if len(failed) == _REFUSED:
        reason = failed[-1].user_attrs.get("reason", "")
        raise ConfigError(
            f"{problem.path}: the last {_REFUSED} trials could not be trained, the "
            f"last because: {reason}; change the space"
        )


def _finished() -> tuple[Any, ...]:
    from optuna.trial import TrialState

    return TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL


def _described(trial: Any) -> Trial:
    from optuna.trial import TrialState

    names = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "given up"}
    complete = trial.state == TrialState.COMPLETE
    return Trial(
        number=trial.number,
        settings=tuple(trial.user_attrs["settings"]),
        score_bp=trial.value if complete else None,
        state=names.get(trial.state, "refused"),
        reason=trial.user_attrs.get("reason", ""),
        same_as=trial.user_attrs.get("same_as"),
    )
