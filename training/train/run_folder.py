"""The folder of one training run, and how files get into it.

config.yaml               the experiment, every default written out
command.txt               how it was started, and each time continued: one a line
versions.json             versions, platform, git commit, seed; of each time continued
policy.safetensors        the best policy by validation objective
policy_last.safetensors   the policy at the end
start.safetensors         whose weights were the first, if they were not random
checkpoint/               what a later process needs to continue
tensorboard/              event files
metrics.jsonl             the same scalars, one JSON document a line
result.json               written last: the run is finished
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from hedge_env.base.errors import ConfigError, HedgeError
from hedge_env.base.files import write_atomically
from hedge_env.training.output.provenance import collect_versions, own_command, to_json
from hedge_env.training.results.agents import START_FILE


class RunFolderError(HedgeError):
    """A run folder cannot be used as asked; the message says what to do instead."""


@dataclass(frozen=True)
class RunFolder:
    """Names of the files of a run."""

    path: Path

    @property
    def config(self) -> Path:
        """The experiment with every default written out."""
        return self.path / "config.yaml"

    @property
    def command(self) -> Path:
        """The command line."""
        return self.path / "command.txt"

    @property
    def versions(self) -> Path:
        """Versions, platform, git commit, seed."""
        return self.path / "versions.json"

    @property
    def lock(self) -> Path:
        """Held while a process writes to the folder."""
        return self.path / ".lock"

    @property
    def policy(self) -> Path:
        """The best policy by validation objective."""
        return self.path / "policy.safetensors"

    @property
    def last_policy(self) -> Path:
        """The policy at the end of the run."""
        return self.path / "policy_last.safetensors"

    @property
    def start(self) -> Path:
        """The policy whose weights were the first; missing if they were random."""
        return self.path / START_FILE

    @property
    def checkpoint(self) -> Path:
        """Folder with what a later process needs to continue."""
        return self.path / "checkpoint"

    @property
    def baselines(self) -> Path:
        """Rules tuned on the validation paths, to report against."""
        return self.path / "baselines.json"

    @property
    def tensorboard(self) -> Path:
        """Folder of the event files."""
        return self.path / "tensorboard"

    @property
    def metrics(self) -> Path:
        """Scalars, one JSON document a line."""
        return self.path / "metrics.jsonl"

    @property
    def result(self) -> Path:
        """Present when the run is finished."""
        return self.path / "result.json"

    def is_started(self) -> bool:
        """Whether a run has been started in this folder."""
        return self.config.exists()

    def is_finished(self) -> bool:
        """Whether that run reached its end."""
        return self.result.exists()


def open_run_folder(out: Path | None, name: str, *, resume: bool) -> RunFolder:
    """The folder of a new run, or of the run to continue.

    Args:
        out: The folder asked for; None means the next free `runs/<name>_<n>`, or, to
            continue, the latest of them.
        name: Name of the experiment.
        resume: Whether to continue a run.

    Raises:
        RunFolderError: If a run would be overwritten, or there is none to continue.
    """
    if out is None:
        out = latest_run(name) if resume else next_run(name)
    folder = RunFolder(out)
    _require_state(folder, resume=resume)
    out.mkdir(parents=True, exist_ok=True)
    return folder


def _require_state(folder: RunFolder, *, resume: bool) -> None:
    """Refuse to overwrite a run, or to continue one that is not there."""
    if resume and not folder.is_started():
        raise RunFolderError(
            f"{folder.path}: no run to resume here; leave out --resume"
        )
    if not resume and folder.is_started():
        state = "a finished" if folder.is_finished() else "an unfinished"
        raise RunFolderError(
            f"{folder.path}: holds {state} run; continue it with --resume or choose "
            "another --out"
        )


@contextmanager
def locked(folder: RunFolder, *, resume: bool) -> Iterator[None]:
    """Keep every other process from writing to a run folder meanwhile.

    The system holds the lock for this process, so it ends with it, however it ends.

    Args:
        folder: As `open_run_folder` gave it; what it holds is looked at once more.
        resume: Whether to continue a run.

    Raises:
        RunFolderError: If another process writes to it, or has started a run since.
    """
    lock = FileLock(folder.lock, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise RunFolderError(
            f"{folder.path}: another `hedge train` writes to this folder; wait for it "
            "or stop it, or choose another --out"
        ) from None
    except OSError as error:
        raise RunFolderError(
            f"{folder.path}: cannot be written ({error.strerror or error}); choose "
            "another --out"
        ) from error
    try:
        _require_state(folder, resume=resume)
        yield
    finally:
        with suppress(OSError):  # not on Windows, where an open file stays
            folder.lock.unlink()
        lock.release()


def next_run(name: str, root: Path = Path("runs")) -> Path:
    """The first `root/<name>_<n>`, counting from 1, after all that exist."""
    return root / f"{name}_{max(_run_numbers(name, root), default=0) + 1}"


def latest_run(name: str, root: Path = Path("runs")) -> Path:
    """The highest `root/<name>_<n>`.

    Raises:
        RunFolderError: If there is none.
    """
    numbers = _run_numbers(name, root)
    if not numbers:
        raise RunFolderError(
            f"no run to resume under {root}/{name}_*; name its folder with --out"
        )
    return root / f"{name}_{max(numbers)}"


def _run_numbers(name: str, root: Path) -> list[int]:
    suffixes = [path.name.removeprefix(f"{name}_") for path in root.glob(f"{name}_*")]
    return [int(suffix) for suffix in suffixes if suffix.isdecimal()]


def describe_run(folder: RunFolder, config: dict[str, Any], seed: int) -> None:
    """Write what is known of this process: config, command line, versions.

    Of a run that is continued, the command line and the versions are added to those of
    the processes before; the config is the one that holds now.
    """
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    versions = collect_versions(seed)
    commands = ""
    if folder.is_started():
        versions = _with_resumption(folder.versions, versions)
        if folder.command.exists():
            commands = folder.command.read_text(encoding="utf-8").rstrip("\n") + "\n"
    write_atomically(folder.versions, to_json(versions))
    write_atomically(folder.command, f"{commands}{own_command()}\n")
    write_atomically(folder.config, text)


@contextmanager
def free_if_refused(folder: RunFolder, *, resume: bool) -> Iterator[None]:
    """Leave no trace of a new run whose settings turn out not to go together.

    Otherwise the folder would count as that of an unfinished run, which cannot be
    continued, and the next would begin with the weights that this was to start from.

    Args:
        folder: Of the run.
        resume: Whether it was there before; then it is left as it is.
    """
    try:
        yield
    except ConfigError:
        if not resume and not folder.metrics.exists():
            for path in (folder.config, folder.command, folder.versions, folder.start):
                path.unlink(missing_ok=True)
        raise


def _with_resumption(path: Path, versions: dict[str, Any]) -> dict[str, Any]:
    """What `path` says of the start of a run, and `versions` of its continuation."""
    try:
        started = json.loads(path.read_text(encoding="utf-8"))
        return {**started, "resumed": [*started.get("resumed", []), versions]}
    except (OSError, ValueError, TypeError, AttributeError):
        return {"resumed": [versions]}  # of the start nothing is known any more
