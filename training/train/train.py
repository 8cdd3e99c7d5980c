"""Train an agent: from an experiment to a run folder.

From Python::

    experiment = load_experiment(Path("configs/reference.yaml"))
    result = train(experiment, out=Path("runs/mine"))
    policy = hedge_env.load_policy(result.folder.policy)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import torch
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback

from hedge_env.agent.reward_params import require_reward
from hedge_env.base.errors import ConfigError, HedgeError
from hedge_env.base.files import write_atomically
from hedge_env.config import EnvConfig
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.cli.commands import TrainOptions
from hedge_env.training.cli.option_types import Span
from hedge_env.training.experiment.experiment import (
    ExperimentConfig,
    check_same_run,
    experiment_file,
    load_experiment,
)
from hedge_env.training.experiment.hyperparameters import OnPolicyOptions
from hedge_env.training.output.console import log, progress_bar
from hedge_env.training.output.folder import naming_full_disk
from hedge_env.training.output.provenance import to_json
from hedge_env.training.results.agents import POLICY_FILE
from hedge_env.training.train.interruption import RunStoppedError, StopRequest
from hedge_env.training.train.metrics_writer import forget_metrics_after, open_logger
from hedge_env.training.train.rollouts import (
    log_interval,
    say_what_is_rounded,
    whole_rollouts,
)
from hedge_env.training.train.run_folder import (
    RunFolder,
    describe_run,
    free_if_refused,
    locked,
    open_run_folder,
)
from hedge_env.training.train.run_result import RunResult, report, summary_of
from hedge_env.training.train.sb3.algorithms import build_model
from hedge_env.training.train.sb3.callbacks import (
    CheckpointCallback,
    ProgressCallback,
    ValidationCallback,
)
from hedge_env.training.train.sb3.checkpoint import (
    checkpoint_exists,
    load_checkpoint,
    verify_checkpoint,
)
from hedge_env.training.train.sb3.exploration import exploration
from hedge_env.training.train.sb3.first_weights import say_what_is_unlike, start_with
from hedge_env.training.train.sb3.vec_env import VecEnvAdapter
from hedge_env.training.train.validation import (
    Validation,
    Validator,
    require_baselines,
)

INTERRUPTED = 130  # exit code of a program that the user stopped


class TrainingError(HedgeError):
    """Training cannot go on; the message says what to change."""


def run(options: TrainOptions) -> int:
    """`hedge train`: see `TrainOptions` for what the options mean."""
    span = options.risk_aversion
    experiment = load_experiment(
        experiment_file(options.config),
        options.settings,
        risk_aversion=asdict(span) if isinstance(span, Span) else span,
        seed=options.seed,
        total_timesteps=options.total_timesteps,
        torch_threads=options.threads if options.threads > 1 else None,
    )
    start = options.start_from
    if start is not None and not options.resume:
        say_what_is_unlike(load_policy(_policy_in(start)), experiment.env_config())
    result = train(
        experiment,
        options.out,
        resume=options.resume,
        start=start,
        progress=options.progress,
    )
    report(result, options)
    return INTERRUPTED if result.stopped else 0


def train(
    experiment: ExperimentConfig,
    out: Path | None = None,
    *,
    resume: bool = False,
    start: Path | None = None,
    progress: bool = False,
    watch: Callable[[Validation], None] | None = None,
) -> RunResult:
    """Train an agent and write its run folder.

    Ctrl-C, SIGTERM or a closed terminal stops after the present update, saves, and
    returns normally; before the first update of this process it stops at once.

    Args:
        experiment: What to train.
        out: The run folder; None means the next free one under `runs/`, or with
            `resume` the latest there.
        resume: Continue the run in the folder; the result is the same, bit for bit,
            as if it had never stopped.
        start: Policy file or run folder whose weights are the first; a copy is kept in
            the run folder. None: random ones.
        progress: Show a progress bar on standard error.
        watch: Is told every validation; what it raises ends the run.

    Raises:
        HedgeError: If the folder holds another run, cannot be written, or training
            diverges.
        KeyboardInterrupt: If it is stopped before the first update.
    """
    folder = open_run_folder(out, experiment.name, resume=resume)
    with naming_full_disk(folder.path), locked(folder, resume=resume):
        if start is not None:
            _keep_start(folder, start, resume=resume)
        with free_if_refused(folder, resume=resume):
            return _train_in(
                folder, experiment, watch, resume=resume, progress=progress
            )


def require_trainable(experiment: ExperimentConfig) -> None:
    """Refuse an experiment that cannot be trained, before anything is.

    Args:
        experiment: What is to be trained.

    Raises:
        HedgeError: If market, reward, actions and algorithm do not go together.
    """
    config = experiment.env_config()
    require_reward(config)
    require_baselines(experiment.train.baselines)
    env = make_training_env(experiment, config)
    try:
        build_model(experiment.train, env, experiment.seed)
    finally:
        env.close()


def _train_in(
    folder: RunFolder,
    experiment: ExperimentConfig,
    watch: Callable[[Validation], None] | None,
    *,
    resume: bool,
    progress: bool,
) -> RunResult:
    """Train in a folder that no other process writes to."""
    stop = StopRequest()
    with stop.listening(), torch_threads(experiment.train.torch_threads):
        config = experiment.env_config()
        require_reward(config)
        if resume:  # nothing is changed before all of it is known to fit
            check_same_run(experiment, folder.config)
            verify_checkpoint(folder.checkpoint)
        else:
            describe_run(folder, experiment.resolved(), experiment.seed)
        model = build_model(
            experiment.train, make_training_env(experiment, config), experiment.seed
        )
        validator = Validator.prepare(experiment, config, folder, progress=progress)
        validation = ValidationCallback(validator, folder, experiment, watch)
        checkpoints = CheckpointCallback(
            folder, experiment.train.checkpoint_frequency, validation, stop
        )
        if folder.start.exists():
            start_with(model, load_policy(folder.start), config)
        if resume:
            _continue(model, checkpoints, folder)
            describe_run(folder, experiment.resolved(), experiment.seed)
        stopped = _learn(experiment, model, checkpoints, progress)
    result = RunResult(
        folder, model.num_timesteps, checkpoints.seconds, validation.best, stopped
    )
    if not stopped:
        document = summary_of(result, validation.last, validator.baselines)
        write_atomically(folder.result, to_json(document))
    return result


def _keep_start(folder: RunFolder, start: Path, *, resume: bool) -> None:
    """Copy the policy that training starts from into the run folder.

    Raises:
        ConfigError: If a run that is continued would start from it.
        PolicyFileError: If it is no policy.
    """
    if resume:
        raise ConfigError(
            "--start-from: a run that is continued goes on from its own weights; leave "
            "it out, or start another run"
        )
    path = _policy_in(start)
    load_policy(path)
    write_atomically(folder.start, path.read_bytes())


def _policy_in(start: Path) -> Path:
    """The policy file of a run folder, or the file named."""
    return start / POLICY_FILE if start.is_dir() else start


def make_training_env(experiment: ExperimentConfig, config: EnvConfig) -> VecEnvAdapter:
    """The environments the learner acts in, on training paths."""
    options = experiment.train
    shared = options.envs_per_path if isinstance(options, OnPolicyOptions) else 1
    env = HedgeVectorEnv(
        num_envs=options.n_envs,
        config=config,
        envs_per_path=shared,
        stream="training",
        autoreset_mode=AutoresetMode.SAME_STEP,
    )
    return VecEnvAdapter(env, reward_scale=options.reward_scale)


def _continue(
    model: BaseAlgorithm, checkpoints: CheckpointCallback, folder: RunFolder
) -> None:
    """Put the learner where the checkpoint was taken."""
    known = -1
    if checkpoint_exists(folder.checkpoint):
        checkpoints.load_state_dict(load_checkpoint(folder.checkpoint, model))
        known = model.num_timesteps
    else:
        log(f"{folder.path}: no checkpoint yet, starting from the first step")
    folder.result.unlink(missing_ok=True)
    forget_metrics_after(folder.metrics, known)


def _learn(
    experiment: ExperimentConfig,
    model: BaseAlgorithm,
    checkpoints: CheckpointCallback,
    progress: bool,
) -> bool:
    """Run SB3's `learn` to the end; whether the user stopped it."""
    options, folder = experiment.train, checkpoints.folder
    validation = checkpoints.validation
    left = options.total_timesteps - model.num_timesteps
    if left <= 0:
        log(f"{folder.path}: already trained for {model.num_timesteps} timesteps")
        return False
    decisions = checkpoints.validation.validator.config.episode.decisions
    work = whole_rollouts(left, options, decisions)
    say_what_is_rounded(model.num_timesteps + work, options, decisions)
    # In this order: a checkpoint knows of the validation before it, and is taken
    # before the noise of the next rollout is drawn.
    callbacks: list[BaseCallback] = [validation, checkpoints, *exploration(options)]
    logger = open_logger(folder)
    model.set_logger(logger)
    try:
        with progress_bar("training", work, enabled=progress) as advance:
            model.learn(
                left,
                callback=[*callbacks, ProgressCallback(advance, validation)],
                log_interval=log_interval(options, decisions),
                reset_num_timesteps=model.num_timesteps == 0,
            )
    except RunStoppedError:
        return True
    except ValueError as error:
        if "Expected parameter" not in str(error):  # torch's word for a NaN mean
            raise
        raise TrainingError(
            f"the policy became NaN after {model.num_timesteps} timesteps; lower "
            "train.learning_rate or train.reward_scale"
        ) from error
    finally:
        logger.close()
    return False


@contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """Let torch use that many threads; the weights depend on it."""
    previous = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(previous)
