"""Opens a file of history: what it is, unpacked, as text.

Only regular files are opened: a pipe or a device would make a run wait for ever. Zip
and gzip are unpacked up to a bound. What is no text is named as what it is.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Final, NoReturn

from hedge_env.base.errors import DataError, one_line
from hedge_env.feeds.files.archive import unpack

MOST_BYTES: Final = 500_000_000
PARQUET: Final = b"PAR1"
_FOREIGN: Final = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; export the sheet as CSV",
    b"SQLite format 3": "a SQLite database; export the table as CSV",
    b"\x89HDF": "an HDF5 file; export the table as CSV",
    b"ARROW1": "an Arrow file; export the table as CSV or Parquet",
    b"FEA1": "a Feather file; export the table as CSV or Parquet",
    b"\x93NUMPY": "a NumPy array; export it as CSV",
    b"BZh": "packed with bzip2; unpack it, or pack it with zip or gzip",
    b"\xfd7zXZ": "packed with xz; unpack it, or pack it with zip or gzip",
    b"\x28\xb5\x2f\xfd": "packed with zstd; unpack it, or pack it with zip or gzip",
    b"7z\xbc\xaf": "packed with 7-Zip; unpack it, or pack it with zip or gzip",
    b"Rar!": "packed with RAR; unpack it, or pack it with zip or gzip",
    b"PK\x05\x06": "an empty zip archive",
    b"version https://git-lfs": "a pointer of Git LFS; fetch it with git lfs pull",
}
_MARKS: Final = (
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def read_bytes(source: str) -> tuple[bytes, tuple[str, ...]]:
    """Content of a regular file, unpacked, and how it was packed.

    Raises:
        DataError: If it is not there, no regular file, too large or damaged.
    """
    path = Path(source)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            _refuse(source, "cannot be read: it is a folder; give a CSV file")
        if not stat.S_ISREG(mode):
            _refuse(source, "cannot be read: it is a pipe or device; give a file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        _refuse(source, "does not exist; give a CSV file")
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        _refuse(source, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    _require_size(source, data)
    data, packed = unpack(source, data, MOST_BYTES)
    _require_size(source, data)
    return data, packed


def as_text(source: str, data: bytes) -> tuple[str, str]:
    """The text of a file and its encoding.

    Raises:
        DataError: If it is not text.
    """
    for start, what in _FOREIGN.items():
        if data.startswith(start):
            _refuse(source, f"is not text but {what}")
    encodings = [name for mark, name in _MARKS if data.startswith(mark)]
    if not encodings:
        unmarked = _unmarked_utf16(data)
        encodings = ["utf-8", "cp1252"] if unmarked is None else [unmarked]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        plain = sum(character < "\x7f" for character in text[:10_000])
        if encoding != "cp1252" or plain >= 0.7 * len(text[:10_000]):
            _require_no_control(source, text)
            return text, encoding
    _refuse(source, "is not text; give a CSV file")


def _require_no_control(source: str, text: str) -> None:
    """Refuse text that was damaged, or is none after all."""
    odd = _CONTROL.search(text)
    if odd is not None:
        line = text.count("\n", 0, odd.start()) + 1
        problem = f"line {line} is not text: it holds the control character"
        _refuse(source, f"{problem} {ord(odd[0])}; is it damaged? fetch it again")


def _unmarked_utf16(data: bytes) -> str | None:
    start = data[:2000]
    if len(start) < 4 or len(data) % 2:
        return None
    if start[1::2].count(0) > 0.4 * len(start) and not start[::2].count(0):
        return "utf-16-le"
    if start[::2].count(0) > 0.4 * len(start) and not start[1::2].count(0):
        return "utf-16-be"
    return None


def _require_size(source: str, data: bytes) -> None:
    if len(data) > MOST_BYTES:
        _refuse(source, f"is larger than {MOST_BYTES} bytes")


def _refuse(source: str, problem: str) -> NoReturn:
    raise DataError(one_line(f"{source} {problem}"))
