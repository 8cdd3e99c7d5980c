"""The command line that repeats a comparison."""

import shlex
from collections.abc import Mapping
from typing import Any

from hedge_env.training.cli.commands import CompareOptions

__all__ = ["command_line"]


def command_line(options: CompareOptions) -> str:
    """The command that makes the same comparison, every default written out.

    Args:
        options: What was asked for.
    """
    values: Mapping[str, Any] = {
        "preset": options.preset,
        "policies": ",".join(options.policies),
        "risk-aversion": ",".join(f"{level:g}" for level in options.risk_aversion),
        "episodes": options.episodes,
        "validation-episodes": options.validation_episodes,
        "seed": options.seed,
        "criterion": options.criterion,
    }
    if options.replay is not None:
        values = {"replay": options.replay, **values}
    words = ["hedge", "compare"]
    for name, value in values.items():
        words += [f"--{name}", f"{value}"]
    if options.tuned is not None:
        words += ["--tuned", str(options.tuned)]
    for setting in options.settings:
        words += ["--set", setting]
    if options.out is not None:
        words += ["--out", str(options.out)]
    return shlex.join(words)
