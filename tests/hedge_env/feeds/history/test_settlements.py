"""Funding of any spacing is what the market settles, or refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import DataError
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.files.columns import FUNDING
from hedge_env.feeds.files.series_file import read_series
from hedge_env.feeds.history.settlements import funding_rates
from tests.hedge_env.feeds.history.examples import column, full_replay
from tests.hedge_env.feeds.history.files import HOUR, START, write_series

DAY = 24 * HOUR
_RNG = np.random.default_rng(8)
DAILY = _RNG.uniform(-3e-4, 9e-4, 16)  # constant over each day: spacing is all
ROW = "time,funding_rate"


def paid_every(hours: list[int], folder: Path, name: str = "f.csv") -> str:
    """A file of the daily rates, settled every so many hours on each day."""
    times, rates = [START], [0.0]
    for day, (rate, spacing) in enumerate(zip(DAILY, hours, strict=True)):
        for hour in range(spacing, 25, spacing):
            times.append(START + day * DAY + hour * HOUR)
            rates.append(float(rate * spacing / 24.0))
    return write_series(folder / name, times, rates, ROW)


def cost(funding: str, folder: Path, *settings: str) -> np.ndarray:
    config = full_replay(folder, f"replay.funding={funding}", *settings)
    batch = HedgeBatch(config, 3, stream="test")
    batch.reset(np.arange(3))
    for step in range(batch.n_decisions):
        batch.advance(np.full((3, 1), 0.3 + 0.05 * (step % 3)))
    assert (batch.totals.cost_components != 0.0).any()
    return np.array(batch.totals.cost)


@pytest.mark.parametrize("spacing", [1, 2, 4])
def test_the_same_rates_cost_the_same_whatever_their_spacing(
    tmp_path: Path, spacing: int
) -> None:
    usual = cost(paid_every(16 * [8], tmp_path), tmp_path)
    finer = cost(paid_every(16 * [spacing], tmp_path), tmp_path)
    np.testing.assert_allclose(finer, usual, rtol=1e-12)
    free = cost(write_series(tmp_path / "z.csv", *_zeros(), ROW), tmp_path)
    assert (np.abs(usual - free) > 1e-6).all()


def _zeros() -> tuple[list[int], list[float]]:
    return [START + 8 * HOUR * k for k in range(49)], 49 * [0.0]


def test_a_file_that_changes_from_eight_hours_to_four_costs_the_same(
    tmp_path: Path,
) -> None:
    usual = cost(paid_every(16 * [8], tmp_path), tmp_path)
    for mixed in (11 * [8] + 5 * [4], 11 * [4] + 5 * [8], 10 * [8] + 6 * [1]):
        changed = cost(paid_every(mixed, tmp_path), tmp_path)
        np.testing.assert_allclose(changed, usual, rtol=1e-12)


@pytest.mark.parametrize("mixed", [16 * [8], 8 * [8] + 8 * [4]])
def test_rates_that_are_rarer_than_the_market_s_are_refused(
    tmp_path: Path, mixed: list[int]
) -> None:
    series = read_series(paid_every(mixed, tmp_path), FUNDING)
    with pytest.raises(DataError, match=r"market\.funding\.settlement_hours to 8"):
        funding_rates(series, 4.0, 0.0)


def test_spans_that_do_not_add_up_to_a_settlement_are_refused(tmp_path: Path) -> None:
    series = read_series(paid_every(16 * [8], tmp_path), FUNDING)
    with pytest.raises(DataError, match="no part of the 12 h"):
        funding_rates(series, 12.0, 0.0)


def test_a_settlement_with_a_missing_hour_is_missing(tmp_path: Path) -> None:
    times = [START + HOUR * k for k in range(49)]
    del times[20]
    path = write_series(tmp_path / "f.csv", times, 48 * [1e-5], ROW)
    settled = funding_rates(read_series(path, FUNDING), 8.0, 0.0)
    hours = (settled.seconds - START) // HOUR
    np.testing.assert_array_equal(hours, [0, 8, 16, 32, 40, 48])
    np.testing.assert_allclose(settled.values, 8e-5, rtol=1e-12)


def test_a_missing_row_makes_no_longer_settlement(tmp_path: Path) -> None:
    times = [START + 4 * HOUR * k for k in range(25)]
    del times[9], times[10]
    path = write_series(tmp_path / "f.csv", times, 23 * [1e-4], ROW)
    settled = funding_rates(read_series(path, FUNDING), 4.0, 0.0)
    assert settled.seconds.size == 23
    eight = funding_rates(read_series(path, FUNDING), 8.0, 0.0)
    np.testing.assert_allclose(eight.values, 2e-4, rtol=1e-12)


@pytest.mark.parametrize("factor", [1.0, 1e2, 1e4])
def test_the_unit_of_hourly_rates_shows_in_eight_hours(
    tmp_path: Path, factor: float
) -> None:
    times = [START + HOUR * k for k in range(65)]
    path = write_series(tmp_path / "f.csv", times, 65 * [factor * 1.25e-5], ROW)
    settled = funding_rates(read_series(path, FUNDING), 8.0, 0.0)
    np.testing.assert_allclose(settled.values, 1e-4, rtol=1e-12)


def test_quotes_of_every_minute_are_no_settlements(tmp_path: Path) -> None:
    times = [START + 60 * k for k in range(500)]
    path = write_series(tmp_path / "f.csv", times, 500 * [1e-4], ROW)
    with pytest.raises(DataError, match="rate every 1 minutes: those are quotes"):
        funding_rates(read_series(path, FUNDING), 8.0, 0.0)


def test_a_clock_ahead_of_utc_is_seen_where_the_spacing_changes(tmp_path: Path) -> None:
    path = paid_every(8 * [8] + 8 * [4], tmp_path)
    series = read_series(path, FUNDING)
    late = replace(series, seconds=series.seconds + 3 * HOUR + 5)
    with pytest.raises(DataError, match="funding_utc_offset_hours, to 3"):
        funding_rates(late, 8.0, 0.0)
    np.testing.assert_array_equal(
        funding_rates(late, 8.0, 3.0).values, funding_rates(series, 8.0, 0.0).values
    )


def test_each_settlement_within_a_long_market_step_is_paid_at_its_own_rate(
    tmp_path: Path,
) -> None:
    long_steps = (
        "episode.decision_interval_hours=24",
        "episode.market_steps=1",
        "episode.decisions=3",
    )
    config = full_replay(tmp_path, *long_steps)
    assert config.replay is not None
    rates, prices = column(config.replay.funding), column(config.replay.spot)
    batch = HedgeBatch(config, 1, stream="test")
    batch.reset(np.array([0]))
    batch.advance(np.array([[0.3]]))
    day = 9 * 24
    owed = sum(
        rates[hour // 8] * prices[hour] / prices[day]
        for hour in (day + 8, day + 16, day + 24)
    )
    paid = batch.rows[field.FUNDING_ACCRUED, 0]
    assert paid == pytest.approx(owed, abs=1e-15)
