"""Writing files that are whole at any moment: policies, and the results of a run."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def write_atomically(path: str | Path, content: str | bytes) -> None:
    """Replace a file's content so that no reader and no crash sees half of it.

    Args:
        path: File to write.
        content: Its new content; a text is written as UTF-8.

    Raises:
        OSError: If it cannot be written; the old content is then still there.
    """
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make a rename inside `path` survive a power cut, where the system can do so."""
    if os.name != "posix":
        return
    with suppress(OSError):  # some file systems refuse; the rename is done already
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
