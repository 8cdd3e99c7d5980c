"""What is measured, and whether the work that a folder keeps is of the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hedge_env
from hedge_env.base.errors import ConfigError
from hedge_env.base.files import write_atomically
from hedge_env.training.adapt.starts import Start
from hedge_env.training.experiment.experiment import experiment_file, load_experiment
from hedge_env.training.output.provenance import to_json
from hedge_env.training.results.agents import identity_notes

__all__ = ["Problem", "require_same_work"]


@dataclass(frozen=True)
class Problem:
    """What is measured in every market.

    Attributes:
        agent: Experiment file of AHPG, or the name of one that comes with the package.
        starts: The saved policies, one for each training seed.
        updates: Numbers of updates, rising.
        levels: Risk aversions, rising [1/notional].
        rules: Of whom the strongest is the yardstick, as on the command line.
        n_episodes: Number of test paths.
        validation_episodes: Number of paths that rules are tuned and picked on.
        seed: Of all paths, and of the first training from each start.
        changes: Settings of every market, `key=value`.
    """

    agent: str
    starts: Sequence[Start]
    updates: Sequence[int]
    levels: Sequence[float]
    rules: Sequence[str]
    n_episodes: int
    validation_episodes: int
    seed: int
    changes: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """All that the result in a market depends on but the market and updates."""
        experiment = load_experiment(experiment_file(Path(self.agent)))
        return {
            "version": hedge_env.__version__,
            "policies": [start.sha256 for start in self.starts],
            "agent": identity_notes(experiment)["experiment"],
            "risk_aversion": list(self.levels),
            "rules": list(self.rules),
            "episodes": self.n_episodes,
            "validation_episodes": self.validation_episodes,
            "seed": self.seed,
            "set": list(self.changes),
        }


def require_same_work(path: Path, document: Mapping[str, Any]) -> None:
    """Refuse a folder with work of other settings; note down those of a new one.

    Markets and numbers of updates may be added, and further policies after the first.

    Args:
        path: File of the settings.
        document: Those asked for, of `Problem.document`.

    Raises:
        ConfigError: Naming the first setting that differs.
    """
    if not path.exists():
        write_atomically(path, to_json(document))
        return
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        common = min(len(kept["policies"]), len(document["policies"]))
        pairs = {key: (kept[key], document[key]) for key in document}
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{path}: is damaged, or was written by another version; choose another "
            "--out"
        ) from None
    pairs["policies"] = (kept["policies"][:common], document["policies"][:common])
    different = [key for key, (old, new) in pairs.items() if old != new]
    if different:
        raise ConfigError(
            f"{path.parent}: keeps work of other settings, "
            f"{_difference(different[0], kept)}; give the same, or another --out"
        )
    if len(document["policies"]) > common:
        write_atomically(path, to_json(document))


def _difference(key: str, kept: Mapping[str, Any]) -> str:
    """What the kept work has; of files only that they are others."""
    if key in ("policies", "agent"):
        return (
            f"from other {'policies' if key == 'policies' else 'settings of --agent'}"
        )
    value = kept[key]
    words = (
        ",".join(f"{entry}" for entry in value) if isinstance(value, list) else value
    )
    return f"{key.replace('_', '-')} {words}" if words != "" else f"without --{key}"
