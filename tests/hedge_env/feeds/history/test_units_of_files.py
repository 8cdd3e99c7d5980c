"""Units that a heading names, that values show, and that neither tells."""

from __future__ import annotations

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
from hedge_env.feeds.files.series_file import Series, read_series
from hedge_env.feeds.files.units import funding_unit, gas_prices, implied_volatilities
from hedge_env.feeds.history.settlements import funding_rates
from hedge_env.training.calibrate.data import read_table
from hedge_env.training.calibrate.data.history import History, Window, add_funding
from tests.hedge_env.feeds.history.unusual import DAY, HOUR, START, VALUES, rows, stamp


def series(tmp_path: Path, text: str, kind: SeriesKind) -> Series:
    path = tmp_path / "p.csv"
    path.write_text(text)
    return read_series(str(path), kind)


def test_wei_of_a_cheap_chain_is_wei_where_the_heading_says_so(tmp_path: Path) -> None:
    text = rows("time,gas_price_wei\n", lambda t, i: f"{stamp(t)},{200_000 + i}")
    found = gas_prices(series(tmp_path, text, GAS))
    expected = [(200_000 + i) * 1e-9 for i in range(48)]
    assert found.tolist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("unit", "scale"), [("wei", 1), ("gwei", 10**9)])
def test_a_heading_and_values_of_two_units_are_refused(
    tmp_path: Path, unit: str, scale: int
) -> None:
    text = rows(
        f"time,gas_price_{unit}\n", lambda t, i: f"{stamp(t)},{(30 + i) * scale}"
    )
    with pytest.raises(DataError, match=f"no gas price in {unit}, as the column"):
        series(tmp_path, text, GAS)


def test_gwei_and_wei_in_one_column_are_refused(tmp_path: Path) -> None:
    text = rows(
        "time,gas_price\n",
        lambda t, i: f"{stamp(t)},{(30 + i) * (10**9 if i > 20 else 1)}",
    )
    with pytest.raises(DataError, match="are wei and gwei mixed"):
        series(tmp_path, text, GAS)


def test_one_gas_price_in_wei_is_refused_with_its_date(tmp_path: Path) -> None:
    text = rows(
        "time,gas_price\n",
        lambda t, i: f"{stamp(t)},{(30 + i) * (10**9 if i == 9 else 1)}",
    )
    with pytest.raises(
        DataError, match=r"3\.9e\+10 at 2024-03-01 09:00 is no gas price"
    ):
        gas_prices(series(tmp_path, text, GAS))


def test_small_rates_in_basis_points_are_what_the_heading_says(tmp_path: Path) -> None:
    text = rows(
        "time,funding_rate_bps\n",
        lambda t, i: f"{stamp(t)},0.{i + 10:03}",
        step=8 * HOUR,
    )
    found = series(tmp_path, text, FUNDING).values
    expected = [(i + 10) * 1e-7 for i in range(48)]
    assert found.tolist() == pytest.approx(expected, rel=1e-9)


def test_a_volatility_of_four_is_neither_percent_nor_fraction(tmp_path: Path) -> None:
    text = rows("date,iv\n", lambda t, i: f"{t:%Y-%m-%d},{3.9 + i / 100:.2f}", step=DAY)
    with pytest.raises(DataError, match="may be in percent or a fraction; write"):
        implied_volatilities(series(tmp_path, text, IMPLIED_VOLATILITY))
    signed = text.replace("\n", "%\n").replace("iv%", "iv")
    found = implied_volatilities(series(tmp_path, signed, IMPLIED_VOLATILITY))
    assert found[0] == pytest.approx(0.039)


@pytest.mark.parametrize("form", ["%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S"])
def test_dates_with_hours_without_marks_are_no_unix_times(
    tmp_path: Path, form: str
) -> None:
    text = rows("time,price\n", lambda t, i: f"{t.strftime(form)},{VALUES[i]}")
    found = series(tmp_path, text, SPOT)
    assert found.seconds.tolist() == [stamp(START + i * HOUR, 1) for i in range(48)]


