"""Reads a file of history into times and values; says what was wrong with it.

Two columns of any name are time and value. With more columns, names decide; the
list of names includes those of common data vendors. Everything is read as text first,
so that a damaged cell is a counted row and not an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from hedge_env._types import FloatArray
from hedge_env.errors import HistoryError, one_line
from training.calibration.timestamps import read_times

_LARGEST_FILE = 2_000_000_000  # bytes
_TIMES = (
    "timestamp",
    "unixtimestamp",
    "unix",
    "open_time",
    "time",
    "datetime",
    "date",
    "dt",
    "date(utc)",
)


@dataclass(frozen=True)
class Kind:
    """What a file is expected to hold.

    Attributes:
        name: What one of its values is called.
        columns: Names of value columns and the factor to the unit used inside,
            most telling first; lower case.
        positive: Whether a value must be above zero.
        smooth: Whether a change by a factor of three from one row to the next must
            be an error.
    """

    name: str
    columns: tuple[tuple[str, float], ...]
    positive: bool = True
    smooth: bool = False


_USD_PER_TX = -1.0  # a cost, to be turned into a gas price with the preset's spot
SPOT = Kind(
    "price",
    (("close", 1.0), ("price", 1.0), ("spot", 1.0), ("mid", 1.0), ("value", 1.0)),
    smooth=True,
)
IMPLIED = Kind(
    "implied volatility",
    (
        ("close", 1.0),
        ("dvol", 1.0),
        ("iv", 1.0),
        ("implied_volatility", 1.0),
        ("value", 1.0),
    ),
    smooth=True,
)
GAS = Kind(
    "gas price",
    (
        ("value (wei)", 1e-9),
        ("wei", 1e-9),
        ("average_gas_fee", 1.0),
        ("gas_price_gwei", 1.0),
        ("gwei", 1.0),
        ("gas_price", 1.0),
        ("median_gas_usd", _USD_PER_TX),
        ("gas_usd_per_tx", _USD_PER_TX),
        ("value", 1.0),
    ),
)
FUNDING = Kind(
    "funding rate",
    (
        ("funding rate", 1.0),
        ("funding_rate", 1.0),
        ("fundingrate", 1.0),
        ("rate", 1.0),
        ("value", 1.0),
    ),
    positive=False,
)


@dataclass(frozen=True)
class Table:
    """Times [s since 1970, UTC] and values as they stand in a file, readable rows only.

    Attributes:
        source: File name, for messages.
        seconds: Times, in the file's order.
        values: Values, in the unit used inside unless `in_usd`.
        rows: Rows of the file.
        in_usd: Whether values are costs of a transaction in USD.
        column: Name of the column the values are from.
        remarks: What was noticed.
    """

    source: str
    seconds: FloatArray
    values: FloatArray
    rows: int
    in_usd: bool
    column: str
    remarks: tuple[str, ...]


def read_table(path: Path, kind: Kind) -> Table:
    """Read times and values of one file.

    Raises:
        HistoryError: In one sentence that names the file and what is wrong.
    """
    frame = read_frame(path)
    source = path.name
    time, column, factor = _columns(frame, kind, source)
    times = read_times(frame[time], source)
    text = frame[column].str.strip_chars()
    values = text.cast(pl.Float64, strict=False).to_numpy().astype(float)
    good = np.isfinite(times.seconds) & np.isfinite(values)
    remarks = list(times.remarks)
    _report_unreadable(times.seconds, values, source, remarks)
    in_usd = factor == _USD_PER_TX
    scale = 1.0 if in_usd else factor
    if not good.any():
        raise HistoryError(f"{source}: no row has both a time and a {kind.name}")
    return Table(
        source,
        times.seconds[good],
        values[good] * scale,
        frame.height,
        in_usd,
        column,
        tuple(remarks),
    )


def _report_unreadable(
    seconds: FloatArray, values: FloatArray, source: str, remarks: list[str]
) -> None:
    n = seconds.size
    for what, array in (("time", seconds), ("value", values)):
        bad = int((~np.isfinite(array)).sum())
        if bad > 0.1 * n:
            raise HistoryError(
                f"{source}: {bad} of {n} rows have no readable {what}; "
                "is it the right file, with the columns time and value?"
            )
        if bad:
            remarks.append(f"{bad} rows without a readable {what} left out")


def read_frame(path: Path) -> pl.DataFrame:
    """Read a CSV file as columns of text; names are lower case and stripped."""
    text = _read_text(path)
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    try:
        frame = pl.read_csv(
            text.encode(),
            separator=separator,
            has_header=not _is_data(first.split(separator)),
            infer_schema=False,
            truncate_ragged_lines=True,
        )
    except pl.exceptions.PolarsError as error:
        raise HistoryError(one_line(f"{path.name}: not a CSV table: {error}")) from None
    if frame.height == 0:
        raise HistoryError(f"{path.name} has a header and no rows")
    if frame.width < 2:
        raise HistoryError(
            f"{path.name} has one column; a time and a value are needed, "
            "separated by commas"
        )
    names = [name.strip().lower() for name in frame.columns]
    if len(set(names)) < len(names):
        raise HistoryError(f"{path.name}: two columns have the same name")
    frame.columns = names
    return frame


def _read_text(path: Path) -> str:
    if path.is_dir():
        raise HistoryError(f"{path} is a folder; give a CSV file")
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise HistoryError(f"{path} is larger than 2 GB")
        data = path.read_bytes()
    except FileNotFoundError:
        raise HistoryError(f"{path} does not exist") from None
    except OSError as error:
        raise HistoryError(f"{path} cannot be read: {error.strerror}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HistoryError(f"{path.name} is not text; give a CSV file") from None
    if "\0" in text:
        raise HistoryError(f"{path.name} is not text; give a CSV file")
    if not text.strip():
        raise HistoryError(f"{path.name} is empty")
    return text.lstrip("\n").replace("\r\n", "\n").replace("\r", "\n")


def _is_data(cells: list[str]) -> bool:
    """Whether a first line holds numbers and so is no header."""
    last = cells[-1].strip().strip('"')
    try:
        float(last)
    except ValueError:
        return False
    return True


def _columns(frame: pl.DataFrame, kind: Kind, source: str) -> tuple[str, str, float]:
    """Names of the time and the value column, and the value's factor."""
    names = frame.columns
    known = dict(kind.columns)
    if len(names) == 2:
        time, value = names
        if value in _TIMES or time in known:
            time, value = value, time
        return time, value, known.get(value, 1.0)
    time = next((name for name in _TIMES if name in names), "")
    value = next((name for name in known if name in names), "")
    if not time or not value:
        what = "time" if not time else kind.name
        example = _TIMES[0] if not time else kind.columns[0][0]
        listed = ", ".join(names[:12])
        raise HistoryError(
            one_line(
                f"{source}: no column is known as the {what} among {listed}; "
                f"name one {example!r}, or give a file with two columns"
            )
        )
    return time, value, known[value]
