"""The best trials with further seeds, next to the present settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hedge_env.base.errors import ConfigError
from hedge_env.training.tune.problem import Problem
from hedge_env.training.tune.trials import Trial, train_or_read

__all__ = ["Finalist", "train_finalists"]


@dataclass(frozen=True)
class Finalist:
    """Settings that were trained with several seeds.

    Attributes:
        trial: Number of the trial.
        settings: Changes of the experiment, `key=value`.
        scores_bp: Least validation J of each seed [bp].
    """

    trial: int
    settings: tuple[str, ...]
    scores_bp: tuple[float, ...]

    @property
    def mean_bp(self) -> float:
        """Mean over seeds [bp]."""
        return float(np.mean(self.scores_bp))

    def gain_over(self, other: Finalist) -> tuple[float, float | None]:
        """How much less J than another, seed by seed, and its standard error [bp].

        The error is None for a single seed.
        """
        gains = np.subtract(other.scores_bp, self.scores_bp)
        n = gains.size
        error = float(gains.std(ddof=1) / np.sqrt(n)) if n > 1 else None
        return float(gains.mean()), error


def train_finalists(
    problem: Problem,
    trials: Sequence[Trial],
    out: Path,
    n_finalists: int,
    n_seeds: int,
    *,
    progress: bool,
) -> list[Finalist] | None:
    """Train the best trials, and the first one, with further seeds.

    Returns:
        The present settings first, then the best trials; None if the user stopped it.

    Raises:
        ConfigError: If no trial was trained to its end.
    """
    done = [trial for trial in trials if trial.score_bp is not None]
    if not done:
        raise ConfigError(
            f"{out}: no trial was trained to its end; the reasons are in study.journal"
        )
    unlike = {trial.settings: trial for trial in reversed(done)}  # the first of equals
    best = sorted(unlike.values(), key=lambda trial: (trial.score_bp, trial.number))
    chosen = [*done[:1], *(t for t in best[: max(n_finalists, 1)] if t is not done[0])]
    seeds = n_seeds if n_finalists else 1
    found = []
    for trial in chosen:
        scores = [trial.score_bp or 0.0]
        for seed in range(problem.base.seed + 1, problem.base.seed + seeds):
            path = out / "finalists" / f"{trial.number:04d}-seed{seed}"
            experiment = problem.experiment(trial.settings, seed)
            validation = train_or_read(experiment, path, progress=progress)
            if validation is None:
                return None
            scores.append(validation.score)
        found.append(Finalist(trial.number, trial.settings, tuple(scores)))
    return found
