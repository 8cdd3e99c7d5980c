"""What happens between rollouts: validation, checkpoints, progress.

All of it runs at `on_rollout_start`, where the learner is between two updates and a
checkpoint holds everything. None of it draws a random number, so a run is the same
however often it is validated or saved.
"""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import HParam, Logger

from hedge_env.training.experiment.experiment import ExperimentConfig
from hedge_env.training.output.console import Advance
from hedge_env.training.results.agents import identity_notes
from hedge_env.training.train.interruption import RunStoppedError, StopRequest
from hedge_env.training.train.run_folder import RunFolder
from hedge_env.training.train.sb3.checkpoint import save_checkpoint
from hedge_env.training.train.sb3.export import export_policy, to_policy
from hedge_env.training.train.validation import Validation, Validator


class ValidationCallback(BaseCallback):
    """Validates the policy now and then and keeps the best one by objective.

    Args:
        validator: Measures a policy on the fixed validation paths.
        folder: Where the best policy goes.
        experiment: For the frequency and the hyper-parameters shown in TensorBoard.
        watch: Is told every validation; what it raises ends the run.
    """

    def __init__(
        self,
        validator: Validator,
        folder: RunFolder,
        experiment: ExperimentConfig,
        watch: Callable[[Validation], None] | None = None,
    ) -> None:
        super().__init__()
        self.validator = validator
        self.folder = folder
        self.experiment = experiment
        self.watch = watch
        self.notes = identity_notes(experiment, folder.start)
        self.best: Validation | None = None
        self.last: Validation | None = None

    def state_dict(self) -> dict[str, Any]:
        """What a continued run must know, as JSON can hold it."""
        return {
            name: None if validation is None else validation.to_json()
            for name, validation in (("best", self.best), ("last", self.last))
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from `state_dict`."""
        self.best, self.last = (
            None if state[name] is None else Validation.from_json(state[name])
            for name in ("best", "last")
        )

    def _on_training_start(self) -> None:
        hyper_parameters = HParam(
            _flat({"seed": self.experiment.seed, **self.experiment.train.model_dump()}),
            {"hedge/objective_bp": 0.0, "rollout/ep_rew_mean": 0.0},
        )
        excluded = ("stdout", "log", "json", "csv")
        self.logger.record("hparams", hyper_parameters, exclude=excluded)

    def _on_rollout_start(self) -> None:
        frequency = self.experiment.train.evaluation_frequency
        now = self.model.num_timesteps
        if self.last is None or now // frequency > self.last.timesteps // frequency:
            self.validate()

    def _on_training_end(self) -> None:
        if self.last is None or self.last.timesteps < self.model.num_timesteps:
            self.validate()

    def _on_step(self) -> bool:
        return True

    def validate(self) -> None:
        """Measure the present policy, log it, and keep it if it is the best so far."""
        policy = to_policy(self.model, self.validator.config)
        self.last = self.validator.measure(policy, self.model.num_timesteps)
        for name, value in self.last.scalars.items():
            self.logger.record(f"hedge/{name}", value)
        if self.best is None or self.last.score < self.best.score:
            self.best = self.last
            config, notes = self.validator.config, self.notes
            export_policy(self.model, config, self.folder.policy, notes)
        self.logger.record("hedge/best_objective_bp", self.best.objective_bp)
        self.logger.dump(self.model.num_timesteps)
        if self.watch is not None:
            self.watch(self.last)


class CheckpointCallback(BaseCallback):
    """Saves checkpoints, and stops the run after one when asked to.

    Args:
        folder: The run folder.
        frequency: Timesteps between checkpoints.
        validation: The callback whose state belongs into the checkpoint.
        stop: Whether the user wants to stop.
    """

    def __init__(
        self,
        folder: RunFolder,
        frequency: int,
        validation: ValidationCallback,
        stop: StopRequest,
    ) -> None:
        super().__init__()
        self.folder = folder
        self.frequency = frequency
        self.validation = validation
        self.stop = stop
        self.seconds_before = 0.0
        self._start = time.perf_counter()
        self._last: int | None = None
        self._first: int | None = None  # timestep of this process
        self._unlogged: dict[str, float] = {}
        self._generator: torch.Tensor | None = None

    @property
    def seconds(self) -> float:
        """Time spent on the run by this process and those before it [s]."""
        return self.seconds_before + time.perf_counter() - self._start

    def save(self) -> None:
        """Write the checkpoint, and the policy beside it."""
        state = {
            "validation": self.validation.state_dict(),
            "seconds": round(self.seconds, 3),
            "unlogged": unlogged_scalars(self.logger),
        }
        save_checkpoint(self.folder.checkpoint, self.model, state)
        config = self.validation.validator.config
        notes = self.validation.notes
        export_policy(self.model, config, self.folder.last_policy, notes)
        self._last = self.model.num_timesteps

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from the state in a checkpoint that has just been loaded."""
        self.validation.load_state_dict(state["validation"])
        self.seconds_before = state["seconds"]
        self._unlogged = state["unlogged"]
        self._generator = torch.get_rng_state()

    def _on_training_start(self) -> None:
        if self._last is None:
            self._last = self.model.num_timesteps
        for name, value in self._unlogged.items():
            self.logger.record(name, value)

    def _on_rollout_start(self) -> None:
        if self._generator is not None:  # SB3 may have drawn noise since
            torch.set_rng_state(self._generator)
            self._generator = None
        now = self.model.num_timesteps
        last = 0 if self._last is None else self._last
        self._first = now if self._first is None else self._first
        self.stop.worth_saving = now > self._first
        if self.stop.requested:
            self.save()
            raise RunStoppedError
        if now // self.frequency > last // self.frequency:
            self.save()

    def _on_training_end(self) -> None:
        self.save()

    def _on_step(self) -> bool:
        return True


class ProgressCallback(BaseCallback):
    """Moves the progress bar, a few times a second at most.

    Args:
        advance: Moves the bar by a number of timesteps and shows figures behind it.
        validation: Where the figures come from.
    """

    SECONDS_BETWEEN_MOVES = 0.2

    def __init__(self, advance: Advance, validation: ValidationCallback) -> None:
        super().__init__()
        self.advance = advance
        self.validation = validation
        self._shown = 0
        self._next_move = 0.0

    def _on_training_start(self) -> None:
        self._shown = self.model.num_timesteps

    def _on_step(self) -> bool:
        if time.perf_counter() >= self._next_move:
            self._move()
        return True

    def _on_training_end(self) -> None:
        self._move()

    def _move(self) -> None:
        now = self.model.num_timesteps
        figures = {}
        if self.validation.last is not None and self.validation.best is not None:
            figures["objective_bp"] = self.validation.last.objective_bp
            figures["best"] = self.validation.best.objective_bp
        self.advance(now - self._shown, **figures)
        self._shown = now
        self._next_move = time.perf_counter() + self.SECONDS_BETWEEN_MOVES


def unlogged_scalars(logger: Logger) -> dict[str, float]:
    """What has been recorded since the last dump, by name."""
    return {
        name: float(value)
        for name, value in logger.name_to_value.items()
        if hasattr(value, "__float__") and math.isfinite(float(value))
    }


def _flat(options: Mapping[str, Any]) -> dict[str, bool | str | float | int]:
    """Hyper-parameters as TensorBoard takes them: no lists, no None."""
    plain = (bool, str, float, int)
    return {k: v if isinstance(v, plain) else str(v) for k, v in options.items()}
