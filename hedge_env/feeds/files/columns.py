"""Which columns of a file hold the time and the value, and what they mean.

A known layout says so. Else two columns of any name are time and value, and with more
columns names decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hedge_env.base.errors import DataError, one_line
from hedge_env.feeds.files.csv_file import CsvFile
from hedge_env.feeds.files.layouts import Stamp, layout_of
from hedge_env.feeds.files.moments import Moment
from hedge_env.feeds.history.headings import bare, require_meaning

_CLOSES: Final = (
    *("close_time", "close time", "closetime", "timeclose", "time_close"),
    *("time_period_end", "end_time", "endtime", "end"),
)
TIME_COLUMNS: Final = (
    *("unixtimestamp", "unix", "timestamp", "open_time", "open time", "opentime"),
    *("starttime", "start_time", "time_period_start", "timestamp_ms", "ts", "time"),
    *("datetime", "date(utc)", "date", "dt", "day", "period", "t", "snapped_at"),
    *_CLOSES,
)
_OPENS: Final = ("open", "openprice", "o")
_ENDS: Final = ("close", "closeprice", "c", "adj close", "closing price")
_SYMBOLS: Final = ("symbol", "coin", "instrument_name", "ticker", "instid", "pair")
_CONTRACTS: Final = ("contract", "instrument", "isin", "asset", "timeframe", "interval")
_PERCENT: Final = ("%", "percent", "pct")


@dataclass(frozen=True)
class SeriesKind:
    """What a file holds.

    Attributes:
        word: What one of its values is called, for messages.
        columns: Names of the value's column, the best first, in lower case.
        averaged: Whether a value is a mean over the time from its stamp on.
        dated: Whether a value of a day without an hour is known at the day's end.
        settled: Whether values are settlements, whose spacing may change in a file.
    """

    word: str
    columns: tuple[str, ...]
    averaged: bool = False
    dated: bool = False
    settled: bool = False


# Of a bar (open, high, low, close) the open is what is known at the bar's time.
SPOT: Final = SeriesKind(
    "price",
    (
        *("open", "openprice", "price", "spot", "mid", "last", "close", "closeprice"),
        *("adj close", "o", "c", "value"),
    ),
    dated=True,
)
IMPLIED_VOLATILITY: Final = SeriesKind(
    "implied volatility",
    (
        *("open", "implied_volatility", "implied volatility", "iv", "dvol", "close"),
        *("volatility", "vol", "o", "c", "value"),
    ),
    dated=True,
)
GAS: Final = SeriesKind(
    "gas price",
    (
        *("value (wei)", "avggasprice_wei", "wei", "average_gas_fee", "gas_price_gwei"),
        *("gwei", "gas_price", "gas price", "median_gas_usd", "gas_usd_per_tx"),
        *("value",),
    ),
    averaged=True,
)
FUNDING: Final = SeriesKind(
    "funding rate",
    (
        # OKX: the rate that was paid, beside the one that was predicted.
        *("realizedrate", "realized_rate"),
        *("funding rate", "funding_rate", "fundingrate", "last_funding_rate"),
        *("lastfundingrate", "rate", "value"),
    ),
    settled=True,
)
RISK_REVERSAL: Final = SeriesKind(
    "risk reversal",
    ("risk_reversal", "risk reversal", "rr25", "rr_25", "rr", "close", "value"),
    dated=True,
)


@dataclass(frozen=True)
class Place:
    """Where time and value stand, and which moment the value belongs to.

    Attributes:
        layout: Name of the layout.
        time_at: Column of times.
        value_at: Column of values.
        moment: Of the value: start or end of its bar, or its own.
        stamp: What the time marks: start or end of the bar, or the value itself.
        percent: Whether the name of the column says percent.
    """

    layout: str
    time_at: int
    value_at: int
    moment: Moment
    stamp: Stamp
    percent: bool


def place_of(file: CsvFile, kind: SeriesKind, *, closes: bool = False) -> Place:
    """Find time and value.

    Args:
        file: Its rows.
        kind: What is looked for.
        closes: Take the close of a bar, not its open.

    Raises:
        DataError: If that is not clear.
    """
    known = layout_of(file, kind.word) if file.width > 1 else None
    if known is not None:
        names = list(known.names) if file.header is None else file.header
        value = known.value or (known.close if closes else known.open)
        moment: Moment = "instant"
        if not known.value:
            moment = "close" if closes else "open"
        time_at, value_at = names.index(known.time), names.index(value)
        if kind.averaged:
            moment = "open"
        _require_one(file, time_at, value_at)
        percent = _in_percent(file, value_at)
        return Place(known.name, time_at, value_at, moment, known.stamp, percent)
    time_at, value_at = time_and_value(file, kind, closes=closes)
    name = "" if file.header is None else file.header[value_at]
    stamps = "" if file.header is None else file.header[time_at]
    bars = name in _OPENS or name in _ENDS
    stamp: Stamp = "close" if stamps in _CLOSES else "open" if bars else "instant"
    moment = "instant"
    if bars:
        moment = "open" if name in _OPENS else "close"
    if kind.averaged:
        moment = "open"
    layout = "bars" if bars else "time and value"
    return Place(layout, time_at, value_at, moment, stamp, _in_percent(file, value_at))


def _in_percent(file: CsvFile, at: int) -> bool:
    return file.header is not None and any(w in file.header[at] for w in _PERCENT)


def time_and_value(
    file: CsvFile, kind: SeriesKind, *, closes: bool = False
) -> tuple[int, int]:
    """Where time and value are, by the names of columns.

    Raises:
        DataError: If that is not clear.
    """
    header = file.header
    if header is None or file.width < 2:
        return _unnamed(file, kind)
    wanted = (*_ENDS, *kind.columns) if closes else kind.columns
    time_at = next((header.index(n) for n in TIME_COLUMNS if n in header), None)
    value_at = next((header.index(n) for n in wanted if n in header), None)
    if len(header) == 2:
        if time_at is None:
            time_at = 0 if value_at is None else 1 - value_at
        require_meaning(file.source, header[1 - time_at], kind.word)
        return time_at, 1 - time_at
    if time_at is None:
        plain = [bare(name) for name in header]
        time_at = next((plain.index(n) for n in TIME_COLUMNS if n in plain), None)
    if value_at is None:
        # "Funding Rate (%)", "iv [percent]": a known name and a unit.
        plain = [name.split("(")[0].split("[")[0].strip() for name in header]
        value_at = next((plain.index(n) for n in wanted if n in plain), None)
    for what, found, known in (
        ("time", time_at, TIME_COLUMNS),
        (kind.word, value_at, kind.columns),
    ):
        if found is None:
            text = f"{file.source}: no column is known as the {what} among"
            text = f"{text} {', '.join(header[:12])}; known names: {', '.join(known)}"
            raise DataError(one_line(f"{text}; or give a file with two columns"))
    assert time_at is not None  # tested above
    assert value_at is not None
    require_meaning(file.source, header[value_at], kind.word)
    _require_one(file, time_at, value_at)
    return time_at, value_at


def _unnamed(file: CsvFile, kind: SeriesKind) -> tuple[int, int]:
    """Time and value of two columns without names."""
    if file.width < 2:
        text = f"{file.source} has one column; a time and a {kind.word} are needed"
        raise DataError(one_line(f"{text}, separated by commas"))
    if file.width != 2:
        text = f"{file.source} has {file.width} columns and no header; name the"
        text = f"{text} columns, or keep two: time and {kind.word}"
        raise DataError(one_line(text))
    return 0, 1


def _require_one(file: CsvFile, *columns: int) -> None:
    if file.header is None:
        return
    for at in columns:
        if file.header.count(file.header[at]) > 1:
            text = f"{file.source}: two columns have the same name {file.header[at]!r}"
            raise DataError(one_line(f"{text}; keep one"))


def require_one_symbol(file: CsvFile) -> None:
    """Refuse a file of several markets.

    Raises:
        DataError: If a column `symbol`, `contract` or the like has several values.
    """
    for name in (
        "symbol",
        "coin",
        "instrument_name",
        "ticker",
        "instid",
        "pair",
        *_CONTRACTS,
    ):
        if file.header is None or name not in file.header:
            continue
        symbols = sorted(set(file.column(file.header.index(name))) - {""})
        if len(symbols) > 1:
            what = "symbols" if name in _SYMBOLS else f"values of {name}"
            text = f"{file.source} holds several {what}: {', '.join(symbols[:5])}"
            raise DataError(one_line(f"{text}; keep one"))
