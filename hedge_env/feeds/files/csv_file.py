"""Reads a file of history as rows of text, or says in one sentence why it is none.

Whatever the file is for, it is opened here: packing, encoding, separator, lines before
the header and the header itself are found out. JSON and Parquet give rows as well.
"""

from __future__ import annotations

import csv
import gc
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from hedge_env.base.errors import DataError, one_line
from hedge_env.feeds.files.cells import number
from hedge_env.feeds.files.json_rows import rows_of_json
from hedge_env.feeds.files.parquet_rows import rows_of_parquet
from hedge_env.feeds.files.raw_file import PARQUET, as_text, read_bytes

__all__ = ["CsvFile", "number", "read_csv"]

_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_COMMENT = re.compile(r" *(#|sep=)", re.IGNORECASE)
_LONGEST_LINE = 100_000  # characters; a row of candles has 200
_Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class CsvFile:
    """Rows of a file, as text.

    Attributes:
        source: The file, as the user wrote it.
        header: Names of the columns in lower case, None if the first row is data.
        rows: Line number and cells of each row that is not blank.
        delimiter: What separates cells; empty in JSON and Parquet.
        form: Packing, encoding and format, where not plain.
    """

    source: str
    header: list[str] | None
    rows: _Rows
    delimiter: str = ","
    form: tuple[str, ...] = field(default=())

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
    data, form = read_bytes(source)
    if data.startswith(PARQUET):
        names, cells = rows_of_parquet(source, data)
        return _of_table(source, names, cells, (*form, "Parquet"))
    text, encoding = as_text(source, data)
    if not text.strip():
        problem = f"{source} is empty: a time and a value a row are due"
        raise DataError(one_line(problem))
    form += () if encoding == "utf-8" else (encoding,)
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype", "<html", "<?xml")):
        what = "an XML document" if start.startswith("<?xml") else "a page of HTML"
        raise DataError(one_line(f"{source} is {what}, not data; give a CSV file"))
    if start[0] in "[{":
        header, cells = rows_of_json(source, text)
        return _of_table(source, header, cells, (*form, "JSON"))
    return _of_text(source, text, form)


def _of_table(
    source: str, header: list[str] | None, cells: list[list[str]], form: tuple[str, ...]
) -> CsvFile:
    names = None
    if header is not None:
        plain = ("".join(filter(str.isprintable, name)) for name in header)
        names = [name.strip().lower() for name in plain]
    rows = list(enumerate(cells, start=1))
    if header is None and not rows:
        raise DataError(one_line(f"{source} holds no rows"))
    return CsvFile(source, names, rows, "", form)


def _of_text(source: str, text: str, form: tuple[str, ...]) -> CsvFile:
    lines = _lines(source, text)
    sample = [line for line in lines[:200] if line.strip()]
    try:
        delimiter = _delimiter(sample[-20:])
    except csv.Error as error:
        raise DataError(one_line(f"{source} is not a CSV file: {error}")) from None
    with _without_collector():
        rows = [
            (line, row)
            for line, row in _cells(source, lines, delimiter)
            if "".join(row).strip() and not _COMMENT.match(row[0])
        ]
    rows = rows[_preface(rows) :]
    header, first = _header(source, [row for _, row in rows[:3]])
    return CsvFile(source, header, rows[first:], delimiter, form)


def _lines(source: str, text: str) -> list[str]:
    """Lines with their ends: LF, CRLF or CR; other breaks belong to a cell.

    Raises:
        DataError: If one is too long to be a row.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(max(lines, key=len)) > _LONGEST_LINE:
        at = next(i for i, line in enumerate(lines) if len(line) > _LONGEST_LINE)
        problem = f"{source} line {at + 1}: {len(lines[at])} characters in one line; a"
        problem = f"{problem} row has at most {_LONGEST_LINE}; put each row on a line"
        raise DataError(one_line(problem))
    return [line + "\n" for line in lines]


@contextmanager
def _without_collector() -> Iterator[None]:
    """Collect no garbage meanwhile.

    Rows refer to nothing that refers to them, but each is an object that the collector
    looks at again and again: of a million rows that is most of the time of reading.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _cells(source: str, lines: list[str], delimiter: str) -> _Rows:
    """Cells of every row with the line it begins in.

    Raises:
        DataError: If a quote opens and never closes: it would swallow the rows after.
    """
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    rows: _Rows = []
    line = 1
    try:
        for row in reader:
            rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error as error:
        problem = f"{source} line {line}: the quotes are wrong ({error}); a quote that"
        problem = f"{problem} opens a cell must close it before the next comma"
        raise DataError(one_line(problem)) from None
    return rows


def _delimiter(sample: Sequence[str]) -> str:
    """The separator that cuts most rows alike; of two, the one that cuts more."""

    def score(mark: str) -> tuple[float, int]:
        widths = Counter(len(row) for row in csv.reader(sample, delimiter=mark))
        width, count = widths.most_common(1)[0]
        return (0.0, 0) if width < 2 else (round(count / len(sample), 1), width)

    # A semicolon or tab is never part of a number; a comma may be.
    best = [mark for mark in ";\t|" if score(mark)[0] >= 0.8]
    return best[0] if best else ("," if score(",")[1] else max(";\t|,", key=score))


def _preface(rows: _Rows) -> int:
    """Rows before the header: an address, `sep=;`, a title; narrower than the rest."""
    widths = Counter(len(cells) for _, cells in rows[:50])
    if len(rows) < 3 or not widths:
        return 0
    usual = widths.most_common(1)[0][0]
    for at, (_, cells) in enumerate(rows[:10]):
        if usual < 2 or len([cell for cell in cells if cell.strip()]) > 1:
            return at
    return 0


def _header(source: str, rows: Sequence[Sequence[str]]) -> tuple[list[str] | None, int]:
    """Names of the columns in lower case, None if the first row is data; rows taken."""
    if not rows:
        return None, 0
    # MetaTrader writes names as <DATE>, CoinMarketCap as Close**.
    names = [
        [cell.strip().strip("<>*").strip().lower() for cell in row] for row in rows
    ]
    if any(isfinite(number(cell)) or _DATE.match(cell) for cell in names[0]):
        return None, 0
    # What yfinance writes: prices, tickers, and the name of the index alone.
    if len(names) == 3 and names[1][0] == "ticker" and not any(names[2][1:]):
        tickers = sorted(set(names[1][1:]))
        if len(tickers) > 1:
            text = f"{source} holds several symbols: {', '.join(tickers[:5])}; keep one"
            raise DataError(one_line(text))
        return [names[2][0], *names[0][1:]], 3
    return names[0], 1
