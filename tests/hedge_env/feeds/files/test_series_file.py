"""Files are read in any usual form, or refused in one clear sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base.errors import DataError
from hedge_env.feeds.files.columns import (
    FUNDING,
    GAS,
    IMPLIED_VOLATILITY,
    SPOT,
    SeriesKind,
)
from hedge_env.feeds.files.series_file import read_series
from hedge_env.feeds.files.units import gas_prices, implied_volatilities, prices
from hedge_env.feeds.history.settlements import funding_rates
from tests.hedge_env.feeds.history.files import HOUR, START, hourly, write_series
from tests.support.checkout import SHARED

DATA = SHARED / "data"
TIMES = hourly(4)
PRICES = [100.0, 101.0, 102.5, 99.0]
PAIRS = list(zip(TIMES, PRICES, strict=True))


CHECKS = {
    IMPLIED_VOLATILITY: implied_volatilities,
    GAS: gas_prices,
    FUNDING: lambda series: funding_rates(series, 8.0, 0.0),
}


def iso(seconds: int, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime(form)


@pytest.mark.parametrize(
    "texts",
    [
        [str(t) for t in TIMES],
        [str(1000 * t) for t in TIMES],
        [str(1_000_000 * t) for t in TIMES],
        [f"{t}.0" for t in TIMES],
        [iso(t) for t in TIMES],
        [iso(t, "%Y-%m-%dT%H:%M:%SZ") for t in TIMES],
        [iso(t, "%Y-%m-%d %H:%M:%S.000 UTC") for t in TIMES],
        [iso(t, "%Y/%m/%d %H:%M") for t in TIMES],
        [iso(t + 3 * HOUR, "%Y-%m-%dT%H:%M:%S+03:00") for t in TIMES],
        [iso(t, "%m/%d/%Y %H:%M") for t in TIMES],
        [str(TIMES[0]), str(1000 * TIMES[1]), iso(TIMES[2]), f"{TIMES[3]}.0"],
    ],
)
def test_times_are_read_in_every_usual_form(tmp_path: Path, texts: list[str]) -> None:
    series = read_series(write_series(tmp_path / "p.csv", texts, PRICES), SPOT)
    np.testing.assert_array_equal(series.seconds, TIMES)
    np.testing.assert_array_equal(prices(series), PRICES)
    assert series.spacing == HOUR


def test_order_and_duplicates_do_not_matter_and_are_counted(tmp_path: Path) -> None:
    order = [3, 2, 1, 2, 0]
    rows = [TIMES[i] for i in order], [PRICES[i] for i in order]
    path = write_series(tmp_path / "p.csv", *rows, header="timestamp,price")
    series = read_series(path, SPOT)
    np.testing.assert_array_equal(series.seconds, TIMES)
    np.testing.assert_array_equal(series.values, PRICES)
    assert series.repeated == 1


def test_the_open_of_a_bar_is_taken_because_it_is_known_at_its_time(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bars.csv"
    rows = [f"{1000 * t},{p},9e9,1,{p + 1},5" for t, p in PAIRS]
    path.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]))
    series = read_series(str(path), SPOT)
    np.testing.assert_array_equal(series.values, PRICES)
    assert series.column == "open"


def test_cells_without_a_value_are_left_out_and_counted(tmp_path: Path) -> None:
    path = write_series(tmp_path / "p.csv", TIMES, [100.0, "", "NaN", 99.0])
    series = read_series(path, SPOT)
    np.testing.assert_array_equal(series.values, [100.0, 99.0])
    assert series.empty == 2


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_implied_volatility_may_be_in_percent(tmp_path: Path, scale: float) -> None:
    values = [scale * v for v in (0.5, 0.6, 0.7, 1.5)]
    path = write_series(tmp_path / "v.csv", TIMES, values, "date,open")
    series = read_series(path, IMPLIED_VOLATILITY)
    np.testing.assert_allclose(implied_volatilities(series), [0.5, 0.6, 0.7, 1.5])


@pytest.mark.parametrize("scale", [1.0, 1e9])
def test_gas_may_be_in_wei_and_zeros_are_no_prices(
    tmp_path: Path, scale: float
) -> None:
    values = [0.0, 20.0 * scale, 30.0 * scale, 40.0 * scale]
    series = read_series(write_series(tmp_path / "g.csv", TIMES, values), GAS)
    np.testing.assert_allclose(gas_prices(series), [np.nan, 20.0, 30.0, 40.0])


def test_a_funding_clock_ahead_of_utc_must_be_said(tmp_path: Path) -> None:
    times = [START + HOUR * (3 + 8 * k) + 2 for k in range(6)]  # two seconds late
    path = write_series(tmp_path / "f.csv", times, 6 * [1e-4], "Date,Funding Rate")
    series = read_series(path, FUNDING)
    with pytest.raises(DataError, match="funding_utc_offset_hours, to 3"):
        funding_rates(series, 8.0, 0.0)
    settled = funding_rates(series, 8.0, 3.0)
    np.testing.assert_array_equal(settled.seconds, [t - 3 * HOUR - 2 for t in times])


@pytest.mark.parametrize("factor", [1.0, 1e2, 1e4])
def test_funding_may_be_in_percent_or_basis_points(
    tmp_path: Path, factor: float
) -> None:
    rates = np.array([1e-4, 3e-4, -2e-4, 1e-4])
    times = [START + 8 * HOUR * k for k in range(4)]
    path = write_series(tmp_path / "f.csv", times, list(factor * rates))
    settled = funding_rates(read_series(path, FUNDING), 8.0, 0.0)
    np.testing.assert_allclose(settled.values, rates)


def test_a_day_before_its_month_is_seen_in_the_other_rows(tmp_path: Path) -> None:
    texts = ["2/1/2024", "3/1/2024", "14/1/2024"]
    series = read_series(write_series(tmp_path / "p.csv", texts, [1, 2, 3]), SPOT)
    np.testing.assert_array_equal(np.diff(series.seconds), [86_400, 11 * 86_400])


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["2024-01-01 00:00", "2024-01-01T01:00Z"], "name a time zone"),
        (["1/13/2024", "13/1/2024"], "partly day/month"),
    ],
)
def test_times_that_could_be_two_are_refused(
    tmp_path: Path, texts: list[str], sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        read_series(write_series(tmp_path / "p.csv", texts, [1, 2]), SPOT)


GOOD = "\n".join(f"{t},{p}" for t, p in PAIRS)

UNUSABLE = {
    "empty": (b"", "is empty"),
    "blank": (b"\n\n  \n", "is empty"),
    "header-only": (b"time,price\n", "no two rows"),
    "one-row": (GOOD.splitlines()[0].encode(), "no two rows"),
    "binary": (bytes(range(128, 256)), "is not text"),
    "null-bytes": (b"\x00\x01\x02" * 9, "."),
    "text": (b"dear reader,\nthis is,a letter", "no time"),
    "no-number": (GOOD.replace("102.5", "abc").encode(), "line 3: 'abc' is no number"),
    "infinite": (GOOD.replace("102.5", "inf").encode(), "line 3: 'inf' is not finite"),
    "negative": (GOOD.replace("102.5", "-5").encode(), "-5 at 2024-01-01 02:00"),
    "zero": (GOOD.replace("102.5", "0").encode(), "0 at 2024-01-01 02:00 is no price"),
    "outlier": (GOOD.replace("102.5", "1e11").encode(), "from 101 to 1e"),
    "truncated": (GOOD.encode()[:-12], "line 4"),
    "ancient": (GOOD.replace(str(TIMES[1]), "12").encode(), "line 2: '12' is not"),
    "no-time": (GOOD.replace(str(TIMES[1]), "soon").encode(), "'soon' is no time"),
    "three-columns": (b"1704067200,1,2\n1704070800,1,2", "3 columns and no header"),
    "unnamed": (b"time,a,b\n1704067200,1,2", "no column is known as the price"),
    "untimed": (b"x,price,b\n1704067200,1,2", "no column is known as the time"),
    "symbols": (
        b"time,symbol,price\n1704067200,A,1\n1704070800,B,2",
        "several symbols: A, B",
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_cannot_be_used_is_refused_in_one_sentence(
    tmp_path: Path, name: str
) -> None:
    content, sentence = UNUSABLE[name]
    path = tmp_path / "prices.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        prices(read_series(str(path), SPOT))
    message = str(caught.value)
    assert sentence in message
    assert message.startswith(str(path))
    assert "\n" not in message


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read_series(str(tmp_path / "none.csv"), SPOT)
    with pytest.raises(DataError, match="cannot be read"):
        read_series(str(tmp_path), SPOT)


@pytest.mark.parametrize(
    ("kind", "values", "sentence"),
    [
        (IMPLIED_VOLATILITY, [50.0, 60.0, 0.0, 60.0], "is no volatility"),
        (IMPLIED_VOLATILITY, [0.5, 0.6, 60.0, 0.6], "is no volatility"),
        (GAS, [10.0, 20.0, -1.0, 5.0], "is no gas price"),
        (GAS, [0.0, 0.0, 0.0, 0.0], "nothing but zeros"),
        (FUNDING, [1e-4, 1e-4, 1.0, 1e-4], "is no fraction"),
    ],
)
def test_values_out_of_range_are_refused(
    tmp_path: Path, kind: SeriesKind, values: list[float], sentence: str
) -> None:
    series = read_series(write_series(tmp_path / "s.csv", TIMES, values), kind)
    with pytest.raises(DataError, match=sentence):
        CHECKS[kind](series)


def test_gas_in_dollars_is_refused(tmp_path: Path) -> None:
    path = write_series(tmp_path / "g.csv", TIMES, PRICES, "dt,gas_usd_per_tx")
    with pytest.raises(DataError, match="in dollars"):
        gas_prices(read_series(path, GAS))


@pytest.mark.parametrize(
    ("name", "kind", "rows"),
    [
        ("eth_usdt_1h.csv", SPOT, 72_584),
        ("eth_dvol_daily.csv", IMPLIED_VOLATILITY, 1840),
        ("btc_dvol_daily.csv", IMPLIED_VOLATILITY, 1840),
        ("eth_gas_daily.csv", GAS, 3961),
        ("eth_gas_hourly_2022.csv", GAS, 5400),
        ("eth_funding_8h.csv", FUNDING, 4383),
    ],
)
def test_published_histories_are_read_as_they_are(
    name: str, kind: SeriesKind, rows: int
) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"needs the history {name}")
    series = read_series(str(path), kind)
    assert series.seconds.size == pytest.approx(rows, rel=0.02)
    if kind is SPOT:
        assert prices(series).max() < 6000.0
    elif kind is IMPLIED_VOLATILITY:
        assert 0.4 < np.median(implied_volatilities(series)) < 0.9
    elif kind is GAS:
        assert 5.0 < np.nanmedian(gas_prices(series)) < 60.0
    else:
        settled = funding_rates(series, 8.0, 3.0)
        assert (settled.seconds % (8 * HOUR) == 0).all()
