"""The saved policies that adaptation starts from: seeds of one experiment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hedge_env.base.errors import ConfigError
from hedge_env.policies.policy_file import LearnedPolicy, load_policy
from hedge_env.training.output.console import log
from hedge_env.training.results.agents import POLICY_FILE

__all__ = ["LEARNER", "Start", "find_starts"]

LEARNER = "ahpg"  # whose policy file holds all that it learns with
_REMEDY = "train one with hedge train configs/ahpg.yaml"


class Start(NamedTuple):
    """A policy that trainings start from.

    Attributes:
        path: Its file.
        policy: What that holds.
        sha256: Of the file.
    """

    path: Path
    policy: LearnedPolicy
    sha256: str

    @property
    def home(self) -> str:
        """The market that it was trained in."""
        return self.policy.config.name


def find_starts(entries: Sequence[str], levels: Sequence[float]) -> list[Start]:
    """Policies by the words of the command line; one given twice counts once.

    A copy, or another way to the same file, is no further seed: an interval would count
    it as one.

    Args:
        entries: Policy files or run folders.
        levels: Risk aversions that they are measured at [1/notional].

    Raises:
        ConfigError: If there is none, one is not there, is of another learner than
            AHPG or of another experiment than the first, or was not trained for a
            risk aversion.
        PolicyFileError: If a file is no policy.
    """
    paths = dict.fromkeys(_policy_file(entry) for entry in entries)
    if not paths:
        raise ConfigError(
            "hedge adapt needs a policy file or run folder to start from, such as "
            f"runs/ahpg; {_REMEDY}"
        )
    starts = _without_copies([_load(path) for path in paths])
    for start in starts:
        _require_adaptable(start, levels)
    first = starts[0]
    for start in starts[1:]:
        if _experiment_of(start) != _experiment_of(first):
            raise ConfigError(
                f"{start.path} is of another experiment than {first.path}: policies "
                "are taken for training seeds of one; give each experiment a command "
                "of its own"
            )
    return starts


def _policy_file(entry: str) -> Path:
    path = Path(entry)
    if path.is_dir():
        path = path / POLICY_FILE
    if not entry.strip() or not path.is_file():
        named = path if entry.strip() else repr(entry)
        raise ConfigError(f"there is no policy file {named}")
    return path


def _without_copies(starts: Sequence[Start]) -> list[Start]:
    kept: dict[str, Start] = {}
    for start in starts:
        twin = kept.setdefault(start.sha256, start)
        if twin is not start:
            log(f"{start.path} is the same policy as {twin.path}: left out")
    return list(kept.values())


def _load(path: Path) -> Start:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Start(path, load_policy(path), digest)


def _require_adaptable(start: Start, levels: Sequence[float]) -> None:
    metadata = start.policy.metadata
    if metadata.algorithm != LEARNER:
        raise ConfigError(
            f"{start.path} was trained by {metadata.algorithm}: a policy file holds "
            "the network that acts, which is all that ahpg learns with, and not a "
            f"critic or what else others need to go on; {_REMEDY}"
        )
    for level in levels:
        if not metadata.is_trained_for(level):
            low, high = metadata.risk_aversions
            span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            raise ConfigError(
                f"--risk-aversion {level:g}: {start.path} was trained for {span}; "
                "measure it there"
            )


def _experiment_of(start: Start) -> str:
    """What seeds of one experiment have in common, as far as it is recorded."""
    notes = start.policy.metadata.notes
    return notes.get("experiment", f"{start.policy.name} in {start.home}")
