"""What is searched: an experiment, and which of its settings a trial may change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hedge_env.base.errors import ConfigError
from hedge_env.training.experiment.experiment import (
    ExperimentConfig,
    leaves,
    load_experiment,
)
from hedge_env.training.tune.search_space import Space

__all__ = ["Problem"]

_SEARCHED = ("train.", "env.action.", "env.observation.", "env.reward.")
# Of these, what says how long is trained and on what it is measured.
_MEASURE = (
    "train.algorithm",
    "train.total_timesteps",
    "train.evaluation",
    "train.checkpoint",
    "train.baselines",
    "train.torch_threads",
    "env.reward.name",
    "env.observation.true_volatility",
)


@dataclass(frozen=True)
class Problem:
    """What to search.

    Attributes:
        path: The file of the experiment.
        settings: Changes of it that hold for every trial, `key=value`.
        base: The experiment with them; seed and torch threads are its own.
        space: What a trial may change.
    """

    path: Path
    settings: tuple[str, ...]
    base: ExperimentConfig
    space: Space

    def experiment(
        self, settings: Sequence[str], seed: int | None = None
    ) -> ExperimentConfig:
        """The experiment of a trial, with another seed if one is given.

        Raises:
            ConfigError: If the settings do not go together.
        """
        return load_experiment(
            self.path,
            [*self.settings, *settings],
            seed=self.base.seed if seed is None else seed,
            torch_threads=self.base.train.torch_threads,
        )

    def present(self) -> dict[str, Any]:
        """The present value of each setting, as a study keeps it.

        Raises:
            ConfigError: If one is no setting of the agent or its learner, is there
                twice, or has a present value that is not to be searched.
        """
        values = leaves(self.base.resolved())
        found, named = {}, set()
        for key, dimension in self.space.items():
            name = key if key in values else f"env.{key}"
            _require_setting(key, name, values, self.path)
            if name in named:
                raise ConfigError(f"--space: {key} is there twice; name it once")
            named.add(name)
            encoded = dimension.encoded(values[name])
            if encoded is None:
                raise ConfigError(
                    f"--space: {key} is {values[name]} in {self.path}, which is none "
                    "of the values to search; add it, or change it with --set "
                    f"{key}=..."
                )
            found[key] = encoded
        return found

    def digest(self) -> str:
        """Says whether two problems are the same."""
        text = json.dumps(
            [self.base.resolved(), {k: repr(v) for k, v in self.space.items()}],
            sort_keys=True,
        )
        return hashlib.sha256(text.encode()).hexdigest()


def _require_setting(
    key: str, name: str, values: Mapping[str, Any], path: Path
) -> None:
    """Refuse what does not exist, and what makes another problem of it."""
    if name not in values:
        raise ConfigError(
            f"--space: {key} is no setting of {path}; those of the agent are in hedge "
            "presets NAME, the learner's begin with train."
        )
    if not name.startswith(_SEARCHED) or name.startswith(_MEASURE):
        raise ConfigError(
            f"--space: {key} would make J of trials that of different problems; search "
            "settings of train, action, observation or reward, and change this one "
            "with --set"
        )
