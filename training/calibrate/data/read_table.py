"""Reads a file of history for a fit; says what was wrong with it.

The reader of files is that of recorded days, `history`, where a damaged cell
is refused. Here it is a row that is counted and left out: a fit survives a few.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hedge_env.base.errors import DataError, one_line
from hedge_env.base.types import FloatArray
from hedge_env.feeds.files import columns
from hedge_env.feeds.files.columns import SeriesKind
from hedge_env.feeds.files.csv_file import read_csv
from hedge_env.feeds.files.reading import Reading, read_series_cells
from hedge_env.feeds.files.units import in_usd


@dataclass(frozen=True)
class Kind:
    """What a file is expected to hold.

    Attributes:
        series: What one of its values is called, and names of its column.
        positive: Whether a value must be above zero.
        smooth: Whether a change by a factor of three from one row to the next must
            be an error.
    """

    series: SeriesKind
    positive: bool = True
    smooth: bool = False

    @property
    def name(self) -> str:
        """What one of its values is called."""
        return self.series.word


SPOT = Kind(columns.SPOT, smooth=True)
IMPLIED = Kind(columns.IMPLIED_VOLATILITY, smooth=True)
GAS = Kind(columns.GAS)
FUNDING = Kind(columns.FUNDING, positive=False)
REVERSAL = Kind(columns.RISK_REVERSAL, positive=False)


@dataclass(frozen=True)
class Table:
    """Values of a file and when they are known [s since 1970]; readable rows only.

    Attributes:
        source: File name, for messages.
        seconds: Times, in the file's order.
        values: Values, as in the file.
        column: Name of the column the values are from.
        remarks: What was noticed.
        fractions: Whether the file names the unit, and `values` are fractions for it.
    """

    source: str
    seconds: FloatArray
    values: FloatArray
    column: str
    remarks: tuple[str, ...]
    fractions: bool = False

    @property
    def in_usd(self) -> bool:
        """Whether values are costs of a transaction in dollars."""
        return in_usd(self.column)


def read_table(path: Path, kind: Kind) -> Table:
    """Read times and values of one file.

    Raises:
        DataError: In one sentence that names the file and what is wrong.
    """
    file = read_csv(path)
    source = path.name
    if not file.rows:
        raise DataError(f"{source} has a header and no rows")
    # Of a bar the close: a fit wants the whole of the time that a file covers.
    cells = read_series_cells(file, kind.series, closes=True)
    good = np.isfinite(cells.seconds) & np.isfinite(cells.values)
    remarks = list(cells.remarks)
    _report_unreadable(cells, source, remarks)
    if not good.any():
        raise DataError(f"{source}: no row has both a time and a {kind.name}")
    return Table(
        source,
        cells.seconds[good],
        cells.values[good],
        cells.column,
        tuple(remarks),
        cells.percent,
    )


def _report_unreadable(cells: Reading, source: str, remarks: list[str]) -> None:
    n = cells.seconds.size
    for what, array, texts in (
        ("time", cells.seconds, cells.times),
        ("value", cells.values, cells.texts),
    ):
        wrong = ~np.isfinite(array)
        bad = int(wrong.sum())
        if not bad:
            continue
        at = int(np.argmax(wrong))
        first = f"{texts[at][:40]!r} in line {cells.lines[at]}"
        if bad > 0.1 * n:
            raise DataError(
                one_line(
                    f"{source}: {bad} of {n} rows have no readable {what}, the first "
                    f"is {first}; is it the right file, with the columns time and "
                    "value?"
                )
            )
        remarks.append(f"{bad} rows without a readable {what} left out, first {first}")
