"""The agents of a study: each experiment, trained in every market with some seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hedge_env.base.errors import HedgeError
from hedge_env.config import EnvConfig
from hedge_env.training.experiment.experiment import ExperimentConfig
from hedge_env.training.experiment.in_market import in_market
from hedge_env.training.output.console import log
from hedge_env.training.results.agents import identity_notes

__all__ = ["NO_AGENTS", "AgentSeeds"]

_SHOWN = 12  # characters of a digest in the name of a folder


class AgentSeeds(NamedTuple):
    """Which experiments are trained, and with how many seeds.

    Attributes:
        files: Experiments, by file or by the name of one that comes with the package.
        n_seeds: Seeds of each, from 0.
    """

    files: Sequence[str]
    n_seeds: int

    def key(self, config: EnvConfig) -> dict[str, Any]:
        """What the result in a market depends on; nothing where none is trained."""
        if not self.files:
            return {}
        found = [_digest(in_market(file, config, 0)) for file in self.files]
        return {"agents": found, "training_seeds": self.n_seeds}

    def require_trainable(self, config: EnvConfig) -> None:
        """Refuse experiments that cannot be trained in a market, before one is.

        Args:
            config: The market.

        Raises:
            HedgeError: Naming experiment and market.
        """
        for file in self.files:
            # Inside: without agents a study needs no torch.
            from hedge_env.training.train.train import require_trainable

            try:
                require_trainable(in_market(file, config, 0))
            except HedgeError as error:
                raise type(error)(f"{file} in {config.name}: {error}") from None

    def trained(
        self, config: EnvConfig, folder: Path, *, progress: bool = False
    ) -> list[Path]:
        """Train what is not finished yet; an interrupted run goes on where it was.

        Args:
            config: The market.
            folder: Of the run folders.
            progress: Whether to show progress on standard error.

        Returns:
            A run folder for each experiment and seed.

        Raises:
            ConfigError: If an experiment cannot be trained in the market.
            KeyboardInterrupt: If the user stopped a run.
        """
        runs = []
        for file in self.files:
            for seed in range(self.n_seeds):
                experiment = in_market(file, config, seed)
                # The folder's own name is that of the agent in tables.
                among = folder / _digest(experiment)[:_SHOWN]
                runs.append(among / f"{experiment.name}-{seed}")
                _train(experiment, runs[-1], config.name, progress=progress)
        return runs


NO_AGENTS = AgentSeeds((), 0)


def _digest(experiment: ExperimentConfig) -> str:
    """Of everything but the seed."""
    return identity_notes(experiment)["experiment"]


def _train(
    experiment: ExperimentConfig, path: Path, market: str, *, progress: bool
) -> None:
    """Train, or go on, unless the run has reached its end."""
    # Inside: without agents a study needs no torch.
    from hedge_env.training.train.run_folder import RunFolder
    from hedge_env.training.train.train import train

    folder = RunFolder(path)
    if folder.is_finished():
        return
    log(f"study: {market}, training {experiment.name} with seed {experiment.seed}")
    result = train(experiment, path, resume=folder.is_started(), progress=progress)
    if result.stopped:
        raise KeyboardInterrupt
