"""Unpacks gzip and zip, and joins the months of one series that a zip holds.

Archives of exchanges are one file a month, and people pack a year of them as they are.
They are joined if they are of one series: names that differ in dates alone, the same
columns, one heading. In which order they lie does not matter: whoever reads the rows
sorts them, and refuses two values of one time.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import Final, NoReturn

from hedge_env.base.errors import DataError, one_line
from hedge_env.feeds.files.cells import number

ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
_DELIMITERS = re.compile(r"[,;\t|]")
_DATES = re.compile(
    r"\d{2,}|(?<![a-z])(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
)
_BESIDE: Final = (".checksum", ".ds_store", ".md5", ".sha256")
_SHOWN = 5  # names in a sentence


def unpack(source: str, data: bytes, most_bytes: int) -> tuple[bytes, tuple[str, ...]]:
    """Content of what may be packed, and how it was packed.

    Args:
        source: The file, for messages.
        data: As on disk.
        most_bytes: At most so many are unpacked, and one more.

    Raises:
        DataError: If it is damaged, packed more than twice, or of several series.
    """
    packed: list[str] = []
    while data[:2] == GZIP or data[:4] == ZIP:
        if len(packed) == 2:
            _refuse(source, "is packed more than twice; unpack it")
        if data[:2] == GZIP:
            packed.append("gzip")
            data = _from_gzip(source, data, most_bytes)
            continue
        parts = _from_zip(source, data, most_bytes)
        if len(parts) == 1:
            packed.append("zip")
            data = next(iter(parts.values()))
            continue
        packed.append(f"zip of {len(parts)} files")
        parts = _unpacked(source, parts, most_bytes)
        if sum(map(len, parts.values())) > most_bytes:
            _refuse(source, f"is larger than {most_bytes} bytes")
        data = _joined(source, parts)
    return data, tuple(packed)


def _unpacked(
    source: str, parts: dict[str, bytes], most_bytes: int
) -> dict[str, bytes]:
    """The parts of an archive, each of which may be packed once more."""
    out: dict[str, bytes] = {}
    left = most_bytes
    for name, data in parts.items():
        if data[:2] == GZIP:
            data = _from_gzip(source, data, left)
        elif data[:4] == ZIP:
            inner = _from_zip(source, data, left)
            if len(inner) != 1:
                _refuse(source, f"holds {name}, an archive of {len(inner)} files")
            data = next(iter(inner.values()))
        left = max(0, left - len(data))
        out[name] = data
    return out


def _joined(source: str, parts: dict[str, bytes]) -> bytes:
    """Rows of all parts below one heading, by name.

    Raises:
        DataError: If they are not of one series.
    """
    listed = ", ".join(list(parts)[:_SHOWN]) + (", ..." if len(parts) > _SHOWN else "")
    what = f"is a zip archive of {len(parts)} files ({listed})"
    remedy = "give an archive of one series, or a CSV"
    series = {_DATES.sub("", PurePosixPath(n).name.lower()) for n in parts}
    if len(series) > 1:
        _refuse(source, f"{what} whose names differ in more than dates; {remedy}")
    heading: str | None = None
    rows: list[str] = []
    widths: set[int] = set()
    for name in sorted(parts):
        try:
            lines = parts[name].decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            _refuse(source, f"{what} that are not all text; {remedy}")
        lines = [line for line in lines if line.strip()]
        if lines and _is_heading(lines[0]):
            first = lines.pop(0)
            if heading is not None and _plain(first) != _plain(heading):
                _refuse(source, f"{what} with different headings; {remedy}")
            heading = first
        widths |= {len(_DELIMITERS.findall(line)) for line in lines[:1]}
        rows += lines
    if heading is not None:
        widths.add(len(_DELIMITERS.findall(heading)))
    if len(widths) > 1:
        _refuse(source, f"{what} with different numbers of columns; {remedy}")
    return "\n".join([*([] if heading is None else [heading]), *rows, ""]).encode()


def _is_heading(line: str) -> bool:
    """Whether no cell of a line is a number."""
    cells = (cell.strip(" \"'") for cell in _DELIMITERS.split(line))
    return not any(number(cell) == number(cell) for cell in cells if cell)


def _plain(heading: str) -> str:
    return re.sub(r"[\s\"']", "", heading.lower())


def _from_gzip(source: str, data: bytes, most_bytes: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return file.read(most_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        _refuse(source, f"is a damaged gzip file: {error}")


def _from_zip(source: str, data: bytes, most_bytes: int) -> dict[str, bytes]:
    """Name and content of every file of an archive but checksums and the like."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [
                item.filename
                for item in archive.infolist()
                if not item.is_dir()
                and not item.filename.startswith("__MACOSX/")
                and not item.filename.lower().endswith(_BESIDE)
            ]
            if "[Content_Types].xml" in names:
                _refuse(source, "is an Excel workbook; export the sheet as CSV")
            if not names:
                _refuse(source, "is a zip archive of 0 files; give a CSV")
            found: dict[str, bytes] = {}
            left = most_bytes
            for name in names:
                with archive.open(name) as file:
                    found[name] = file.read(left + 1)
                left = max(0, left - len(found[name]))
            return found
    # What zipfile raises for a password (RuntimeError) or a method it does not know.
    except (OSError, EOFError, RuntimeError, NotImplementedError) as error:
        _refuse(source, f"is a zip archive that cannot be unpacked: {error}")
    except (zipfile.BadZipFile, zlib.error) as error:
        _refuse(source, f"is a damaged zip archive: {error}")


def _refuse(source: str, problem: str) -> NoReturn:
    raise DataError(one_line(f"{source} {problem}"))
