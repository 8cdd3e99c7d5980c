"""Where a result comes from: versions, commit and command line."""

import importlib.metadata
import json
import platform
import shlex
import sys
from pathlib import Path
from typing import Any

from hedge_env.training.output.source_commit import git_commit

PACKAGES = (
    "hedge-env",
    "gymnasium",
    "numba",
    "numpy",
    "safetensors",
    "sb3-contrib",
    "stable-baselines3",
    "torch",
)


def own_command() -> str:
    """How this process was started, without the path of the program."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is not None:  # by `python -m`: the name of a file would start nothing
        program = ["python", "-m", spec.name.removesuffix(".__main__")]
    else:
        program = [Path(sys.argv[0]).name or "python"]
    return shlex.join([*program, *sys.argv[1:]])


def collect_versions(seed: int) -> dict[str, Any]:
    """Everything besides the config that a result depends on."""
    versions: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "seed": seed,
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": versions,
    }


def to_json(document: Any) -> str:
    """Indented JSON with a final newline."""
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
