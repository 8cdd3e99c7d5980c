"""Files of implied volatility, gas, funding and options: units, damage, sentences."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base.errors import DataError
from hedge_env.training.calibrate.data.chains import fit_chains
from hedge_env.training.calibrate.data.history import (
    History,
    Window,
    add_funding,
    add_gas,
    add_implied,
    add_reversal,
    read_spot,
)
from tests.training.calibrate.files import HOURS, START, rows, text

RNG = np.random.default_rng(5)
IMPLIED = 0.7 * np.exp(0.02 * np.cumsum(RNG.standard_normal(HOURS // 24)))
GAS = 20.0 * np.exp(0.3 * RNG.standard_normal(HOURS))
REVERSAL = -0.04 + 0.02 * RNG.standard_normal(HOURS // 24)
RATES = np.where(RNG.random(HOURS // 8) < 0.5, 1.0, RNG.normal(2.0, 2.0, HOURS // 8))


@pytest.fixture
def history(tmp_path: Path) -> History:
    path = tmp_path / "spot.csv"
    path.write_text(text(rows()))
    return read_spot(path, Window())


def write(path: Path, hours: int, values: np.ndarray, shift: int = 0) -> Path:
    times = START + 3600 * (hours * np.arange(values.size) + shift)
    data = [(str(t), f"{v:.10g}") for t, v in zip(times, values, strict=True)]
    path.write_text(text(data, "time,value\n"))
    return path


@pytest.mark.parametrize("factor", [1.0, 100.0])
def test_implied_volatility_is_a_fraction_or_in_percent(
    history: History, tmp_path: Path, factor: float
) -> None:
    add_implied(history, write(tmp_path / "iv.csv", 24, factor * IMPLIED), Window())
    assert abs(history.values["implied volatility"] - IMPLIED[1:].mean()) < 0.01


@pytest.mark.parametrize("factor", [1e-4, 1e-2, 1.0])
def test_funding_is_a_fraction_in_percent_or_in_basis_points(
    history: History, tmp_path: Path, factor: float
) -> None:
    add_funding(history, write(tmp_path / "f.csv", 8, factor * RATES), Window())
    assert abs(history.values["funding, mean"] - RATES.mean()) < 1e-6
    assert abs(history.direct["interest_bp"] - 1.0) < 1e-6


@pytest.mark.parametrize("factor", [1.0, 100.0])
def test_risk_reversals_are_fractions_or_in_points(
    history: History, tmp_path: Path, factor: float
) -> None:
    path = write(tmp_path / "rr.csv", 24, factor * REVERSAL)
    add_reversal(history, path, Window())
    name = "30-day risk reversal, mean"
    assert abs(history.values[name] - REVERSAL[1:].mean()) < 1e-3


REVERSALS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(300), "not text"),
    "words": (text([(t, "skewed") for t, _ in rows()]).encode(), "readable value"),
    "prices": (text(rows()[::24]).encode(), "is none"),
    "unnamed columns": (
        text([(t, p, p) for t, p in rows()], "time,call,put\n").encode(),
        "no column is known as the risk reversal",
    ),
    "a month of it": (
        text([(t, "-0.05") for t, _ in rows()[: 24 * 30 : 24]]).encode(),
        "days of history",
    ),
}


@pytest.mark.parametrize("name", REVERSALS)
def test_a_damaged_file_of_risk_reversals_is_refused_in_one_sentence(
    history: History, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "rr.csv"
    path.write_bytes(REVERSALS[name][0])
    with pytest.raises(DataError) as caught:
        add_reversal(history, path, Window())
    message = str(caught.value)
    assert REVERSALS[name][1] in message
    assert "rr.csv" in message
    assert "\n" not in message


def test_a_risk_reversal_that_is_no_risk_reversal_costs_its_day(
    history: History, tmp_path: Path
) -> None:
    damaged = REVERSAL.copy()
    damaged[50] = 1e9
    add_reversal(history, write(tmp_path / "rr.csv", 24, damaged), Window())
    assert "far from their neighbours" in " ".join(history.remarks)
    assert history.values["30-day risk reversal, sd"] < 0.1


def test_settlements_at_local_times_are_shifted_and_reported(
    history: History, tmp_path: Path
) -> None:
    add_funding(history, write(tmp_path / "f.csv", 8, 1e-4 * RATES, 3), Window())
    assert "3 h after the multiples" in " ".join(history.remarks)


def test_a_gas_price_a_billion_times_too_high_is_left_out(
    history: History, tmp_path: Path
) -> None:
    damaged = GAS.copy()
    damaged[1000] *= 1e9
    add_gas(history, [write(tmp_path / "gas.csv", 1, damaged)], Window(), 1.0)
    assert "far from their neighbours" in " ".join(history.remarks)
    assert history.gas_hourly is not None
    assert np.nanmax(history.gas_hourly) == pytest.approx(
        np.delete(GAS, 1000).max(), rel=1e-6
    )


def test_series_that_do_not_meet_the_prices_are_refused(
    history: History, tmp_path: Path
) -> None:
    path = write(tmp_path / "iv.csv", 24, IMPLIED, shift=24 * 365 * 3)
    with pytest.raises(DataError, match="in common with the prices"):
        add_implied(history, path, Window())


def test_a_file_that_is_no_chain_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chain.csv"
    path.write_text(text(rows()))
    with pytest.raises(DataError, match="a chain needs the columns"):
        fit_chains([path])
    path.write_text("T,F,K,iv\n0.1,100,100,0.5\n0.1,100,110,nonsense\n")
    with pytest.raises(DataError, match="no expiry"):
        fit_chains([path])


def _ar1(n: int) -> np.ndarray:
    rng = np.random.default_rng(4)
    rates = np.zeros(n)
    for k in range(1, n):
        rates[k] = 0.9 * rates[k - 1] + rng.standard_normal()
    return np.asarray(0.125 + 0.3 * rates)


@pytest.mark.parametrize("hours", [1, 2, 4, 8])
def test_lags_of_funding_are_hours(
    history: History, tmp_path: Path, hours: int
) -> None:
    rates = _ar1(HOURS)[::hours]
    add_funding(history, write(tmp_path / "f.csv", hours, 1e-4 * rates), Window())
    centred = rates - rates.mean()
    for lag, name in ((8, "8 h"), (24, "24 h"), (168, "7 d")):
        shift = lag // hours
        by_hand = np.mean(centred[shift:] * centred[:-shift]) / np.mean(centred**2)
        value = history.values[f"autocorrelation of funding, {name}"]
        assert value == pytest.approx(by_hand, abs=1e-6)
    assert history.values["autocorrelation of funding, 8 h"] < 0.55


def test_funding_that_changes_its_spacing_is_summed_per_settlement(
    history: History, tmp_path: Path
) -> None:
    half = RATES.size // 2
    times = [8 * k for k in range(half)]
    rates = list(RATES[:half])
    for k in range(half, RATES.size):
        times += [8 * k - 4, 8 * k]
        rates += 2 * [0.5 * RATES[k]]
    data = [
        (str(START + 3600 * t), f"{1e-4 * r:.10g}")
        for t, r in zip(times, rates, strict=True)
    ]
    path = tmp_path / "f.csv"
    path.write_text(text(data, "time,value\n"))
    add_funding(history, path, Window())
    assert history.rates is not None
    np.testing.assert_allclose(history.rates[0], RATES, atol=1e-6)
    assert history.direct["settlement_hours"] == 8.0
    assert "settled every 4 and 8 h: rates summed over 8 h" in history.remarks[-1]


def test_funding_of_a_market_that_is_not_fitted_is_summed_to_its_settlements(
    history: History, tmp_path: Path
) -> None:
    rates = np.repeat(1e-4 * RATES / 8.0, 8)
    add_funding(history, write(tmp_path / "f.csv", 1, rates, 1), Window(), 8.0)
    assert history.values["funding, mean"] == pytest.approx(RATES.mean(), abs=1e-6)
    assert history.rates is not None
    np.testing.assert_allclose(history.rates[0], RATES, atol=1e-6)
    eight = write(tmp_path / "g.csv", 8, 1e-4 * RATES)
    with pytest.raises(DataError, match=r"set market\.funding\.settlement_hours to 8"):
        add_funding(history, eight, Window(), 1.0)


@pytest.mark.parametrize("add", [add_implied, add_reversal])
def test_a_value_a_week_has_no_daily_changes(
    history: History, tmp_path: Path, add: Callable[..., None]
) -> None:
    path = write(tmp_path / "w.csv", 168, IMPLIED[::7])
    with pytest.raises(DataError, match="every 168 hours; one a day is needed"):
        add(history, path, Window())


def test_gas_of_every_four_hours_has_no_hourly_statistics(
    history: History, tmp_path: Path
) -> None:
    add_gas(history, [write(tmp_path / "gas.csv", 4, GAS[::4])], Window(), 1.0)
    assert history.gas_hourly is None
    assert "gas price, median" in history.values
    assert "gas one hour later" not in history.values


def test_funding_that_never_moves_has_no_correlation(
    history: History, tmp_path: Path
) -> None:
    still = write(tmp_path / "f.csv", 8, np.full(RATES.size, 1e-4))
    add_funding(history, still, Window())
    assert history.values["funding exactly the interest"] == 1.0
    assert np.isnan(history.values["autocorrelation of funding, 8 h"])
