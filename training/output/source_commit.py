"""The git commit of the program itself, and of nothing around it."""

import os
import re
import subprocess
from pathlib import Path

import hedge_env

PROJECT = re.compile(r'^name\s*=\s*"hedge-env"', re.MULTILINE)
# Neither hooks nor a file system monitor: both run programs a configuration names.
ISOLATED = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
SECONDS = 10.0
_EDITED = "-dirty"  # of `git describe`


def commit_in_words(commit: str | None) -> str:
    """A commit for readers: whether the tree was edited since is said in words.

    Args:
        commit: As of `git_commit`.
    """
    if commit is None:
        return "not known"
    if not commit.endswith(_EDITED):
        return commit
    return f"{commit.removesuffix(_EDITED)} with changes that are not in it"


def git_commit(package: Path | None = None) -> str | None:
    """The commit of this source tree, with `-dirty` if it was edited since.

    None if the program does not run from its own repository: installed from a wheel,
    even into a folder of somebody else's repository, or copied into one; and without
    git. Git is asked without the user's and the system's configuration, and whatever
    `GIT_DIR` and its like point at.

    Args:
        package: Folder of `hedge_env`; None means that of the program that runs.
    """
    folder = Path(hedge_env.__file__).parent if package is None else package
    root = folder.resolve().parent
    try:
        project = (root / "pyproject.toml").read_text(encoding="utf-8")
        if not PROJECT.search(project):
            return None
        if Path(_git(root, "rev-parse", "--show-toplevel")).resolve() != root:
            return None
        _git(root, "ls-files", "--error-unmatch", f"{folder.name}/__init__.py")
        described = _git(root, "describe", "--always", "--dirty", "--abbrev=40")
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return described or None


def _git(root: Path, *arguments: str) -> str:
    """What git answers about the repository at `root`, on one line."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    answer = subprocess.run(
        ["git", *ISOLATED, "-C", str(root), *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
        stdin=subprocess.DEVNULL,
        env=environment,
    )
    return answer.stdout.strip()