def test_unix_times_that_look_like_old_dates_are_unix_times(tmp_path: Path) -> None:
    times = [1_710_121_500 + 100 * i for i in range(9)]  # 15 December 1710, 0 to 8 h
    text = "time,price\n" + "".join(f"{t},{3000 + i}\n" for i, t in enumerate(times))
    assert series(tmp_path, text, SPOT).seconds.tolist() == times


def test_two_futures_in_a_row_are_two_series(tmp_path: Path) -> None:
    text = rows(
        "date,contract,close\n",
        lambda t, i: f"{t:%Y-%m-%d},{'MAR24' if i < 28 else 'JUN24'},{VALUES[i]}",
        step=DAY,
    )
    with pytest.raises(DataError, match="several values of contract: JUN24, MAR24"):
        series(tmp_path, text, SPOT)


@pytest.mark.parametrize("heading", ["Time(UTC),Symbol,Funding Rate", "time,rate (%)"])
def test_a_large_rate_that_is_written_in_percent_is_divided_once(
    heading: str, tmp_path: Path
) -> None:
    """Half a percent is large enough for a percent that nobody named."""
    named = "Symbol" in heading
    cell = "ETH,0.5000%" if named else "0.5"
    rows = [f"{1_704_067_200 + 28_800 * k},{cell}" for k in range(9)]
    path = tmp_path / "f.csv"
    path.write_text("\n".join([heading, *rows]))
    settled = funding_rates(read_series(str(path), FUNDING), 8.0, 0.0)
    np.testing.assert_allclose(settled.values, 0.005, rtol=1e-12)
    table = read_table.read_table(path, read_table.FUNDING)
    assert table.fractions
    assert funding_unit(table.values, fractions=table.fractions)[1] == 1.0


def test_a_calm_volatility_with_a_percent_sign_is_no_fraction(tmp_path: Path) -> None:
    path = tmp_path / "iv.csv"
    rows = [f"{1_704_067_200 + 86_400 * k},4.0%" for k in range(9)]
    path.write_text("\n".join(["timestamp,iv", *rows]))
    series = read_series(str(path), IMPLIED_VOLATILITY)
    np.testing.assert_allclose(implied_volatilities(series), 0.04, rtol=1e-12)


def funding_file(tmp_path: Path, rates: np.ndarray) -> Path:
    """A file of a settlement every eight hours."""
    path = tmp_path / "funding.csv"
    lines = [f"{START + 8 * HOUR * i},{rate:.10g}" for i, rate in enumerate(rates)]
    path.write_text("\n".join(["time,funding_rate", *lines]) + "\n")
    return path


def usual_rates(number: int, interest: bool) -> np.ndarray:
    """Rates of a market, four in ten of them exactly the interest if it has one."""
    random = np.random.default_rng(3)
    rates = 1e-4 + 2e-4 * random.standard_t(5, number)
    return np.where(interest & (random.random(number) < 0.4), 1e-4, rates)


@pytest.mark.parametrize("interest", [False, True])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("block", [False, True])
def test_percent_and_fractions_in_one_file_of_funding_are_refused(
    tmp_path: Path, interest: bool, share: float, block: bool
) -> None:
    rates = usual_rates(900, interest)
    where = np.arange(900) / 900 if block else np.random.default_rng(4).random(900)
    path = funding_file(tmp_path, np.where(where < share, 100.0 * rates, rates))
    with pytest.raises(DataError, match="are percent and fractions mixed") as caught:
        funding_rates(read_series(str(path), FUNDING), 8.0, 0.0)
    assert str(caught.value).startswith(str(path))
    with pytest.raises(DataError, match="are percent and fractions mixed"):
        add_funding(History(np.zeros((1, 24)), 0, {}, {}), path, Window())


@pytest.mark.parametrize("interest", [False, True])
@pytest.mark.parametrize("scale", [1.0, 100.0, 1e4])
def test_rates_of_one_unit_are_not_called_mixed(
    tmp_path: Path, interest: bool, scale: float
) -> None:
    rates = usual_rates(900, interest)
    rates[400:430] *= 25.0  # a month of euphoria
    rates[600:700] /= 30.0  # and a quiet one
    path = funding_file(tmp_path, scale * rates)
    found = funding_rates(read_series(str(path), FUNDING), 8.0, 0.0)
    np.testing.assert_allclose(found.values, rates, rtol=1e-9)
