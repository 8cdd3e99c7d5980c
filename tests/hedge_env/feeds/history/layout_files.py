"""One example of each known layout, all of the same two days of hourly bars."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from tests.hedge_env.feeds.history.files import HOUR, START

N = 48
TIMES = [START + HOUR * k for k in range(N)]
_STEPS = np.random.default_rng(3).standard_normal(N)
CLOSES = [round(float(p), 2) for p in 3000.0 * np.exp(0.01 * np.cumsum(_STEPS))]
OPENS = [3000.0, *CLOSES[:-1]]
Bar = tuple[int, float, float, float, float]
BARS: list[Bar] = [
    (t, o, max(o, c) + 1.0, min(o, c) - 1.0, c)
    for t, o, c in zip(TIMES, OPENS, CLOSES, strict=True)
]
NEWEST_FIRST = BARS[::-1]


def when(t: float, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    return datetime.fromtimestamp(t, UTC).strftime(form)


def table(header: str, row: Callable[[Bar], str], bars: list[Bar] = BARS) -> str:
    head = f"{header}\n" if header else ""
    return head + "".join(f"{row(bar)}\n" for bar in bars)


def ohlc(bar: Bar, mark: str = ",") -> str:
    return mark.join(f"{p:.2f}" for p in bar[1:])


def _kline(bar: Bar, unit: int = 1000) -> str:
    end = (bar[0] + HOUR) * unit - 1
    return f"{bar[0] * unit},{ohlc(bar)},9.5,{end},28500.0,100,4.5,13500.0,0"


def _iso(t: float, end: str = "000Z") -> str:
    return when(t, "%Y-%m-%dT%H:%M:%S.") + end


def _coinmarketcap(b: Bar) -> str:
    open_, close = _iso(b[0]), _iso(b[0] + HOUR - 1, "999Z")
    return f'"{open_}";"{close}";"Ether";{ohlc(b, ";")};1e10;3e11;"{close}"'


def _german(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


_LISTS = [[str(1000 * b[0]), *(f"{p:.2f}" for p in b[1:]), "9", "1"] for b in BARS]
_KLINE_HEAD = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore"
)

# Bars: each opens at its stamp. Layout -> text.
OPEN_BARS: dict[str, tuple[str, str]] = {
    "binance vision": ("Binance candles", table("", lambda b: _kline(b, 10**6))),
    "binance vision, header": ("Binance candles", table(_KLINE_HEAD, _kline)),
    "binance api": (
        "Binance candles",
        json.dumps([json.loads(f"[{_kline(b)}]") for b in BARS]),
    ),
    "bybit csv": (
        "Bybit candles",
        table(
            "startTime,openPrice,highPrice,lowPrice,closePrice,volume,turnover",
            lambda b: f"{1000 * b[0]},{ohlc(b)},9,1",
        ),
    ),
    "bybit api": (
        "Kraken or Bybit candles",
        json.dumps({"retCode": 0, "result": {"list": _LISTS[::-1]}}),
    ),
    "okx csv": (
        "OKX candles",
        table("ts,o,h,l,c,vol,confirm", lambda b: f"{1000 * b[0]},{ohlc(b)},9,1"),
    ),
    "okx api": (
        "OKX candles",
        json.dumps({"code": "0", "data": [[*row, "1", "1"] for row in _LISTS]}),
    ),
    "kraken csv": (
        "Kraken or Bybit candles",
        table("", lambda b: f"{b[0]},{ohlc(b)},9,17"),
    ),
    "kraken api": (
        "Kraken candles",
        json.dumps(
            {"result": {"XETHZUSD": [[*row[:5], "1", "9", 3] for row in _LISTS]}}
        ),
    ),
    "coinbase csv": (
        "Coinbase or TradingView candles",
        table(
            ",time,low,high,open,close,volume",
            lambda b: f"7,{b[0]},{b[3]},{b[2]},{b[1]},{b[4]},9",
        ),
    ),
    "coinbase api": (
        "Coinbase candles",
        json.dumps([[b[0], b[3], b[2], b[1], b[4], 9] for b in NEWEST_FIRST]),
    ),
    "coinmarketcap": (
        "CoinMarketCap",
        table(
            "timeOpen;timeClose;name;open;high;low;close;volume;marketCap;timestamp",
            _coinmarketcap,
        ),
    ),
    "cryptodatadownload": (
        "CryptoDataDownload",
        "https://www.CryptoDataDownload.com\n"
        + table(
            "unix,date,symbol,open,high,low,close,Volume ETH,Volume USD",
            lambda b: f"{b[0]},{when(b[0])},ETH/USD,{ohlc(b)},9,1",
            NEWEST_FIRST,
        ),
    ),
    "cryptodatadownload, am and pm": (
        "CryptoDataDownload (old)",
        table(
            "Date,Symbol,Open,High,Low,Close,Volume ETH,Volume USD",
            lambda b: f"{when(b[0], '%Y-%m-%d %I-%p')},ETHUSD,{ohlc(b)},9,1",
            NEWEST_FIRST,
        ),
    ),
    "am and pm": (
        "bars",
        table(
            "Date,Open,High,Low,Close",
            lambda b: f"{when(b[0], '%m/%d/%Y %I:%M %p')},{ohlc(b)}",
        ),
    ),
    "yfinance": (
        "yfinance",
        table(
            "Datetime,Open,High,Low,Close,Volume",
            lambda b: f"{when(b[0])}+00:00,{ohlc(b)},9",
        ),
    ),
    "yfinance, three headers": (
        "yfinance",
        "Price,Close,High,Low,Open,Volume\n"
        "Ticker,ETH-USD,ETH-USD,ETH-USD,ETH-USD,ETH-USD\n"
        + table(
            "Datetime,,,,,",
            lambda b: f"{when(b[0])}+00:00,{b[4]},{b[2]},{b[3]},{b[1]},9",
        ),
    ),
    "investing.com": (
        "investing.com",
        table(
            '"Date","Price","Open","High","Low","Vol.","Change %"',
            lambda b: (
                f'"{when(b[0], "%m/%d/%Y %H:%M")}","{b[4]:,.2f}","{b[1]:,.2f}",'
                f'"{b[2]:,.2f}","{b[3]:,.2f}","12.3K","0.1%"'
            ),
            NEWEST_FIRST,
        ),
    ),
    "metatrader": (
        "bars",
        table(
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>",
            lambda b: "\t".join(
                [when(b[0], "%Y.%m.%d"), when(b[0], "%H:%M:%S"), ohlc(b, "\t")]
            ),
        ),
    ),
    "an empty cell more in each row": (
        "bars",
        table("time,open,close", lambda b: f"{b[0]},{b[1]},{b[4]},"),
    ),
    "bars without a header": (
        "candles, volume",
        table("", lambda b: f"{b[0]},{ohlc(b)},9"),
    ),
    "clocks put back": (
        "bars",
        table(
            "date,open,close",
            lambda b: (
                f"{datetime.fromtimestamp(b[0], ZoneInfo('America/New_York'))},"
                f"{b[1]},{b[4]}"
            ),
        ),
    ),
    "objects, one a line": (
        "bars",
        "".join(
            json.dumps({"time": b[0], "open": b[1], "close": b[4]}) + "\n" for b in BARS
        ),
    ),
    "pandas, by columns": (
        "bars",
        json.dumps(
            {
                "time": {str(k): b[0] for k, b in enumerate(BARS)},
                "open": {str(k): b[1] for k, b in enumerate(BARS)},
                "close": {str(k): b[4] for k, b in enumerate(BARS)},
            }
        ),
    ),
}

# Prices of the moment of their stamp.
INSTANTS: dict[str, tuple[str, str]] = {
    "coingecko": (
        "CoinGecko",
        table(
            "snapped_at,price,market_cap,total_volume",
            lambda b: f"{when(b[0])} UTC,{b[1]},3e11,1e10",
        ),
    ),
    "coingecko api": (
        "time and value",
        json.dumps(
            {
                "prices": [[1000 * b[0], b[1]] for b in BARS],
                "market_caps": [[1000 * b[0], 3e11] for b in BARS],
            }
        ),
    ),
    "decimal commas": (
        "time and value",
        table("Zeit;Kurs", lambda b: f"{when(b[0], '%d.%m.%Y %H:%M')};{_german(b[1])}"),
    ),
    "decimal commas, no thousands": (
        "time and value",
        "sep=;\n"
        + table("Zeit;Kurs", lambda b: f"{when(b[0])};{b[1]:.2f}".replace(".", ",")),
    ),
    "days of a spreadsheet": (
        "time and value",
        table("date,price", lambda b: f"{b[0] / 86400 + 25569:.9f},{b[1]}"),
    ),
    "names of months": (
        "time and value",
        table(
            "date,price",
            lambda b: f'"{when(b[0], "%b %d, %Y %H:%M")}","${b[1]:,.2f}"',
        ),
    ),
    "some milliseconds early": (
        "time and value",
        table("timestamp,price", lambda b: f"{1000 * b[0] - 3},{b[1]}"),
    ),
    "early and late": (
        "time and value",
        table(
            "timestamp,price",
            lambda b: f"{1000 * b[0] + (-5 if b[0] // HOUR % 2 else 20)},{b[1]}",
        ),
    ),
    "a title above": (
        "time and value",
        "Export of 2024\n\n# of us\n" + table("time,price", lambda b: f"{b[0]},{b[1]}"),
    ),
}
