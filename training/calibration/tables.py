"""Reads a file of history for a fit; says what was wrong with it.

The reader of files is that of recorded days, `hedge_env.history`, where a damaged cell
is refused. Here it is a row that is counted and left out: a fit survives a few.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hedge_env._types import FloatArray
from hedge_env.errors import DataError
from hedge_env.history import columns
from hedge_env.history.columns import SeriesKind, require_one_symbol, time_and_value
from hedge_env.history.csv_file import number, read_csv
from hedge_env.history.timestamps import read_times
from hedge_env.history.units import in_usd


@dataclass(frozen=True)
class Kind:
    """What a file is expected to hold.

    Attributes:
        series: What one of its values is called, and names of its column. Of a bar the
            close comes first: a fit may know the hour that has passed.
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


def _close_first(kind: SeriesKind) -> SeriesKind:
    return SeriesKind(kind.word, ("close", *kind.columns))


SPOT = Kind(_close_first(columns.SPOT), smooth=True)
IMPLIED = Kind(_close_first(columns.IMPLIED_VOLATILITY), smooth=True)
GAS = Kind(columns.GAS)
FUNDING = Kind(columns.FUNDING, positive=False)
REVERSAL = Kind(columns.RISK_REVERSAL, positive=False)


@dataclass(frozen=True)
class Table:
    """Times [s since 1970, UTC] and values as they stand in a file, readable rows only.

    Attributes:
        source: File name, for messages.
        seconds: Times, in the file's order.
        values: Values, as in the file.
        column: Name of the column the values are from.
        remarks: What was noticed.
    """

    source: str
    seconds: FloatArray
    values: FloatArray
    column: str
    remarks: tuple[str, ...]

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
    time_at, value_at = time_and_value(file, kind.series)
    require_one_symbol(file)
    times = read_times(file.column(time_at), source)
    values = np.array([number(text) for text in file.column(value_at)])
    good = np.isfinite(times.seconds) & np.isfinite(values)
    remarks = list(times.remarks)
    _report_unreadable(times.seconds, values, source, remarks)
    if not good.any():
        raise DataError(f"{source}: no row has both a time and a {kind.name}")
    return Table(
        source,
        times.seconds[good],
        values[good],
        "" if file.header is None else file.header[value_at],
        tuple(remarks),
    )


def _report_unreadable(
    seconds: FloatArray, values: FloatArray, source: str, remarks: list[str]
) -> None:
    n = seconds.size
    for what, array in (("time", seconds), ("value", values)):
        bad = int((~np.isfinite(array)).sum())
        if bad > 0.1 * n:
            raise DataError(
                f"{source}: {bad} of {n} rows have no readable {what}; "
                "is it the right file, with the columns time and value?"
            )
        if bad:
            remarks.append(f"{bad} rows without a readable {what} left out")
