"""The command line that repeats a result: options written out as they are read."""

import shlex
from dataclasses import MISSING, Field, fields
from typing import Any

from hedge_env.training.cli.common_options import CommonOptions

__all__ = ["command_line"]

# What no result depends on: how it is shown, how fast it is there, where halves lie.
_LEFT_OUT = ("debug", "json", "progress", "threads", "work")


def command_line(command: str, options: CommonOptions) -> str:
    """The command that gives the same result, every default written out.

    Args:
        command: Name of the command, as in `hedge <command>`.
        options: What was asked for.
    """
    words = ["hedge", command]
    for entry in fields(options):
        if entry.name not in (*_LEFT_OUT, "overrides"):
            words += _words(entry, getattr(options, entry.name))
    for setting in getattr(options, "settings", ()):
        words += ["--set", setting]
    return shlex.join(words)


def _words(entry: "Field[Any]", value: Any) -> list[str]:
    """One option; none where nothing was asked for."""
    name = entry.name.replace("_", "-")
    if isinstance(value, bool):
        return [] if value == entry.default else [f"--{'' if value else 'no-'}{name}"]
    if value is None or value == ():
        return []
    is_positional = entry.default is MISSING
    if is_positional and isinstance(value, tuple):
        return list(map(_text, value))
    text = ",".join(map(_text, value)) if isinstance(value, tuple) else _text(value)
    return [text] if is_positional else [f"--{name}", text]


def _text(value: object) -> str:
    """As short as it is read back to the last bit: 10, not 10.0."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else f"{value}"
