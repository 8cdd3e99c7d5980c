"""Errors a user can do something about; each message is one line."""

from __future__ import annotations


class HedgeError(Exception):
    """Base of every error the package raises on purpose."""


class ConfigError(HedgeError, ValueError):
    """A preset, config file or override is wrong; the message names the key."""


class DataError(HedgeError, ValueError):
    """A file of market history cannot be used; the message names the file."""


class PolicyFileError(HedgeError, ValueError):
    """A policy file is damaged, of another format or of another environment."""


class ActionError(HedgeError, ValueError):
    """An action is of the wrong shape or type, or not finite."""


class ResetError(HedgeError, ValueError):
    """An option of `reset` is wrong, or a finished episode is stepped."""


class MissingDependencyError(HedgeError, ImportError):
    """An optional package is not installed; the message names the extra."""


def one_line(text: str, limit: int = 500) -> str:
    """Join lines and runs of blanks, and cut a text that is too long to read."""
    joined = " ".join(str(text).split())
    return joined if len(joined) <= limit else joined[: limit - 3] + "..."
