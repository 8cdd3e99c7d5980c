"""Days are split by date, gaps are skipped, and nothing is known too early."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError, DataError, HedgeError
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.recorded import ReplayMarket, count_windows, describe_replay
from tests.hedge_env.feeds.history.examples import (
    DAY,
    day_config,
    full_replay,
    two_weeks,
)
from tests.hedge_env.feeds.history.files import HOUR, START, hourly, walk, write_series


def starts(
    config: EnvConfig, stream: str, ids: Sequence[int], *, seed: int = 0
) -> list[float]:
    """Days after START at which the windows of some paths begin."""
    market = ReplayMarket(config, len(ids), seed=seed, stream=stream)
    rows = np.zeros((field.N_FIELDS, len(ids)))
    market.start(np.array(ids), np.ones(len(ids), dtype=np.bool_), rows)
    return [float(s - START) / (24 * HOUR) for s in market.start_seconds]


def test_windows_stay_within_the_days_of_their_stream(tmp_path: Path) -> None:
    config = day_config(two_weeks(tmp_path))
    assert sorted(starts(config, "training", range(4))) == [0, 1, 2, 3]
    assert starts(config, "validation", range(3)) == [4, 5, 4]  # then from the front
    assert starts(config, "test", range(9)) == [6, 7, 8, 9, 10, 11, 12, 13, 6]
    two_days = load_config(config, settings=["episode.decisions=12"])
    assert sorted(starts(two_days, "training", range(3))) == [0, 1, 2]
    assert starts(two_days, "validation", range(2)) == [4, 4]


def test_training_plays_every_window_once_a_round_in_an_order_of_its_own(
    tmp_path: Path,
) -> None:
    config = day_config(
        two_weeks(tmp_path), "replay.stride_hours=1", "episode.start_hour=null"
    )
    n = count_windows(config, "training") or 0
    assert n == 24 * 3 + 1
    played = starts(config, "training", range(2 * n))
    first, second = played[:n], played[n:]
    assert sorted(first) == sorted(second) == [k / 24 for k in range(n)]
    assert first != second
    assert first != sorted(first)
    assert played == starts(config, "training", range(2 * n))
    assert played[:n] != starts(config, "training", range(n), seed=1)
    np.testing.assert_array_equal(
        starts(config, "training", [n, 3]), [second[0], first[3]]
    )


def test_windows_start_at_the_hour_of_the_episode_and_know_it(tmp_path: Path) -> None:
    config = day_config(two_weeks(tmp_path), "episode.start_hour=8")
    assert starts(config, "test", range(2)) == [6 + 8 / 24, 7 + 8 / 24]
    batch = HedgeBatch(config, 1, stream="test")
    batch.reset(np.array([0]))
    assert batch.rows[field.HOUR_SIN, 0] == pytest.approx(np.sin(2 * np.pi * 8 / 24))


def test_without_dates_the_last_two_fifths_are_validation_and_test(
    tmp_path: Path,
) -> None:
    none = ("replay.validation_from=null", "replay.test_from=null")
    days = describe_replay(day_config(two_weeks(tmp_path), *none))
    assert (days["training"]["from"], days["training"]["to"]) == (
        "2024-01-01",
        "2024-01-09",
    )
    assert (days["test"]["from"], days["test"]["to"]) == ("2024-01-12", "2024-01-15")


def test_windows_with_a_long_gap_are_skipped_and_counted(tmp_path: Path) -> None:
    times, prices = hourly(24 * 14 + 1), walk(24 * 14 + 1)
    lost = {24 * 8 + k for k in (5, 6, 7, 8)} | {24 * 10 + k for k in (1, 2, 3)}
    kept = [k for k in range(len(times)) if k not in lost]
    spot = write_series(
        tmp_path / "p.csv", [times[k] for k in kept], [prices[k] for k in kept]
    )
    config = day_config(spot)
    assert starts(config, "test", range(7)) == [6, 7, 9, 10, 11, 12, 13]
    days = describe_replay(config)
    assert days["missing_prices"] == 7
    assert (days["test"]["windows"], days["test"]["skipped"]) == (7, 1)
    # Within a short gap the last price known stands.
    batch = HedgeBatch(
        day_config(spot, "episode.market_steps=4", "episode.decisions=3"),
        1,
        stream="test",
    )
    strict = day_config(spot, "replay.longest_gap_hours=0")
    assert describe_replay(strict)["test"]["skipped"] == 2
    batch.reset(np.array([3]))
    assert np.isfinite(batch.rows).all()


def test_the_volatility_estimate_finds_the_level_of_the_returns(tmp_path: Path) -> None:
    estimates = []
    for level in (0.3, 0.6, 1.2):
        prices = walk(24 * 90 + 1, volatility=level)
        spot = write_series(tmp_path / "p.csv", hourly(len(prices)), prices)
        off = ["market.jumps=null", "market.season=null"]
        config = load_config("ethereum-l1", settings=[*off, f"replay.spot={spot}"])
        config = load_config(config, settings=["episode.decisions=24"])
        batch = HedgeBatch(config, count_windows(config, "test") or 0, stream="test")
        batch.reset(np.arange(batch.n_paths))
        estimates.append(float(batch.rows[field.TRUE_VOLATILITY].mean()))
    low, middle, high = estimates
    assert 0.3 < low < 0.45  # shrunk towards the level of the model, 0.52
    assert middle == pytest.approx(0.6, abs=0.06)
    assert 0.9 < high < 1.3


def test_the_estimate_does_not_look_ahead(tmp_path: Path) -> None:
    prices = walk(24 * 14 + 1)
    config = load_config(
        "ethereum-l1", settings=[f"replay.spot={two_weeks(tmp_path, prices)}", *DAY]
    )
    config = load_config(config, settings=["episode.start_hour=0"])
    rows = []
    for crash in (False, True):
        if crash:
            prices[24 * 6 + 1 :] = [0.5 * p for p in prices[24 * 6 + 1 :]]
            two_weeks(tmp_path, prices)
        batch = HedgeBatch(config, 1, stream="test")
        batch.reset(np.array([0]))
        rows.append(batch.rows)
    np.testing.assert_array_equal(*rows)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            ["replay.test_from=2024-01-15"],
            "no window of 1 days fits into the test days",
        ),
        (["replay.test_from=2025-01-01"], "prices: 2024-01-01 to 2024-01-15"),
        (
            ["replay.stride_hours=0.5"],
            "stride_hours = 0.5 must be a multiple of the 1 h",
        ),
        (["episode.start_hour=7.5"], "start_hour = 7.5 must be a multiple"),
        (["episode.market_steps=8"], "does not divide a market step of 0.5 h"),
    ],
)
def test_a_config_that_does_not_fit_the_history_is_refused(
    tmp_path: Path, settings: list[str], sentence: str
) -> None:
    with pytest.raises(HedgeError, match=sentence):
        HedgeBatch(day_config(two_weeks(tmp_path), *settings), 1, stream="test")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (["replay.test_from=2024-01-03"], "validation_from must be before test_from"),
        (["replay.gas=gas.csv"], "replay.gas needs market.gas"),
        (["replay.funding=funding.csv"], "replay.funding needs market.funding"),
        (["replay.implied_volatility=iv.csv"], "needs market.surface.model = ssvi"),
        (["replay.spots=prices.csv"], "did you mean spot"),
        (["replay.test_from=soon"], "replay.test_from"),
    ],
)
def test_a_wrong_replay_section_is_refused(settings: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        load_config("reference", settings=[*DAY, *settings])


def test_a_series_that_ends_too_early_leaves_no_window_and_says_so(
    tmp_path: Path,
) -> None:
    times = hourly(24 * 8)
    gas = write_series(tmp_path / "short.csv", times, len(times) * [20.0])
    config = full_replay(tmp_path, f"replay.gas={gas}")
    with pytest.raises(ConfigError, match="another series is missing"):
        HedgeBatch(config, 1, stream="test")
    HedgeBatch(config, 1, stream="training")


def test_a_changed_file_is_read_again_and_a_damaged_one_refused(tmp_path: Path) -> None:
    config = day_config(two_weeks(tmp_path))
    assert count_windows(config, "test") == 8
    two_weeks(tmp_path, walk(24 * 10 + 1))
    assert count_windows(config, "test") == 4
    (tmp_path / "prices.csv").write_bytes(b"\x00\x01\x02 nothing")
    with pytest.raises(DataError, match="is not text"):
        HedgeBatch(config, 1)
