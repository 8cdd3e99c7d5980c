"""Files that hold one JSON object and a checksum of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hedge_env.base.errors import ConfigError, one_line
from hedge_env.base.files import read_regular_file


def read_json_object(
    path: Path, most_bytes: int, *, what: str, remedy: str
) -> dict[str, Any]:
    """Read a file that holds one JSON object.

    Args:
        path: File to read.
        most_bytes: Largest size that is read [byte].
        what: The file is, for errors: `a formula of hedge distill`.
        remedy: What to do about one that is damaged: `make it again with hedge tune`.

    Raises:
        ConfigError: If it cannot be read, is too large, is not JSON, or no object.
    """
    try:
        data = read_regular_file(path, most_bytes)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(one_line(f"{path} cannot be read: {reason}")) from None
    if len(data) > most_bytes:
        raise ConfigError(f"{path} is too large to be {what}")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise ConfigError(f"{path} is damaged: it is not JSON; {remedy}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path} is not {what}")
    return document


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document as compact JSON with sorted keys, in hexadecimal."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
