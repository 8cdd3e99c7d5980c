"""What a run has come to, in a file and in words."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hedge_env.training.cli.commands import TrainOptions
from hedge_env.training.output.console import log
from hedge_env.training.output.provenance import own_command
from hedge_env.training.train.run_folder import RunFolder
from hedge_env.training.train.validation import TunedBaseline, Validation


@dataclass(frozen=True)
class RunResult:
    """What a run has come to.

    Attributes:
        folder: The run folder; `folder.policy` is the best policy.
        timesteps: Environment steps taken, by this process and those before it.
        seconds: Time they took, validation included [s].
        best: The best validation.
        stopped: Whether the user stopped it; if so, it can be resumed.
    """

    folder: RunFolder
    timesteps: int
    seconds: float
    best: Validation | None
    stopped: bool


def summary_of(
    result: RunResult, last: Validation | None, baselines: Sequence[TunedBaseline]
) -> dict[str, Any]:
    """The content of `result.json`.

    Args:
        result: Of the run.
        last: The last validation.
        baselines: Rules that were tuned.
    """
    return {
        "timesteps": result.timesteps,
        "seconds": round(result.seconds, 3),
        "timesteps_per_second": round(result.timesteps / result.seconds, 1),
        "policy": result.folder.policy.name,
        "best": None if result.best is None else result.best.to_json(),
        "last": None if last is None else last.to_json(),
        "baselines": [asdict(rule) for rule in baselines],
    }


def report(result: RunResult, options: TrainOptions) -> None:
    """Say how it went, on standard error, and where the files are."""
    folder = result.folder.path
    minutes, seconds = divmod(round(result.seconds), 60)
    log(f"{result.timesteps:,} timesteps in {minutes} min {seconds} s")
    if result.best is not None:
        log(describe(result.best))
    if result.stopped:
        where = "" if options.out else f" --out {folder}"
        again = "" if options.resume else " --resume"
        log(f"stopped and saved; continue with: {own_command()}{where}{again}")
    else:
        log(f"policy: {result.folder.policy}")


def describe(validation: Validation) -> str:
    """One line on how good the best policy is, by its own criterion if it has one."""
    values = validation.scalars
    own = (
        f"criterion {values['criterion_bp']:.2f} bp, "
        if "criterion_bp" in values
        else ""
    )
    text = (
        f"best on validation paths: {own}objective {values['objective_bp']:.2f} bp "
        f"(cost {values['cost_bp']:.2f} bp, tracking error "
        f"{values['tracking_error_bp']:.1f} bp, {values['trades']:.1f} trades)"
    )
    if "gap_to_best_baseline" in values:
        gap = 100.0 * values["gap_to_best_baseline"]
        text += f", {gap:+.1f} % against the best tuned baseline"
    return text
