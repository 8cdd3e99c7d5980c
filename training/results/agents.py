"""Saved policies: what each is called, and which are seeds of one experiment.

An agent is called like its run. Runs whose resolved configs are the same but for the
seed are one experiment, if they started with random weights or with those of one other
experiment. What is known of a run stands in the `config.yaml` beside its
policy; failing that, in the notes of the policy file; failing that, nowhere.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hedge_env.base.errors import ConfigError, HedgeError
from hedge_env.baselines.distilled.distilled_file import DISTILLED_FILE
from hedge_env.config import EnvConfig, RiskAversionRange
from hedge_env.policies.policy_file import LearnedPolicy, load_policy
from hedge_env.training.experiment.experiment import ExperimentConfig, read_resolved
from hedge_env.training.output.console import log

__all__ = [
    "POLICY_FILE",
    "START_FILE",
    "Agent",
    "find_agents",
    "find_policy_file",
    "identity_notes",
]

POLICY_FILE = "policy.safetensors"  # what a run folder calls its best policy
START_FILE = "start.safetensors"  # and that whose weights were the first
_NOT_OF_THE_EXPERIMENT = ("name", "seed")
_TUNED_REMEDY = (
    "of hedge tune and no policy: name its rules, and give it by --tuned FILE to hedge "
    "compare, evaluate, distill or advise"
)
# What a file is for that is no policy, by the end of its name.
_OTHER_FILES = {
    (".csv", ".csv.gz", ".parquet", ".zip"): (
        "is a table and no policy; recorded days are named by --replay FILE"
    ),
    (".yaml", ".yml"): (
        "is no policy; an experiment is trained first, by hedge train, and a market is "
        "named by --preset"
    ),
}


@dataclass(frozen=True)
class Agent:
    """A saved policy.

    Attributes:
        name: Of its run, unique among the contenders.
        policy: What the file holds.
        source: The file.
        experiment: Digest of the run's resolved config but for the seed; None if it
            is not recorded.
        seed: Of the run; None if it is not recorded.
        entry: Name of the row it belongs to: that of the experiment, if several of
            its seeds are there, else its own.
    """

    name: str
    policy: LearnedPolicy
    source: Path
    experiment: str | None = None
    seed: int | None = None
    entry: str = ""

    @property
    def risk_aversion(self) -> float | RiskAversionRange:
        """What it was trained for [1/notional]."""
        return self.policy.config.risk_aversion


@dataclass(frozen=True)
class _Identity:
    """What is recorded of a run; None where nothing is."""

    experiment: str | None = None
    label: str | None = None  # the experiment's name
    seed: int | None = None


def find_agents(paths: Iterable[Path], taken: Iterable[str]) -> list[Agent]:
    """Load policies, name them after their runs, and put seeds together.

    Args:
        paths: Policy files, each once.
        taken: Names that no agent may have.

    Raises:
        PolicyFileError: If a file is not a policy.
    """
    sources = list(paths)
    policies = [load_policy(path) for path in sources]
    identities = [
        _identify(path, policy) for path, policy in zip(sources, policies, strict=True)
    ]
    names = _names(sources, policies, set(taken))
    agents = [
        Agent(name, policy, path, known.experiment, known.seed, name)
        for name, policy, path, known in zip(
            names, policies, sources, identities, strict=True
        )
    ]
    labels = [known.label for known in identities]
    return _grouped(agents, labels, {*taken, *names})


def find_policy_file(entry: str, option: str) -> Path | None:
    """The file that an entry of the command line means; None if there is none.

    Args:
        entry: A policy file, a formula of `hedge distill`, or a folder with one.
        option: What the user calls the entry, for the error.

    Raises:
        ConfigError: If it is a file of another kind, which is then named.
    """
    path = Path(entry)
    if not entry.strip():  # the path of nothing would be the current folder
        return None
    if path.is_dir():
        trained, formula = path / POLICY_FILE, path / DISTILLED_FILE
        path = formula if formula.is_file() and not trained.is_file() else trained
        _require_there(path, option)
    if not path.is_file():
        return None
    for ends, what in _OTHER_FILES.items():
        if path.name.lower().endswith(ends):
            raise ConfigError(f"{option}: {entry} {what}")
    if path.suffix == ".json" and _is_tuned(path):
        raise ConfigError(f"{option}: {entry} is a file {_TUNED_REMEDY}")
    return path


def _require_there(path: Path, option: str) -> None:
    """Say what a folder without a policy holds, if that is known."""
    if path.is_file():
        return
    folder = path.parent
    if _is_tuned(folder / "tuned.json"):
        raise ConfigError(f"{option}: {folder} holds a file {_TUNED_REMEDY}")
    raise ConfigError(
        f"{option}: there is no policy file {path}; name another one or a rule"
    )


def _is_tuned(path: Path) -> bool:
    """Whether a file says that it is one of hedge tune."""
    try:
        with path.open("rb") as file:
            return b'"format": "hedge-tuned-' in file.read(200)
    except OSError:
        return False


def identity_notes(
    experiment: ExperimentConfig, start: Path | None = None
) -> dict[str, str]:
    """What a policy file says about its run, for when it leaves the run's folder.

    Args:
        experiment: Of the run.
        start: File of the policy whose weights were the first, if there is one.
    """
    return {
        "experiment": _digest(experiment, start),
        "label": experiment.name[:200],
        "seed": str(experiment.seed),
    }


def _identify(path: Path, policy: LearnedPolicy) -> _Identity:
    """Read who trained a policy, from its run folder or from its own notes."""
    config = path.parent / "config.yaml"
    if config.is_file():
        try:
            run = read_resolved(config)
            own = run.env_config()
        except HedgeError:
            pass  # of another version, or no run's: the notes may know
        else:
            if _same_problem(own, policy.config):
                start = path.parent / START_FILE
                return _Identity(_digest(run, start), run.name, run.seed)
    notes = policy.metadata.notes
    seed = notes.get("seed", "")
    return _Identity(
        notes.get("experiment"),
        notes.get("label"),
        int(seed) if seed.isdecimal() and seed.isascii() and len(seed) < 20 else None,
    )


def _same_problem(one: EnvConfig, other: EnvConfig) -> bool:
    """Whether two configs are of one problem; a policy's does not name its files."""
    problems = [config.without_files()[0] for config in (one, other)]
    return problems[0].model_dump(mode="json") == problems[1].model_dump(mode="json")


