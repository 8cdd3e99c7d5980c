"""Files read within bounds, and files written that are whole at any moment."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path


class NotRegularFileError(OSError):
    """What is to be read is a folder, a pipe or a device."""


def read_regular_file(path: str | Path, most_bytes: int) -> bytes:
    """Content of a regular file, and of nothing else.

    A pipe that nobody writes to would hang for ever, and a device may never end.

    Args:
        path: File to read.
        most_bytes: Largest size that is read [byte].

    Returns:
        Its first `most_bytes` + 1 bytes: one more than allowed tells of a file that
        is too large.

    Raises:
        NotRegularFileError: If it is a folder, a pipe or a device.
        OSError: If it cannot be read; also where no file can have this name.
    """
    # Without waiting: opening a pipe would wait for its other end.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        # Before it is opened, because opening a device can already do something.
        _require_regular(os.stat(path).st_mode)
        descriptor = os.open(path, flags)
    except ValueError as error:  # a null byte in the name
        raise OSError(None, str(error)) from None
    with os.fdopen(descriptor, "rb") as file:
        _require_regular(os.fstat(file.fileno()).st_mode)
        return file.read(most_bytes + 1)


def _require_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise NotRegularFileError(None, "is a folder, not a file")
    if not stat.S_ISREG(mode):
        raise NotRegularFileError(None, "is a pipe or a device, not a regular file")


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
