"""Scalars of a run: TensorBoard for eyes, `metrics.jsonl` for programs."""

import json
import math
from pathlib import Path
from typing import Any

from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat

from hedge_env.base.files import write_atomically
from hedge_env.training.train.run_folder import RunFolder


class JsonLinesWriter(KVWriter):
    """Appends one JSON document per dump: `timesteps` and every scalar.

    Args:
        path: The file; an existing one is continued.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def write(
        self,
        key_values: dict[str, Any],
        key_excluded: dict[str, tuple[str, ...]],
        step: int = 0,
    ) -> None:
        """Append a line; values that are no finite number are left out."""
        line: dict[str, float | int] = {"timesteps": step}
        for name, value in sorted(key_values.items()):
            if "json" in (key_excluded.get(name) or ()):
                continue
            if isinstance(value, int) and not isinstance(value, bool):
                line[name] = value
            elif hasattr(value, "__float__") and math.isfinite(float(value)):
                line[name] = float(value)
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_logger(folder: RunFolder) -> Logger:
    """SB3's logger writing into a run folder, and to nothing else."""
    writers = [
        TensorBoardOutputFormat(str(folder.tensorboard)),
        JsonLinesWriter(folder.metrics),
    ]
    return Logger(str(folder.path), writers)


def forget_metrics_after(path: Path, timesteps: int) -> None:
    """Drop the lines a killed process wrote after its last checkpoint.

    Args:
        path: `metrics.jsonl`; a missing file is fine, so is a half-written last line.
        timesteps: Where the checkpoint was taken.
    """
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            step = json.loads(line)["timesteps"]
        except (json.JSONDecodeError, KeyError, TypeError):
            continue
        if step <= timesteps:
            kept.append(line + "\n")
    write_atomically(path, "".join(kept))
