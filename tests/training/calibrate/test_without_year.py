"""A year that is left out: nothing of what it held can be told from the statistics."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError, DataError
from hedge_env.config.loading import load_config
from hedge_env.training.calibrate.command_line import command_line
from hedge_env.training.calibrate.data.history import (
    History,
    Window,
    add_funding,
    add_gas,
    add_implied,
    read_spot,
)
from hedge_env.training.calibrate.named_history import read_history
from hedge_env.training.cli.commands import CalibrateOptions

FIRST = int(datetime(2019, 6, 1, tzinfo=UTC).timestamp())
NEW_YEAR = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
DAYS = 500  # 214 of them in 2019
YEAR = (float(NEW_YEAR), float(datetime(2021, 1, 1, tzinfo=UTC).timestamp()))
WITHOUT = Window(without=YEAR)


def write(path: Path, hours: int, values: np.ndarray, other: float) -> Path:
    """A file whose values of 2020 are another random series of another size."""
    times = FIRST + 3600 * hours * np.arange(values.size)
    inside = times >= NEW_YEAR
    noise = np.exp(0.02 * other * np.random.default_rng(7).standard_normal(times.size))
    values = np.where(inside, values * noise, values)
    lines = [f"{t},{v:.10g}" for t, v in zip(times, values, strict=True)]
    path.write_text("time,value\n" + "\n".join(lines) + "\n")
    return path


def files(folder: Path, other: float) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    walk = 2000.0 * np.exp(0.006 * np.cumsum(rng.standard_normal(24 * DAYS)))
    implied = 0.7 * np.exp(0.02 * np.cumsum(rng.standard_normal(DAYS)))
    gas = 20.0 * np.exp(0.3 * rng.standard_normal(DAYS))
    rates = 1e-4 * np.where(rng.random(3 * DAYS) < 0.5, 1.0, rng.normal(2, 2, 3 * DAYS))
    return {
        "spot": write(folder / "spot.csv", 1, walk, other),
        "implied": write(folder / "iv.csv", 24, implied, other),
        "gas": write(folder / "gas.csv", 24, gas, other),
        "funding": write(folder / "funding.csv", 8, rates, other),
    }


def history(folder: Path, other: float, window: Window) -> History:
    paths = files(folder, other)
    found = read_spot(paths["spot"], window)
    add_implied(found, paths["implied"], window)
    add_gas(found, [paths["gas"]], window, 1.0)
    add_funding(found, paths["funding"], window)
    return found


def test_two_histories_that_differ_in_that_year_alone_are_the_same(
    tmp_path: Path,
) -> None:
    one = history(tmp_path / "one", 0.0, WITHOUT)
    other = history(tmp_path / "other", 1.0, WITHOUT)
    assert one.values.keys() == other.values.keys()
    for name, value in one.values.items():
        assert other.values[name] == pytest.approx(value, rel=1e-12, nan_ok=True), name
    assert one.direct == pytest.approx(other.direct, rel=1e-12)
    assert any("2020-01-01 to 2020-12-31 left out" in text for text in one.remarks)
    seen = history(tmp_path / "seen", 1.0, Window())
    assert seen.values["volatility"] > 1.5 * one.values["volatility"]


def test_what_is_left_is_the_rest_of_the_days(tmp_path: Path) -> None:
    left = history(tmp_path / "left", 0.0, WITHOUT)
    cut = history(tmp_path / "cut", 0.0, Window(until=YEAR[0]))
    for name in ("volatility", "kurtosis 1 h", "implied volatility"):
        assert left.values[name] == pytest.approx(cut.values[name], rel=1e-2), name
    name = "days beyond twice the gas of 30 days"
    assert left.values[name] == pytest.approx(cut.values[name], rel=1e-12)
    assert left.days["spot"] == DAYS - 1


def test_a_year_without_which_too_little_is_left_is_refused(tmp_path: Path) -> None:
    first = datetime(2019, 1, 1, tzinfo=UTC).timestamp()
    most = Window(without=(first, YEAR[0] + 200 * 86400.0))
    with pytest.raises(DataError, match=r"spot.csv: without 2019-01-01 .* 180 days"):
        read_spot(files(tmp_path, 0.0)["spot"], most)


def test_the_command_line_names_the_year_and_reads_without_it(tmp_path: Path) -> None:
    paths = files(tmp_path, 1.0)
    base = load_config("ethereum-l1")

    def options(year: int | None) -> CalibrateOptions:
        return CalibrateOptions(
            spot=paths["spot"],
            gas=(paths["gas"],),
            without_year=year,
            out=tmp_path / "fitted.yaml",
        )

    assert "--without-year 2020" in command_line(options(2020))
    assert "--without-year" not in command_line(options(None))
    found = read_history(options(2020), base)
    assert (
        found.values["volatility"]
        == read_spot(paths["spot"], WITHOUT).values["volatility"]
    )
    with pytest.raises(ConfigError, match="--without-year 99999"):
        read_history(options(99999), base)