def _digest(experiment: ExperimentConfig, start: Path | None = None) -> str:
    resolved = {
        key: value
        for key, value in experiment.resolved().items()
        if key not in _NOT_OF_THE_EXPERIMENT
    }
    text = json.dumps(resolved, sort_keys=True, separators=(",", ":"))
    if start is not None and start.is_file():
        first = load_policy(start)
        text += first.metadata.notes.get("experiment", first.name)
    return hashlib.sha256(text.encode()).hexdigest()


def _names(
    paths: Sequence[Path], policies: Sequence[LearnedPolicy], taken: set[str]
) -> list[str]:
    """As many of the last parts of each path as tell it from the others."""
    parts = [_parts(path, policy) for path, policy in zip(paths, policies, strict=True)]
    names = []
    for own in parts:
        depth = 1
        while depth < len(own) and (
            _name(own, depth) in taken
            or sum(_name(other, depth) == _name(own, depth) for other in parts) > 1
        ):
            depth += 1
        names.append(_printable(_name(own, depth)))
    for number, name in enumerate(names):
        if name in taken:  # a file of one part, called like a rule
            names[number] = f"./{name}"
    return names


def _parts(path: Path, policy: LearnedPolicy) -> tuple[str, ...]:
    """Folders and run of a policy file, the run last."""
    whole = path.absolute()
    last: tuple[str, ...] = (whole.stem,)
    if path.name == POLICY_FILE:
        last = ()
    elif whole.stem == "policy_last":
        last = (f"{whole.parent.name}-last",)
        return (*whole.parent.parent.parts[1:], *last)
    own, algorithm = policy.metadata.name, policy.metadata.algorithm
    given = (own,) if own != algorithm else ()
    return (*whole.parent.parts[1:], *(last or ()), *given)


def _name(parts: tuple[str, ...], depth: int) -> str:
    return "/".join(parts[-depth:])


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)[-100:]


def _grouped(
    agents: list[Agent], labels: Sequence[str | None], taken: set[str]
) -> list[Agent]:
    """Give the seeds of one experiment one entry; leave out copies."""
    groups: dict[tuple[str | None, str], list[int]] = {}
    left_out: set[int] = set()
    for number, agent in enumerate(agents):
        if agent.experiment is None or agent.seed is None:
            continue
        key = (agent.experiment, _kind(agent.source))
        members = groups.setdefault(key, [])
        twin = next((m for m in members if agents[m].seed == agent.seed), None)
        if twin is None:
            members.append(number)
        elif _same_weights(agent, agents[twin]):
            log(f"{agent.source} is the same policy as {agents[twin].source}: left out")
            left_out.add(number)
    groups = {key: members for key, members in groups.items() if len(members) > 1}
    several = {(labels[members[0]], digest) for (digest, _), members in groups.items()}
    n_experiments = Counter(label for label, _ in several)  # of one name
    for (digest, _), members in groups.items():
        label = labels[members[0]]
        entry = _printable(label or agents[members[0]].policy.name)
        if n_experiments[label] > 1 and digest:
            entry += f" ({digest[:8]})"
        if entry in taken:
            entry = "+".join(agents[member].name for member in members)
        taken.add(entry)
        for member in members:
            agents[member] = replace(agents[member], entry=entry)
    return [agent for number, agent in enumerate(agents) if number not in left_out]


def _kind(path: Path) -> str:
    """Last and best policies of a run are compared with their like."""
    return "last" if path.stem.startswith("policy_last") else "best"


def _same_weights(one: Agent, other: Agent) -> bool:
    return one.source.read_bytes() == other.source.read_bytes()
