"""Errors a user can do something about; each message is one plain line.

A message repeats what a file says, and a file may be hostile: a name in it can hold
escape sequences that rewrite a terminal. So the base class cleans every message.
"""

from __future__ import annotations

_LONGEST_MESSAGE = 2_000  # characters; a list of every rule is shorter


class HedgeError(Exception):
    """Base of every error the package raises on purpose.

    Args:
        message: What is wrong and what to do; it is kept as one line without control
            characters.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(one_line(str(message), _LONGEST_MESSAGE))


class ConfigError(HedgeError, ValueError):
    """A preset, config file or override is wrong; the message names the key."""


class DataError(HedgeError, ValueError):
    """A file of market history cannot be used; the message names the file."""


class PolicyFileError(HedgeError, ValueError):
    """A policy file is damaged, of another format or of another environment."""


class SimulationError(HedgeError, ArithmeticError):
    """A step gave what is no number; the message names the paths and the remedy."""


class ActionError(HedgeError, ValueError):
    """An action is of the wrong shape or type, or not finite."""


class ResetError(HedgeError, ValueError):
    """An option of `reset` is wrong, or a finished episode is stepped."""


class MissingDependencyError(HedgeError, ImportError):
    """An optional package is not installed; the message names the extra."""


def one_line(text: str, limit: int = 500) -> str:
    """Join lines and runs of blanks, and cut a text that is too long to read.

    Args:
        text: Any text, also one from a file of somebody else's.
        limit: Most characters of the result.

    Returns:
        One line of printable characters, see `printable`.
    """
    # Splitting a text of megabytes to show a line of it would take a while.
    joined = printable(" ".join(str(text)[: 16 * limit].split()))
    return joined if len(joined) <= limit else joined[: limit - 3] + "..."


def printable(text: str) -> str:
    """Text without control characters, so that it cannot steer a terminal.

    Left out is all that Unicode calls not printable: escape, bell, marks that turn
    the direction of writing around, invisible characters, halves of surrogate pairs.
    Line ends stay, and tabs become blanks.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = (" " if c == "\t" or (c.isspace() and c != "\n") else c for c in text)
    return "".join(c for c in kept if c == "\n" or c.isprintable())
