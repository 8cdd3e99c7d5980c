"""Which columns of a file hold the time and the value.

Two columns of any name are time and value. With more columns, names decide; those of
common data vendors are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hedge_env.errors import DataError, one_line
from hedge_env.history.csv_file import CsvFile

TIME_COLUMNS: Final = (
    *("unixtimestamp", "unix", "timestamp", "open_time", "time", "datetime"),
    *("date(utc)", "date", "dt", "day"),
)


@dataclass(frozen=True)
class SeriesKind:
    """What a file holds.

    Attributes:
        word: What one of its values is called, for messages.
        columns: Names of the value's column, the best first, in lower case.
    """

    word: str
    columns: tuple[str, ...]


# Of a bar (open, high, low, close) the open is what is known at the bar's time.
SPOT: Final = SeriesKind(
    "price", ("open", "price", "spot", "mid", "last", "close", "value")
)
IMPLIED_VOLATILITY: Final = SeriesKind(
    "implied volatility", ("open", "implied_volatility", "iv", "dvol", "close", "value")
)
GAS: Final = SeriesKind(
    "gas price",
    (
        *("value (wei)", "wei", "average_gas_fee", "gas_price_gwei", "gwei"),
        *("gas_price", "median_gas_usd", "gas_usd_per_tx", "value"),
    ),
)
FUNDING: Final = SeriesKind(
    "funding rate", ("funding rate", "funding_rate", "fundingrate", "rate", "value")
)

RISK_REVERSAL: Final = SeriesKind(
    "risk reversal",
    ("risk_reversal", "risk reversal", "rr25", "rr_25", "rr", "close", "value"),
)


def time_and_value(file: CsvFile, kind: SeriesKind) -> tuple[int, int]:
    """Where time and value are.

    Raises:
        DataError: If that is not clear.
    """
    header = file.header
    if file.width < 2:
        text = f"{file.source} has one column; a time and a {kind.word} are needed"
        raise DataError(one_line(f"{text}, separated by commas"))
    if header is None:
        if file.width != 2:
            text = f"{file.source} has {file.width} columns and no header; name the"
            text = f"{text} columns, or keep two: time and {kind.word}"
            raise DataError(one_line(text))
        return 0, 1
    time_at = next((header.index(n) for n in TIME_COLUMNS if n in header), None)
    value_at = next((header.index(n) for n in kind.columns if n in header), None)
    if len(header) == 2:
        if time_at is None:
            time_at = 0 if value_at is None else 1 - value_at
        return time_at, 1 - time_at
    for what, found, known in (
        ("time", time_at, TIME_COLUMNS),
        (kind.word, value_at, kind.columns),
    ):
        if found is None:
            text = f"{file.source}: no column is known as the {what} among"
            text = f"{text} {', '.join(header[:12])}; known names: {', '.join(known)}"
            raise DataError(one_line(f"{text}; or give a file with two columns"))
        if header.count(header[found]) > 1:
            text = f"{file.source}: two columns have the same name {header[found]!r}"
            raise DataError(one_line(f"{text}; keep one"))
    assert time_at is not None  # tested above
    assert value_at is not None
    return time_at, value_at


def require_one_symbol(file: CsvFile) -> None:
    """Refuse a file of several markets.

    Raises:
        DataError: If a column `symbol` has several values.
    """
    if file.header is None or "symbol" not in file.header:
        return
    symbols = sorted(set(file.column(file.header.index("symbol"))))
    if len(symbols) > 1:
        text = f"{file.source} holds several symbols: {', '.join(symbols[:5])}"
        raise DataError(one_line(f"{text}; keep one"))
