"""An experiment in another market than its own."""

from __future__ import annotations

from pathlib import Path

from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.config.documents import merge
from hedge_env.training.experiment.experiment import (
    ExperimentConfig,
    experiment_file,
    load_experiment,
)

__all__ = ["in_market"]


def in_market(file: str, config: EnvConfig, seed: int) -> ExperimentConfig:
    """An experiment with its own market replaced by another one.

    What the experiment says in `env`, and of that market in `presets`, holds there.

    Args:
        file: The experiment's, or the name of one that comes with the package.
        config: The market.
        seed: Of the training.

    Raises:
        ConfigError: If the two do not go together.
    """
    experiment = load_experiment(
        experiment_file(Path(file)), market=config.name, seed=seed
    )
    env = merge(config.model_dump(mode="json"), experiment.env)
    moved = experiment.model_copy(update={"preset": None, "env": env})
    try:
        moved.env_config()
    except ConfigError as error:
        raise ConfigError(f"{file} in {config.name}: {error}") from None
    return moved
