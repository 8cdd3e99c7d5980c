"""The layouts of files that people have: where time and value stand, what they mean.

One line per layout. A layout is known by the names of its columns or, where a file has
no header, by the number of its columns and by what must hold between them: the high of
a bar is its largest price. The first layout that fits is taken; what fits none may
still have a column of times and one of values of a known name (see `columns`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from hedge_env.feeds.files.cells import number
from hedge_env.feeds.files.csv_file import CsvFile

Stamp = Literal["open", "close", "instant", "settlement"]


@dataclass(frozen=True)
class Layout:
    """Where time and value stand in the files of one origin.

    Attributes:
        name: Of the origin.
        time: Name of the column of times.
        stamp: What the time says: when a bar opens or closes, or its own moment.
        open: Column of the value at the start of a bar; empty if there is none.
        close: Column of the value at the end of a bar; empty if there is none.
        value: Column of a value that is no part of a bar; empty if there is none.
        needs: Further names of columns by which the layout is known.
        names: Names of the columns of a file without a header; empty if it has one.
        holds: What the layout can hold, of the words of `SeriesKind`; empty: a price or
            an implied volatility.
    """

    name: str
    time: str
    stamp: Stamp
    open: str = ""
    close: str = ""
    value: str = ""
    needs: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()


_BAR = ("time", "open", "high", "low", "close")
_KLINE = (*_BAR, "volume", "close_time", "quote", "count", "buy", "buy_quote", "ignore")
_SPOT, _IV, _GAS, _FUNDING = "price", "implied volatility", "gas price", "funding rate"

# name, column of times, what it stamps, then the columns of values.
WITH_HEADER: Final = (
    Layout(
        *("Binance candles", "open_time", "open", "open", "close"),
        needs=("close_time",),
    ),
    Layout(
        *("Binance candles", "open time", "open", "open", "close"),
        needs=("close time",),
    ),
    Layout("Bybit candles", "starttime", "open", "openprice", "closeprice"),
    Layout("OKX candles", "ts", "open", "o", "c", needs=("h", "l")),
    Layout(
        *("CryptoDataDownload", "unix", "open", "open", "close"),
        needs=("date", "symbol"),
    ),
    Layout(
        *("CryptoDataDownload (old)", "date", "open", "open", "close"),
        needs=("symbol", "volume usd"),
    ),
    Layout(
        *("CoinMarketCap", "timeopen", "open", "open", "close"),
        needs=("timeclose",),
    ),
    Layout(
        *("investing.com", "date", "open", "open", "price"),
        needs=("high", "low", "change %"),
    ),
    Layout(
        *("yfinance", "datetime", "open", "open", "close"),
        needs=("high", "low", "volume"),
    ),
    Layout(
        *("yfinance", "date", "open", "open", "close"),
        needs=("high", "low", "adj close"),
    ),
    Layout(
        *("Kraken candles", "time", "open", "open", "close"),
        needs=("vwap", "count"),
    ),
    Layout(
        *("Coinbase or TradingView candles", "time", "open", "open", "close"),
        needs=("low", "high", "volume"),
    ),
    Layout("CoinGecko", "snapped_at", "instant", value="price", holds=(_SPOT,)),
    Layout(
        *("Binance funding", "calc_time", "settlement"),
        value="last_funding_rate",
        holds=(_FUNDING,),
    ),
    Layout(
        *("OKX funding (API)", "fundingtime", "settlement"),
        value="realizedrate",
        holds=(_FUNDING,),
    ),
    Layout(
        *("Binance funding", "fundingtime", "settlement"),
        value="fundingrate",
        holds=(_FUNDING,),
    ),
    Layout(
        *("Bybit funding", "fundingratetimestamp", "settlement"),
        value="fundingrate",
        holds=(_FUNDING,),
    ),
    Layout(
        *("OKX funding", "funding_time", "settlement"),
        value="funding_rate",
        holds=(_FUNDING,),
    ),
    Layout(
        *("Binance funding (web)", "time(utc)", "settlement"),
        value="funding rate",
        holds=(_FUNDING,),
    ),
    Layout(
        *("Hyperliquid funding", "time", "settlement"),
        value="fundingrate",
        needs=("coin",),
        holds=(_FUNDING,),
    ),
    Layout(
        *("Deribit funding", "timestamp", "settlement"),
        value="interest_1h",
        needs=("interest_8h",),
        holds=(_FUNDING,),
    ),
    Layout(
        *("Etherscan gas", "unixtimestamp", "open"),
        value="value (wei)",
        holds=(_GAS,),
    ),
    Layout(
        *("Etherscan gas (API)", "unixtimestamp", "open"),
        value="avggasprice_wei",
        holds=(_GAS,),
    ),
)

WITHOUT_HEADER: Final = (
    Layout("time and value", "time", "instant", value="value", names=("time", "value")),
    Layout("bars (as of Deribit DVOL)", "time", "open", "open", "close", names=_BAR),
    Layout(
        *("candles, volume", "time", "open", "open", "close"),
        names=(*_BAR, "volume"),
    ),
    Layout(
        *("Coinbase candles", "time", "open", "open", "close"),
        names=("time", "low", "high", "open", "close", "volume"),
    ),
    Layout(
        *("Kraken or Bybit candles", "time", "open", "open", "close"),
        names=(*_BAR, "volume", "more"),
    ),
    Layout(
        *("Kraken candles", "time", "open", "open", "close"),
        names=(*_BAR, "vwap", "volume", "count"),
    ),
    Layout(
        *("OKX candles", "time", "open", "open", "close"),
        names=(*_BAR, "volume", "base", "quote", "confirm"),
    ),
    Layout("Binance candles", "time", "open", "open", "close", names=_KLINE),
)


def layout_of(file: CsvFile, word: str) -> Layout | None:
    """The layout that a file is in, None if none fits.

    Args:
        file: Its rows.
        word: What is looked for, as in `SeriesKind`.
    """
    if file.header is None:
        return next((known for known in WITHOUT_HEADER if _holds(known, file)), None)
    names = set(file.header)
    for known in WITH_HEADER:
        columns = (known.time, known.open, known.close, known.value)
        needed = {*columns, *known.needs} - {""}
        fits = not known.holds or word in known.holds
        if fits and needed <= names and (known.holds or word in (_SPOT, _IV)):
            return known
    return None


def _holds(layout: Layout, file: CsvFile) -> bool:
    """Whether rows without a header can be of a layout."""
    if file.width != len(layout.names):
        return False
    if "high" not in layout.names:
        return True
    at = [layout.names.index(name) for name in ("open", "high", "low", "close")]
    for _, cells in file.rows[:100]:
        if len(cells) != file.width:
            continue
        first, high, low, last = (number(cells[column]) for column in at)
        if low > min(first, last, high) or high < max(first, last, low):
            return False
    return True
