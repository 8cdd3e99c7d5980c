"""Every known layout gives the same series, at the moment its values are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base.errors import DataError
from hedge_env.feeds.files.columns import FUNDING, GAS, IMPLIED_VOLATILITY, SPOT
from hedge_env.feeds.files.csv_file import read_csv
from hedge_env.feeds.files.reading import read_series_cells
from hedge_env.feeds.files.series_file import read_series
from hedge_env.feeds.files.units import gas_prices, implied_volatilities
from hedge_env.feeds.history.settlements import funding_rates
from tests.hedge_env.feeds.history.files import HOUR, START
from tests.hedge_env.feeds.history.layout_files import (
    CLOSES,
    INSTANTS,
    OPEN_BARS,
    OPENS,
    TIMES,
    when,
)

DAY = 24 * HOUR


@pytest.mark.parametrize("name", OPEN_BARS)
def test_bars_of_every_layout_give_their_opens_and_their_closes(
    name: str, tmp_path: Path
) -> None:
    layout, text = OPEN_BARS[name]
    path = tmp_path / "eth.csv"
    path.write_text(text)
    series = read_series(str(path), SPOT)
    np.testing.assert_array_equal(series.seconds, TIMES)
    np.testing.assert_allclose(series.values, OPENS, rtol=1e-12)
    cells = read_series_cells(read_csv(path), SPOT, closes=True)
    assert (cells.layout, cells.moment) == (layout, "close")
    order = np.argsort(cells.seconds)
    np.testing.assert_array_equal(cells.seconds[order], np.array(TIMES) + HOUR)
    np.testing.assert_allclose(cells.values[order], CLOSES, rtol=1e-12)


@pytest.mark.parametrize("name", INSTANTS)
def test_prices_of_a_moment_are_known_at_it(name: str, tmp_path: Path) -> None:
    layout, text = INSTANTS[name]
    path = tmp_path / "eth.csv"
    path.write_text(text)
    for closes in (False, True):
        cells = read_series_cells(read_csv(path), SPOT, closes=closes)
        assert (cells.layout, cells.moment) == (layout, "instant")
    series = read_series(str(path), SPOT)
    np.testing.assert_array_equal(series.seconds, TIMES)
    np.testing.assert_allclose(series.values, OPENS, rtol=1e-12)


@pytest.mark.parametrize("spacing", [60, 300, 900, HOUR, 4 * HOUR, 8 * HOUR, DAY])
@pytest.mark.parametrize(
    ("header", "late"),
    [
        ("timestamp,open", 0),
        ("timestamp,close", 1),
        ("close_time,close", 0),
        ("close_time,open", -1),
        ("timestamp,price", 0),
    ],
)
def test_a_close_is_known_at_the_end_of_its_bar_whatever_the_spacing(
    spacing: int, header: str, late: int, tmp_path: Path
) -> None:
    path = tmp_path / "p.csv"
    stamps = [START + spacing * k for k in range(5)]
    path.write_text("\n".join([header, *(f"{t},100" for t in stamps)]))
    series = read_series(str(path), SPOT)
    np.testing.assert_array_equal(series.seconds, np.array(stamps) + late * spacing)


@pytest.mark.parametrize("header", ["date,close", "date,dvol", "date,value"])
def test_the_volatility_of_a_day_is_known_at_its_end(
    header: str, tmp_path: Path
) -> None:
    path = tmp_path / "iv.csv"
    path.write_text(f"{header}\n2024-01-01,50\n2024-01-02,50\n2024-01-03,100\n")
    series = read_series(str(path), IMPLIED_VOLATILITY)
    np.testing.assert_array_equal(series.seconds, START + DAY * np.arange(1, 4))
    path.write_text("date,open,high,low,close\n2024-01-01,5,9,4,7\n2024-01-02,7,8,6,7")
    series = read_series(str(path), IMPLIED_VOLATILITY)
    np.testing.assert_array_equal(series.seconds, [START, START + DAY])
    np.testing.assert_array_equal(series.values, [5.0, 7.0])


def test_the_volatility_index_of_deribit_is_read_as_it_is_answered(
    tmp_path: Path,
) -> None:
    rows = [[1000 * (START + DAY * k), 60 + k, 66, 55, 61 + k] for k in range(4)]
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"jsonrpc": "2.0", "result": {"data": rows}}))
    series = read_series(str(path), IMPLIED_VOLATILITY)
    np.testing.assert_allclose(
        implied_volatilities(series), [0.60, 0.61, 0.62, 0.63], rtol=1e-12
    )
    path.write_text("\n".join(",".join(map(str, row)) for row in rows))
    again = read_series(str(path), IMPLIED_VOLATILITY)
    np.testing.assert_array_equal(again.seconds, series.seconds)


SETTLEMENTS = [START + 8 * HOUR * k for k in range(9)]
RATES = [1e-4 + 2e-6 * k for k in range(9)]
FUNDING_FILES = {
    "binance vision": (
        "calc_time,funding_interval_hours,last_funding_rate",
        lambda t, r: f"{1000 * t + 8},8,{r:.8f}",
    ),
    "binance web": (
        "Time(UTC),Symbol,Funding Rate",
        lambda t, r: f"{when(t)},ETHUSDT,{100 * r:.4f}%",
    ),
    "bybit": (
        "symbol,fundingRate,fundingRateTimestamp",
        lambda t, r: f"ETHUSDT,{r:.8f},{1000 * t}",
    ),
    "okx": (
        "instrument_name,funding_rate,funding_time",
        lambda t, r: f"ETH-USDT-SWAP,{r:.8f},{1000 * t}",
    ),
    "hyperliquid": (
        "time,coin,fundingRate,premium",
        lambda t, r: f"{1000 * t + 7},ETH,{r:.8f},0.0003",
    ),
    "percent in the name": (
        "time,symbol,funding rate (%)",
        lambda t, r: f"{t},ETH,{100 * r:.6f}",
    ),
    "all early": ("timestamp,funding_rate", lambda t, r: f"{1000 * t - 3},{r:.8f}"),
}


@pytest.mark.parametrize("name", FUNDING_FILES)
def test_funding_of_every_origin_is_the_same(name: str, tmp_path: Path) -> None:
    header, row = FUNDING_FILES[name]
    path = tmp_path / "f.csv"
    lines = [row(t, r) for t, r in zip(SETTLEMENTS, RATES, strict=True)]
    path.write_text("\n".join([header, *lines]))
    series = funding_rates(read_series(str(path), FUNDING), 8.0, 0.0)
    np.testing.assert_array_equal(series.seconds, SETTLEMENTS)
    np.testing.assert_allclose(series.values, RATES, atol=1e-9)


def test_gas_of_etherscan_is_read_from_its_export_and_its_answer(
    tmp_path: Path,
) -> None:
    days = [START + DAY * k for k in range(4)]
    path = tmp_path / "gas.csv"
    rows = [
        f'"{when(t, "%m/%d/%Y")}","{t}","{k + 20}000000000"' for k, t in enumerate(days)
    ]
    path.write_text("\r\n".join(['"Date(UTC)","UnixTimeStamp","Value (Wei)"', *rows]))
    found = [
        {
            "UTCDate": when(t, "%Y-%m-%d"),
            "unixTimeStamp": str(t),
            "maxGasPrice_Wei": "1",
            "avgGasPrice_Wei": f"{k + 20}000000000",
        }
        for k, t in enumerate(days)
    ]
    answer = tmp_path / "gas.json"
    answer.write_text(json.dumps({"status": "1", "result": found}))
    for file in (path, answer):
        series = read_series(str(file), GAS)
        np.testing.assert_array_equal(series.seconds, days)
        np.testing.assert_allclose(gas_prices(series), [20.0, 21.0, 22.0, 23.0])


REFUSED = {
    "rounded times": (
        "timestamp,open\n1.70925E+12,1\n1.70925E+12,2\n1.70926E+12,3\n",
        "line 2: the time '1.70925E+12' was rounded by a spreadsheet",
    ),
    "rounded times, decimal commas": (
        "timestamp;open\n1,70925E+12;1\n1,70925E+12;2\n",
        "line 2: the time '1,70925E+12' was rounded by a spreadsheet",
    ),
    "decimal commas between commas": (
        "date,price\n1704067200,1,5\n1704070800,1,6\n",
        "line 2: 3 columns where 2 are due",
    ),
    "percent here and there": (
        "time,price\n1704067200,5%\n1704070800,6%\n",
        "line 2: a price in percent",
    ),
    "columns exchanged": (
        "1704067200,1704067200\n1704070800,1704070800\n",
        "line 1: the price looks like a Unix time",
    ),
    "two values of one time": (
        "time,price\n1704067200,5\n1704070800,6\n1704070800,7\n",
        "line 4: '1704070800' is the time of line 3 too",
    ),
    "several tickers": (
        "Price,Close,Close\nTicker,BTC-USD,ETH-USD\nDate,,\n2024-01-01,1,2\n",
        "several symbols: btc-usd, eth-usd",
    ),
    "an answer that is an error": ('{"code": -1121, "msg": "no"}', "JSON without"),
    "half an answer": ('[[1704067200000, "1"], [17', "is damaged JSON"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_file_is_and_its_first_bad_cell_are_named(
    name: str, tmp_path: Path
) -> None:
    text, sentence = REFUSED[name]
    path = tmp_path / "p.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_series(str(path), SPOT)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_whole_times_in_scientific_form_are_times(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        "timestamp,price\n1.7040672E+12,1\n1.7041536E+12,2\n1.70424E+12,3\n"
    )
    series = read_series(str(path), SPOT)
    np.testing.assert_array_equal(series.seconds, START + DAY * np.arange(3))


def test_a_minus_sign_of_typography_is_one(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    rows = [f"{t},\u22120.0001" for t in SETTLEMENTS]
    path.write_text("\n".join(["time,funding_rate", *rows]), encoding="utf-8")
    np.testing.assert_array_equal(read_series(str(path), FUNDING).values, -1e-4)
