"""A folder of results that is written completely or not at all."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hedge_env.base.errors import HedgeError
from hedge_env.base.files import sync_folder

__all__ = ["OutputError", "naming_full_disk", "prepare_folder", "write_folder"]

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)

# What a file holds: its bytes, or a function that writes it at a given path.
Content = bytes | Callable[[Path], None]


class OutputError(HedgeError):
    """Results cannot be written; the message says where and why."""


@contextmanager
def prepare_folder(out: Path | None) -> Iterator[None]:
    """Make sure that `out` can be written before hours of work depend on it.

    A folder that had to be created is removed again if the work fails.

    Args:
        out: The folder for the results; None if there are none to write.

    Raises:
        OutputError: If it cannot be created or written.
    """
    if out is None:
        yield
        return
    with _as_output_error(out):
        missing = [folder for folder in (out, *out.parents) if not folder.exists()]
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out) as file:
            file.write(b"a disk that is full refuses this")
    try:
        yield
    except BaseException:
        for folder in missing:  # the innermost first
            try:
                folder.rmdir()
            except OSError:
                break  # not empty: somebody else uses it
        raise


def write_folder(out: Path, files: Mapping[str, Content]) -> None:
    """Write all `files` into `out`, or leave everything there as it was.

    The files are written next to their destination first, and moved only once the
    last of them is complete and on disk.

    Args:
        out: Folder to write to, created if it is missing.
        files: Name to content.

    Raises:
        OutputError: If anything cannot be written.
    """
    with _as_output_error(out):
        out.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".incomplete-", dir=out))
        try:
            for name, content in files.items():
                _write(staging / name, content)
            _refuse_folders(out / name for name in files)
            for name in files:
                (staging / name).replace(out / name)
            sync_folder(out)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _refuse_folders(paths: Iterable[Path]) -> None:
    """Make sure that no file has to take the place of a folder, which would fail."""
    for path in paths:
        if path.is_dir():
            reason = f"{path.name} is a folder"
            raise IsADirectoryError(errno.EISDIR, reason, path)


def _write(path: Path, content: Content) -> None:
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _as_output_error(out: Path) -> Iterator[None]:
    """Say which folder is at fault and what to do about it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or f"{error}"
        raise OutputError(
            f"{out}: cannot write the results: {reason}; choose another --out"
        ) from error


@contextmanager
def naming_full_disk(folder: Path) -> Iterator[None]:
    """Say which run folder could not be written; most libraries do not name a file.

    Args:
        folder: The run folder.

    Raises:
        OutputError: If its disk is full or cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise OutputError(
            f"{folder}: cannot write the run: {error.strerror}; make room and train "
            "again, or choose another --out"
        ) from error
