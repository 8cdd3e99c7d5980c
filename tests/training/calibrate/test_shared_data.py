"""Recorded history reads as it is and gives the published statistics."""

import numpy as np
import pytest

from hedge_env.training.calibrate.data.chains import fit_chains
from hedge_env.training.calibrate.data.history import (
    History,
    Window,
    add_funding,
    add_gas,
    add_implied,
    read_spot,
)
from tests.training.calibrate.files import DATA

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="needs the recorded history in ../shared/data"
)


@pytest.fixture(scope="module")
def history() -> History:
    history = read_spot(DATA / "eth_usdt_1h.csv", Window(1_514_764_800.0))
    add_implied(history, DATA / "eth_dvol_daily.csv", Window())
    window = Window(1_663_200_000.0, 1_710_288_000.0)  # Merge to Dencun
    files = [DATA / "eth_gas_daily.csv", DATA / "eth_gas_hourly_2022.csv"]
    add_gas(history, files, window, 1.0)
    add_funding(history, DATA / "eth_funding_8h.csv", Window())
    return history


PUBLISHED = {
    # name: (value, tolerance)
    "volatility": (0.873, 0.01),
    "kurtosis 1 h": (30.0, 2.0),
    "autocorrelation of r^2, 1 h": (0.19, 0.01),
    "autocorrelation of r^2, 24 h": (0.07, 0.01),
    "autocorrelation of r^2, 168 h": (0.04, 0.01),
    "jumps per year": (37.0, 4.0),
    "mean size of jumps": (0.043, 0.004),
    "share of jumps down": (0.56, 0.03),
    "variance share of jumps": (0.14, 0.02),
    "return against log volatility": (-0.10, 0.01),
    "implied volatility": (0.757, 0.01),
    "daily change of log implied volatility": (0.847, 0.02),
    "half-life of log implied volatility": (60.0, 4.0),
    "spot-vol correlation, daily": (-0.26, 0.03),
    "implied less next 30 days' volatility": (0.05, 0.005),
    "gas price, median": (26.9, 0.1),
    "sd of log gas price": (0.49, 0.01),
    "change of log gas price, 1 d": (0.26, 0.01),
    "gas in the top 1 % of |returns|": (1.91, 0.1),
    "funding, mean": (1.69, 0.01),
    "funding, sd": (3.39, 0.01),
    "funding exactly the interest": (0.41, 0.01),
    "funding below zero": (0.125, 0.001),
    "funding against trailing 7-day return": (0.40, 0.01),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_statistic_is_the_published_one(history: History, name: str) -> None:
    value, tolerance = PUBLISHED[name]
    assert abs(history.values[name] - value) <= tolerance


def test_the_oddities_of_the_files_are_reported(history: History) -> None:
    remarks = " ".join(history.remarks)
    assert "newest first" in remarks
    assert "missing" in remarks
    assert "in percent" in remarks
    assert "3 h after the multiples of 8 h" in remarks
    assert history.direct["interest_bp"] == 1.0
    assert history.direct["settlement_hours"] == 8.0


def test_a_cost_in_dollars_becomes_a_gas_price() -> None:
    history = read_spot(DATA / "eth_usdt_1h.csv", Window(1_700_000_000.0))
    add_gas(history, [DATA / "base_l2_gas_hourly_2024.csv"], Window(), 1.0 / 0.3)
    dollars = history.values["gas price, median"] * 0.3
    assert 0.005 < dollars < 0.02
    assert history.direct["season"] > 0.0


@pytest.mark.parametrize(
    ("name", "slope", "curvature"),
    [
        ("btc_chain_2021-10-21_sepp.csv", 0.02, 0.053),
        ("eth_chain_2024-01-08.csv", -0.026, 0.067),
    ],
)
def test_a_chain_gives_its_smile(name: str, slope: float, curvature: float) -> None:
    smile = fit_chains([DATA / name])
    assert abs(smile.slope - slope) < 0.01
    assert abs(smile.curvature - curvature) < 0.01
    assert smile.options > 40
    assert np.isfinite(smile.wing)
