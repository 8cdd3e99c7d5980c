"""The trainings behind a curve: each number of updates from each start.

Every number has trainings of its own, whose learning rate follows the experiment's
schedule over just these updates: they answer what is had by who can afford so many. A
snapshot of a longer training would be of one whose rate has hardly fallen yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from stable_baselines3.common.base_class import BaseAlgorithm

from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.training.adapt.starts import LEARNER, Start
from hedge_env.training.experiment.experiment import (
    ExperimentConfig,
    check_same_run,
    experiment_file,
    load_experiment,
)
from hedge_env.training.experiment.in_market import in_market
from hedge_env.training.output.console import log
from hedge_env.training.results.agents import identity_notes
from hedge_env.training.train.run_folder import RunFolder
from hedge_env.training.train.sb3.algorithms import build_model
from hedge_env.training.train.sb3.export import export_policy
from hedge_env.training.train.sb3.first_weights import start_with
from hedge_env.training.train.train import make_training_env, train

__all__ = ["Job", "jobs_of", "require_fit", "require_learner", "trained_policy"]


class Job(NamedTuple):
    """A policy of a curve.

    Attributes:
        n_updates: Of AHPG.
        start: Whose weights are the first; None: random ones.
        seed: Of the training.
    """

    n_updates: int
    start: Start | None
    seed: int

    @property
    def name(self) -> str:
        """Of all seeds together: of an experiment, and of a folder."""
        return f"{'new' if self.start is None else 'adapted'}-{self.n_updates}"

    def experiment(self, agent: str, config: EnvConfig) -> ExperimentConfig:
        """What is trained.

        Args:
            agent: Experiment file, or the name of one that comes with the package.
            config: The market.
        """
        base = in_market(agent, config, self.seed)
        rollout = base.train.n_envs * base.env_config().episode.decisions
        length = max(self.n_updates * rollout, 1)  # a run of none is never trained
        options = base.train.model_copy(update={"total_timesteps": length})
        return base.model_copy(update={"name": self.name, "train": options})


def jobs_of(starts: Sequence[Start], updates: Sequence[int], seed: int) -> list[Job]:
    """All policies of a market's curves, seed by seed, shorter trainings first.

    Args:
        starts: The saved policies; the number of each is added to the seed.
        updates: Numbers of updates.
        seed: Of the first.
    """
    return [
        Job(n, first, seed + number)
        for n in updates
        for number, start in enumerate(starts)
        for first in (start, None)
    ]


def require_learner(agent: str) -> None:
    """Refuse an experiment of another learner than AHPG.

    Args:
        agent: As of `Job.experiment`.

    Raises:
        ConfigError: With the reason and what to give instead.
    """
    found = load_experiment(experiment_file(Path(agent))).train.algorithm
    if found != LEARNER:
        raise ConfigError(
            f"--agent {agent}: {found} cannot go on from a policy file, which holds "
            "the network that acts and not what else it learns with; give an "
            "experiment of ahpg, such as configs/ahpg.yaml"
        )


def trained_policy(
    job: Job, agent: str, config: EnvConfig, folder: Path, *, progress: bool
) -> Path:
    """Train, or go on, unless it is there.

    Args:
        job: Which policy.
        agent: The experiment.
        config: The market.
        folder: Of the market; the run has one of its own in it.
        progress: Whether to show progress on standard error.

    Returns:
        File of the policy after the last update.

    Raises:
        ConfigError: If the folder holds a run of other settings, or the experiment
            cannot be trained in the market.
        KeyboardInterrupt: If the user stopped the run.
    """
    experiment = job.experiment(agent, config)
    run = RunFolder(folder / job.name / f"seed-{job.seed}")
    if job.n_updates == 0:
        _write_first_policy(job, experiment, run.last_policy)
        return run.last_policy
    if run.is_finished():
        check_same_run(experiment, run.config)
        return run.last_policy
    log(f"adapt: {config.name}, {job.name} with seed {job.seed}")
    started = run.is_started()
    result = train(
        experiment,
        run.path,
        resume=started,
        start=None if job.start is None or started else job.start.path,
        progress=progress,
    )
    if result.stopped:
        raise KeyboardInterrupt
    return run.last_policy


def require_fit(
    starts: Sequence[Start], agent: str, config: EnvConfig, seed: int
) -> None:
    """Find out whether policies fit a market before anything is trained.

    Args:
        starts: The saved policies.
        agent: The experiment.
        config: The market.
        seed: Of the first training.

    Raises:
        ConfigError: If one does not, or the experiment cannot be trained there.
    """
    for job in jobs_of(starts, (0,), seed):
        _first_model(job, job.experiment(agent, config))


def _first_model(job: Job, experiment: ExperimentConfig) -> BaseAlgorithm:
    """The learner before its first update."""
    config = experiment.env_config()
    try:
        env = make_training_env(experiment, config)
        model = build_model(experiment.train, env, experiment.seed)
    except ConfigError as error:
        raise ConfigError(f"{config.name}: {error}") from None
    if job.start is not None:
        asked = f"{job.start.path} in {config.name}"
        start_with(model, job.start.policy, config, asked=asked)
    return model


def _write_first_policy(job: Job, experiment: ExperimentConfig, path: Path) -> None:
    """What acts before the first update, which no run folder keeps."""
    path.parent.mkdir(parents=True, exist_ok=True)
    notes = identity_notes(experiment, None if job.start is None else job.start.path)
    model = _first_model(job, experiment)
    export_policy(model, experiment.env_config(), path, notes)
