"""Reads a CSV file as rows of text, or says in one sentence why it is none.

Whatever the file is for, it is opened here: encoding, separator and header are found
out, and a folder, a picture or a page of HTML is named as what it is.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path

from hedge_env.errors import DataError, one_line

_MAX_BYTES = 500_000_000


@dataclass(frozen=True)
class CsvFile:
    """Rows of a file, as text.

    Attributes:
        source: The file, as the user wrote it.
        header: Names of the columns in lower case, None if the first row is data.
        rows: Line number and cells of each row that is not blank.
    """

    source: str
    header: list[str] | None
    rows: list[tuple[int, list[str]]]

    @property
    def width(self) -> int:
        """Columns of the first row."""
        return len(self.rows[0][1] if self.header is None else self.header)

    def column(self, at: int) -> list[str]:
        """Cells of one column, stripped; empty where a row is too short."""
        return [cells[at].strip() if at < len(cells) else "" for _, cells in self.rows]


def read_csv(path: str | Path) -> CsvFile:
    """Read a file.

    Raises:
        DataError: If it is not there, not text, or empty.
    """
    source = str(path)
    lines = _lines(source)
    start = next((line for line in lines if line.strip()), "")
    if not start:
        raise DataError(
            one_line(f"{source} is empty: a time and a value a row are due")
        )
    try:
        cells = list(csv.reader(lines, delimiter=max(",;\t", key=start.count)))
    except csv.Error as error:
        raise DataError(one_line(f"{source} is not a CSV file: {error}")) from None
    rows = [
        (line, row)
        for line, row in enumerate(cells, start=1)
        if any(cell.strip() for cell in row)
    ]
    header = _header(rows[0][1]) if rows else None
    return CsvFile(source, header, rows if header is None else rows[1:])


def number(text: str) -> float:
    """A finite or infinite number, NaN if the text is none."""
    try:
        return nan if "_" in text else float(text)
    except ValueError:
        return nan


def _lines(source: str) -> list[str]:
    if Path(source).is_dir():
        text = f"{source} cannot be read: it is a folder; give a CSV file"
        raise DataError(one_line(text))
    try:
        with Path(source).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise DataError(one_line(f"{source} does not exist; give a CSV file")) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(one_line(f"{source} cannot be read: {reason}")) from None
    if len(data) > _MAX_BYTES:
        raise DataError(one_line(f"{source} is larger than {_MAX_BYTES} bytes"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DataError(one_line(f"{source} is not text; give a CSV file"))
    return text.splitlines()


def _header(cells: Sequence[str]) -> list[str] | None:
    """Names of the columns in lower case, None if the first row is data."""
    if any(isfinite(number(cell)) for cell in cells):
        return None
    return [cell.strip().lower() for cell in cells]
