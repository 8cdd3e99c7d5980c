from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hedge_env.agent.observations import default_features
from hedge_env.base.field import N_MARKET_FIELDS, TRUE_VOLATILITY
from hedge_env.config import EnvConfig, VolatilitySeasonConfig
from hedge_env.config.loading import load_config
from hedge_env.feeds.open import open_market
from hedge_env.market.engine.parameters import market_params
from hedge_env.market.volatility.season import SeasonParams, apply_season, season_params
from tests.hedge_env.feeds.history.examples import day_config
from tests.hedge_env.feeds.history.files import hourly, walk, write_series
from tests.hedge_env.market.drive import decisions

SEASON = {"daily_amplitude": 0.4, "peak_hour": 15.0, "weekend": 0.8}
STILL_GAS = {
    "median_gwei": 20.0,
    "slow": {"half_life_days": 1.0, "sd": 0.0},
    "fast": {"half_life_days": 1.0, "sd": 0.0},
}


def factors(p: SeasonParams, weekday: float, hour: float, n: int) -> np.ndarray:
    """Factor of each of the first `n` steps of an episode."""
    out, hours = np.ones(n), 24.0 * p.step_days
    start = (np.full(n, weekday), np.full(n, hour))
    apply_season(out, *start, np.arange(n) - 1, hours, p)
    return out


def market(season: dict[str, Any] | None, **episode: Any) -> EnvConfig:
    """The reference market, an hour a decision, from Monday's midnight."""
    week = {"decision_interval_hours": 1.0, "start_hour": 0.0, "start_weekday": 0}
    return load_config(
        "reference", {"market": {"season": season}, "episode": week | episode}
    )


@pytest.mark.parametrize("hours", [0.5, 1.0, 4.0, 7.0, 24.0, 56.0])
@pytest.mark.parametrize(("weekday", "hour"), [(0.0, 0.0), (4.0, 13.5), (6.0, 23.0)])
def test_mean_variance_over_a_week_is_one_for_steps_of_any_length(
    hours: float, weekday: float, hour: float
) -> None:
    p = season_params(VolatilitySeasonConfig(**SEASON), hours)
    n = round(168.0 / hours)
    squares = factors(p, weekday, hour, 2 * n) ** 2
    assert squares[:n].mean() == pytest.approx(1.0, rel=1e-13)
    np.testing.assert_allclose(squares[n:], squares[:n], rtol=1e-10)


def test_hours_and_days_have_the_ratios_asked_for() -> None:
    p = season_params(VolatilitySeasonConfig(**SEASON), 0.01)
    week = factors(p, 0.0, 0.0, 16_800).reshape(7, 2400)
    np.testing.assert_allclose(week[:5], np.tile(week[0], (5, 1)), rtol=1e-9)
    np.testing.assert_allclose(week[5:] / week[0], 0.8, rtol=1e-9)
    variance = week[0] ** 2 / (week[0] ** 2).mean()
    hour = 0.005 + 0.01 * np.arange(2400)
    expected = 1.0 + 0.4 * np.cos(2 * np.pi * (hour - 15.0) / 24.0)
    np.testing.assert_allclose(variance, expected, rtol=1e-5)


def test_volatility_of_each_step_is_that_of_its_hour_and_day() -> None:
    config = market(SEASON, decisions=200)
    p = season_params(config.market.season, 1.0)
    rows = list(decisions(config, 2))
    seen = np.array([row["true_volatility"] for row in rows])
    expected = 0.8 * factors(p, 0.0, 0.0, 201)
    np.testing.assert_allclose(seen, np.tile(expected[:, None], 2), rtol=1e-12)
    # Only the diffusion breathes: the same noise, scaled.
    plain = list(decisions(market(None, decisions=200), 2))
    spots = [np.log([r["spot"] for r in path]) for path in (rows, plain)]
    moves = [np.diff(path, axis=0) for path in spots]
    drift = 0.5 / 8760.0 * seen[:-1] ** 2
    scaled = (moves[1] + 0.5 / 8760.0 * 0.64) * seen[:-1] / 0.8
    np.testing.assert_allclose(moves[0], scaled - drift, atol=1e-14)


