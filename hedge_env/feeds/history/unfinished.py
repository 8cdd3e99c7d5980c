"""Leaves out the bars that were not over when a file was fetched.

An exchange's newest candle is that of now: its close is the last price so far, but its
stamp and length say that it is the price of the end of the bar. OKX says so in its last
column, `confirm`: 0 until a bar is over.
"""

from __future__ import annotations

from dataclasses import replace

from hedge_env.feeds.files.csv_file import CsvFile

_NAME = "confirm"
_OVER = ("1", "true")
_OKX_COLUMNS = 9  # of an answer without names; the last says whether a bar is over


def without_unfinished(file: CsvFile) -> tuple[CsvFile, tuple[str, ...]]:
    """The file without its unfinished bars, and what was left out."""
    if file.header is not None and _NAME in file.header:
        at = file.header.index(_NAME)
    elif file.header is None and file.width == _OKX_COLUMNS:
        at = _OKX_COLUMNS - 1
    else:
        return file, ()
    cells = [cell.lower() for cell in file.column(at)]
    if not set(cells) <= {"0", "1", "true", "false"} or set(cells) <= {"0", "false"}:
        return file, ()
    rows = [row for row, cell in zip(file.rows, cells, strict=True) if cell in _OVER]
    left = len(cells) - len(rows)
    if not left:
        return file, ()
    remark = f"{left} unfinished bars (confirm 0) left out"
    return replace(file, rows=rows), (remark,)
