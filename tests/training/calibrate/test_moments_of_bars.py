"""One path gives one table, however fine its candles and however late its stamps."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from hedge_env.training.calibrate.data.cleaning import clean
from hedge_env.training.calibrate.data.history import Window, add_gas, read_spot
from hedge_env.training.calibrate.data.read_table import FUNDING, SPOT, read_table

START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
HOURS = 24 * 200
WINDOW = Window()


@pytest.fixture(scope="module")
def path_of_quarters() -> tuple[np.ndarray, np.ndarray]:
    """Opens and closes of quarters of an hour whose volatility changes by the hour."""
    rng = np.random.default_rng(11)
    volatility = 0.004 * np.exp(0.8 * rng.standard_normal(HOURS))
    steps = rng.standard_normal(4 * HOURS) * np.repeat(volatility, 4) / 2.0
    close = 3000.0 * np.exp(np.cumsum(steps))
    return np.r_[3000.0, close[:-1]], close


def write(path: Path, header: str, spacing: int, *columns: np.ndarray) -> Path:
    rows = [
        ",".join(
            [str(1000 * (START + spacing * k)), *(f"{value:.6f}" for value in row)]
        )
        for k, row in enumerate(zip(*columns, strict=True))
    ]
    path.write_text("\n".join([header, *rows]))
    return path


def test_quarters_and_hours_of_one_path_give_the_same_statistics(
    tmp_path: Path, path_of_quarters: tuple[np.ndarray, np.ndarray]
) -> None:
    open_, close = path_of_quarters
    hourly_open, hourly_close = open_[::4], close[3::4]
    moves = np.abs(np.log(hourly_close / hourly_open))
    large = moves > np.quantile(moves, 0.99)
    # Gas of an hour, stamped at its start, answers to the return of that hour.
    noise = 0.05 * np.random.default_rng(2).standard_normal(HOURS)
    gas = 20.0 * np.exp(noise + np.where(large, np.log(3.0), 0.0))
    gas_file = write(tmp_path / "gas.csv", "timestamp,gas_price", 3600, gas)
    bars, prices = "timestamp,open,close", "timestamp,price"
    files = [
        write(tmp_path / "m15.csv", bars, 900, open_, close),
        write(tmp_path / "h1.csv", bars, 3600, hourly_open, hourly_close),
        write(tmp_path / "m15p.csv", prices, 900, open_),
        write(tmp_path / "h1p.csv", prices, 3600, hourly_open),
    ]
    tables = []
    for file in files:
        history = read_spot(file, WINDOW)
        add_gas(history, [gas_file], WINDOW, 1.0)
        tables.append(history.values)
        assert history.values["gas in the top 1 % of |returns|"] > 2.5
        assert history.values["gas one hour later"] == pytest.approx(1.0, abs=0.1)
    for fine, coarse in ((tables[0], tables[1]), (tables[2], tables[3])):
        assert fine.keys() == coarse.keys()
        known = {k: v for k, v in coarse.items() if np.isfinite(v)}
        # The hour that the shorter file ends in is the only difference of prices.
        close_to = 1e-12 if coarse is tables[1] else 0.05
        for name in ("volatility", "gas in the top 1 % of |returns|"):
            assert fine[name] == pytest.approx(known[name], rel=close_to)
    for name, value in tables[1].items():
        assert tables[0][name] == pytest.approx(value, rel=1e-9, nan_ok=True), name


@pytest.mark.parametrize("late", [(-5, 20), (-3, -2)])
def test_no_hour_is_lost_to_stamps_some_milliseconds_off(
    late: tuple[int, int], tmp_path: Path
) -> None:
    rng = np.random.default_rng(5)
    for kind, spacing, header in (
        (FUNDING, 28_800, "timestamp,funding_rate"),
        (SPOT, 3600, "timestamp,price"),
    ):
        n = 720
        values = 1e-4 + 1e-6 * (np.arange(n) % 50)
        stamps = 1000 * (START + spacing * np.arange(n)) + rng.integers(*late, n)
        path = tmp_path / "jitter.csv"
        rows = [f"{t},{v:.8f}" for t, v in zip(stamps, values, strict=True)]
        path.write_text("\n".join([header, *rows]))
        series = clean(read_table(path, kind), kind, least_days=0.0)
        assert not np.isnan(series.values).any()
        assert series.start * 3600 == START
        np.testing.assert_allclose(series.values, values, rtol=1e-6)
        assert "round time" in " ".join(series.remarks)