def test_a_season_without_amplitude_changes_no_bit() -> None:
    flat = market({"daily_amplitude": 0.0, "weekend": 1.0}, decisions=5)
    for a, b in zip(
        decisions(flat, 3), decisions(market(None, decisions=5), 3), strict=True
    ):
        for name, values in a.items():
            np.testing.assert_array_equal(values, b[name])


def test_realised_variance_of_whole_weeks_does_not_depend_on_the_season() -> None:
    config, n = market(SEASON, decisions=336, start_weekday=None), 500
    log_spot = np.log([rows["spot"] for rows in decisions(config, n)])
    variance = (np.diff(log_spot, axis=0) ** 2).sum(axis=0) * 365.0 / 14.0
    error = variance.std() / np.sqrt(n)
    assert abs(variance.mean() - 0.64) < 4 * error


@pytest.mark.parametrize("start_hour", [None, 8.0])
def test_the_start_weekday_is_fixed_or_uniform_and_disturbs_nothing_else(
    start_hour: float | None,
) -> None:
    season, n = {"weekend": 0.5}, 7000
    drawn = market(season, start_hour=start_hour, start_weekday=None, decisions=1)
    seen = next(decisions(drawn, n))
    p = season_params(drawn.market.season, 1.0)
    quiet = np.isclose(seen["true_volatility"], 0.8 * np.sqrt(p.weekend))
    assert abs(quiet.mean() - 2 / 7) < 4 * np.sqrt(10 / 49 / n)
    monday = market(season, start_hour=start_hour, start_weekday=0, decisions=1)
    fixed = next(decisions(monday, n))
    np.testing.assert_array_equal(fixed["hour_sin"], seen["hour_sin"])
    if start_hour is None:  # independent of the hour
        r = np.corrcoef(quiet, seen["hour_sin"])[0, 1]
        assert abs(r) < 4 / np.sqrt(n)


def test_gas_is_cheaper_at_weekends_and_keeps_its_median() -> None:
    gas = {**STILL_GAS, "weekend": 0.65}
    config = load_config(
        "reference",
        {
            "market": {"gas": gas},
            "episode": {"start_weekday": 4, "start_hour": 20.0, "decisions": 42},
            "execution": {"gas_units": 1e5, "fixed_cost_bp": 0.0},
        },
    )
    rows = list(decisions(config, 2))
    log_gas = np.array([row["log_gas"][0] for row in rows[:-1]])
    hours = 4 * 24 + 20 + 4 * np.arange(42)
    weekend = hours // 24 % 7 >= 5
    jump = np.log(0.65)
    expected = np.where(weekend, jump * 5 / 7, -jump * 2 / 7)
    np.testing.assert_allclose(log_gas, expected, atol=1e-14)
    assert abs(log_gas.mean()) < 1e-14
    price = np.mean([row["gas_price"][0] for row in rows[:-1]])
    mean = rows[0]["mean_fixed_cost"][0] / 1e5 / 1e-9
    assert mean == pytest.approx(price, rel=1e-12)


def test_recorded_days_have_the_season_of_their_own_weekday(tmp_path: Path) -> None:
    # 7 January 2024, the first test day, is a Sunday.
    times, prices = hourly(24 * 14 + 1), walk(24 * 14 + 1)
    spot = write_series(tmp_path / "p.csv", times, prices)
    plain = day_config(spot)
    season = load_config(plain, {"market": {"season": {"weekend": 0.5}}})
    seen = []
    for config in (plain, season):
        replayed = open_market(config, 2, seed=0, stream="test")
        rows = np.zeros((N_MARKET_FIELDS, 2))
        replayed.start(np.arange(2), np.ones(2, dtype=np.bool_), rows)
        for _ in range(6):
            seen.append(rows[TRUE_VOLATILITY].copy())
            replayed.advance(rows)
    p = market_params(season).season
    ratio = np.array(seen[6:]) / np.array(seen[:6])
    expected = np.sqrt([p.weekend, p.weekday])
    np.testing.assert_allclose(ratio, np.tile(expected, (6, 1)), rtol=1e-12)


def test_a_policy_sees_the_hour_where_volatility_has_a_season() -> None:
    assert "hour_sin" in default_features(market(SEASON))
    assert "hour_sin" not in default_features(market(None))
