"""Recorded days run through the same quotes, ledger and environments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.baselines import BASELINES
from hedge_env.baselines.optimum.solvable import why_unsolvable
from hedge_env.baselines.tuning.tune import tune
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.feeds.files.timestamps import date_text
from hedge_env.feeds.recorded import (
    count_windows,
    describe_replay,
    starting_spots,
    starting_times,
)
from hedge_env.feeds.tape import record_tape
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.market.engine import market_state
from tests.hedge_env.desk.test_accounts import imbalance
from tests.hedge_env.feeds.history.examples import (
    column,
    day_config,
    full_replay,
    two_weeks,
)
from tests.hedge_env.feeds.history.files import HOUR, START, hourly, walk, write_series
from tests.support.checkout import SHARED
from tests.support.examples import VENUES, full_config

ETHER = SHARED / "data" / "eth_usdt_1h.csv"


def test_a_constant_price_moves_no_hedge_and_leaves_the_premium(tmp_path: Path) -> None:
    spot = two_weeks(tmp_path, (24 * 14 + 1) * [1234.5])
    batch = HedgeBatch(day_config(spot), 3, stream="test")
    batch.reset(np.arange(3))
    premium = -batch.rows[field.BOOK_VALUE]
    for _ in range(6):
        np.testing.assert_array_equal(batch.rows[field.SPOT], 1.0)
        record = batch.advance(np.full((3, 1), 0.7))
        np.testing.assert_array_equal(record.hedge_pnl, 0.0)
    np.testing.assert_allclose(batch.totals.book_pnl, premium, rtol=1e-12)
    # Fee of 5 bp and 2 bp fixed, at the start and at the end.
    np.testing.assert_allclose(batch.totals.cost, 2 * (0.7 * 5e-4 + 2e-4), rtol=1e-12)


def test_a_known_path_gives_the_profit_worked_out_by_hand(tmp_path: Path) -> None:
    prices = (24 * 14 + 1) * [100.0]
    day = 24 * 6  # the 7th, the first test day; a decision every four hours
    prices[day : day + 25 : 4] = [100.0, 110.0, 99.0, 105.0, 105.0, 90.0, 120.0]
    batch = HedgeBatch(day_config(two_weeks(tmp_path, prices)), 1, stream="test")
    batch.reset(np.array([0]))
    seen, earned = [], 0.0
    for held in (0.5, 0.2, 0.0, 1.0, 1.0, 0.4):
        seen.append(float(batch.rows[field.SPOT, 0]))
        earned += float(batch.advance(np.array([[held]])).hedge_pnl[0])
    seen.append(float(batch.rows[field.SPOT, 0]))
    np.testing.assert_allclose(seen, [1.0, 1.1, 0.99, 1.05, 1.05, 0.9, 1.2], rtol=1e-14)
    by_hand = 0.5 * 0.1 - 0.2 * 0.11 + 0.0 + 0.0 - 1.0 * 0.15 + 0.4 * 0.3
    assert earned == pytest.approx(by_hand, rel=1e-12)
    assert batch.rows[field.BOOK_VALUE, 0] == pytest.approx(-0.2, rel=1e-12)


def test_a_replayed_simulation_with_constant_volatility_gives_its_numbers(
    tmp_path: Path,
) -> None:
    config = full_config(
        "market.volatility={model: constant, level: 0.7}",
        "market.jumps=null",
        "episode.market_steps=6",  # hourly
        "episode.start_hour=5",
        "risk_aversion=10",
    )
    simulated = HedgeBatch(config, 1, seed=3, stream="test")
    # Every hour of the very path: the same noise, seen at every market step.
    hourly_view = config.model_copy(
        update={
            "episode": config.episode.model_copy(
                update={
                    "decisions": 240,
                    "decision_interval_hours": 1.0,
                    "market_steps": 1,
                }
            )
        }
    )
    tape = record_tape(hourly_view, np.array([0]), seed=3, stream="test")
    prices = 1800.0 * tape.rows[:, field.SPOT, 0]
    times = hourly(241, START + 5 * HOUR)
    spot = write_series(tmp_path / "p.csv", times, [repr(float(p)) for p in prices])
    dates = ("2023-12-30", "2023-12-31", "2024-02-01")
    recorded = load_config(
        config,
        {
            "market": {"spot": 1800.0},
            "replay": {
                **dict(zip(("begin", "validation_from", "end"), dates, strict=True)),
                "test_from": "2024-01-01",
                "spot": spot,
            },
        },
    )
    simulated = HedgeBatch(
        load_config(config, {"market": {"spot": 1800.0}}), 1, seed=3, stream="test"
    )
    replayed = HedgeBatch(recorded, 1, seed=3, stream="test")
    for batch in (simulated, replayed):
        batch.reset(np.array([0]))
    rng = np.random.default_rng(0)
    for _ in range(config.episode.decisions):
        np.testing.assert_allclose(replayed.rows, simulated.rows, rtol=1e-9, atol=1e-11)
        target = rng.uniform(-1.0, 1.0, (1, 1))
        for batch in (simulated, replayed):
            batch.advance(target)
    np.testing.assert_allclose(
        replayed.totals.rows, simulated.totals.rows, rtol=1e-9, atol=1e-12
    )


# One that rates of the file are a half of, and above whose cap they are.
HALF_RATES = {"rule": "binance", "period_hours": 16.0, "cap_bp": 3.0}
DAMPED = {"rule": "deribit", "settlement_hours": 8.0}


@pytest.mark.parametrize(
    "changes",
    [
        {"surface": {"reaction": 0.4}},
        {"surface": {"reaction": 1.0}},
        {"funding": HALF_RATES},
        {"funding": DAMPED},
        {"funding": {"rule": "derive", "settlement_hours": 8.0}},
    ],
)
def test_recorded_series_are_quoted_as_they_are(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    config = load_config(full_replay(tmp_path), {"market": changes})
    assert config.replay is not None
    gas = 1e-9 * column(config.replay.gas)
    rates = column(config.replay.funding)
    implied = 0.01 * column(config.replay.implied_volatility)
    prices = column(config.replay.spot)
    day = 9 * 24  # the 10th, the first test day
    batch = HedgeBatch(config, 1, stream="test")
    batch.reset(np.array([0]))
    # At thirty days to maturity the surface stands where the index says.
    assert batch.rows[field.IMPLIED_VOLATILITY, 0] == pytest.approx(
        implied[9], rel=1e-9
    )
    for step in range(12):
        tick = day + 6 * step
        rows = batch.rows[:, 0]
        assert rows[field.SPOT] == pytest.approx(prices[tick] / prices[day], rel=1e-12)
        assert rows[field.GAS_PRICE] == pytest.approx(gas[tick], rel=1e-12)
        assert rows[field.FUNDING_RATE] == pytest.approx(rates[tick // 8], abs=1e-18)
        settled = sum(
            rates[hour // 8] * prices[hour] / prices[day]
            for hour in range(tick - 5, tick + 1)
            if hour % 8 == 0 and hour > day
        )
        assert rows[field.FUNDING_ACCRUED] == pytest.approx(settled, abs=1e-16)
        batch.advance(np.array([[0.3]]))


def test_a_daily_mean_of_gas_keeps_the_season_of_the_day(tmp_path: Path) -> None:
    spot = two_weeks(tmp_path)
    daily = hourly(24 * 15)[::24]
    gas = write_series(tmp_path / "mean.csv", daily, 15 * [25.0])
    base = full_replay(tmp_path, f"replay.spot={spot}", f"replay.gas={gas}")
    quiet = ["market.gas.return_response=0", "episode.decision_interval_hours=6"]
    config = load_config(base, settings=quiet)
    batch = HedgeBatch(config, 1, stream="test")
    batch.reset(np.array([0]))
    seen = []
    for _ in range(8):
        seen.append(float(batch.rows[field.GAS_PRICE, 0]))
        batch.advance(np.zeros((1, 1)))
    np.testing.assert_allclose(seen[:4], seen[4:], rtol=1e-9)
    assert np.mean(seen) == pytest.approx(25.0, rel=0.01)
    assert max(seen) / min(seen) > 1.5


def test_impact_follows_the_price_of_the_window(tmp_path: Path) -> None:
    config = full_replay(tmp_path)
    twice = load_config(config, settings=["market.spot=4000"])
    rows = []
    for problem in (config, twice):
        batch = HedgeBatch(problem, 2, stream="test")
        batch.reset(np.arange(2))
        rows.append(batch.rows)
    np.testing.assert_allclose(*rows, rtol=1e-12)  # the usual price does not matter
    prices = column(config.replay.spot if config.replay else None)
    size = prices[9 * 24] * config.book.contracts
    multiplier = rows[0][field.HALF_SPREAD, 0] / 1.5e-4
    expected = multiplier * size / 3e6
    assert rows[0][field.IMPACT_LINEAR, 0] == pytest.approx(expected, rel=1e-12)


def test_several_venues_follow_the_price_of_the_window(tmp_path: Path) -> None:
    config = load_config(full_replay(tmp_path), settings=VENUES)
    twice = load_config(config, settings=["market.spot=4000"])
    costs, ratios = [], []
    for problem in (config, twice):
        batch = HedgeBatch(problem, 2, stream="test")
        batch.reset(np.arange(2))
        ratios.append(batch.rows[field.NOTIONAL_RATIO].copy())
        start = batch.rows[field.BOOK_VALUE].copy()
        for _ in range(3):
            batch.advance(np.array([[0.8], [-0.4]]))
            assert imbalance(batch, start) < 1e-12
            restored = HedgeBatch(problem, 2, stream="test")
            restored.load_state_dict(batch.state_dict())
            for played in (batch, restored):
                played.advance(np.array([[-0.5], [0.1]]))
        np.testing.assert_array_equal(restored.totals.rows, batch.totals.rows)
        costs.append(batch.totals.cost_components.copy())
    np.testing.assert_allclose(*costs, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(ratios[0], 2.0 * ratios[1], rtol=1e-12)


def test_every_unit_of_currency_is_accounted_for_on_recorded_days(
    tmp_path: Path,
) -> None:
    config, n = full_replay(tmp_path), 40
    batch = HedgeBatch(config, n, seed=1)
    batch.reset(np.arange(n))
    start_value = batch.rows[field.BOOK_VALUE].copy()
    rng = np.random.default_rng(2)
    for _ in range(batch.n_decisions):
        batch.advance(rng.uniform(-1.5, 1.5, (n, 1)))
        assert imbalance(batch, start_value) < 1e-12
    charged = dict(zip(COST_COMPONENTS, batch.totals.cost_components, strict=True))
    on = ("fee", "spread", "impact", "gas", "fixed", "funding")
    for name, amounts in charged.items():
        assert (amounts != 0.0).all() == (name in on), name
        assert amounts.any() == (name in on), name


def test_modelled_parts_differ_between_visits_to_a_window(tmp_path: Path) -> None:
    modelled = [f"replay.{part}=null" for part in ("implied_volatility", "gas")]
    config = full_replay(tmp_path, *modelled)
    n = count_windows(config, "test") or 0
    batch = HedgeBatch(config, 2, stream="test")
    batch.reset(np.array([0, n]))
    batch.advance(np.zeros((2, 1)))
    first, again = batch.rows[:, 0], batch.rows[:, 1]
    assert first[field.SPOT] == again[field.SPOT]
    assert first[field.FUNDING_RATE] == again[field.FUNDING_RATE]
    assert first[field.GAS_PRICE] != again[field.GAS_PRICE]
    assert first[field.IMPLIED_VOLATILITY] != again[field.IMPLIED_VOLATILITY]


def test_what_cascades_do_to_the_price_is_in_the_record(tmp_path: Path) -> None:
    def rows(*settings: str) -> FloatArray:
        batch = HedgeBatch(full_replay(tmp_path, *settings), 3, stream="test")
        batch.reset(np.arange(3))
        seen = [batch.rows.copy()]
        for _ in range(3):
            batch.advance(np.zeros((3, 1)))
            seen.append(batch.rows.copy())
        excitation = batch.state_dict()["market.state"][market_state.EXCITATION]
        np.testing.assert_array_equal(excitation, 0.0)
        return np.array(seen)

    jumps = "market.jumps={per_year: 400, volatility_jump: 0.2"
    excited = rows(jumps + ", excitation: 0.5}")
    assert np.isfinite(excited).all()
    np.testing.assert_array_equal(excited, rows(jumps + "}"))


def test_results_do_not_depend_on_the_batch_or_on_a_tape(tmp_path: Path) -> None:
    config = full_replay(tmp_path, "risk_aversion=10")
    delta = BASELINES["delta"]()
    whole, chunked = (
        evaluate([(delta, None)], config, n_episodes=7, chunk_size=size)[0]
        for size in (7, 2)
    )
    np.testing.assert_array_equal(whole.net_loss, chunked.net_loss)
    batch = HedgeBatch(config, 3, stream="test")
    batch.reset(np.array([5, 0, 2]))
    for _ in range(batch.n_decisions):
        batch.advance(delta.target(batch.observables()))
    np.testing.assert_array_equal(batch.totals.net_loss, whole.net_loss[[5, 0, 2]])


def test_spot_starts_at_the_recorded_price_of_the_window(tmp_path: Path) -> None:
    prices = walk(24 * 14 + 1)
    config = day_config(two_weeks(tmp_path, prices))
    spots = starting_spots(config, np.array([0, 3]), seed=0, stream="test")
    np.testing.assert_array_equal(spots, [prices[24 * 6], prices[24 * 9]])
    simulated = load_config("reference")
    spots = starting_spots(simulated, np.array([0, 3]), seed=0, stream="test")
    np.testing.assert_array_equal(spots, [100.0, 100.0])


def test_a_path_starts_at_the_time_of_its_window(tmp_path: Path) -> None:
    config = day_config(two_weeks(tmp_path))
    times = starting_times(config, np.array([0, 3]), seed=0, stream="test")
    assert times is not None
    assert np.diff(times) == 3 * 86_400
    begin = describe_replay(config)["test"]["from"]
    assert date_text(int(times[0])) == begin
    simulated = load_config("reference")
    assert starting_times(simulated, np.array([0]), seed=0, stream="test") is None


def test_recorded_days_have_no_exact_optimum(tmp_path: Path) -> None:
    config = day_config(two_weeks(tmp_path))
    assert why_unsolvable(config) == "its days are recorded"


def test_rules_are_tuned_on_recorded_days(tmp_path: Path) -> None:
    config = day_config(two_weeks(tmp_path))
    tape = record_tape(config, np.arange(2), seed=0, stream="validation")
    tuned = tune(BASELINES["delta-threshold"], config, 10.0, tape)
    table = evaluate([(tuned.policy, 10.0)], config, n_episodes=8)[0]
    assert np.isfinite(table.objective).all()


def test_the_environments_replay_and_resume(tmp_path: Path) -> None:
    env = HedgeVectorEnv(
        3, config=day_config(two_weeks(tmp_path)), autoreset_mode="SameStep"
    )
    env.reset(seed=4)
    actions = np.zeros(env.action_space.shape, dtype=np.float32)
    for _ in range(8):
        env.step(actions)
    other = HedgeVectorEnv(
        3, config=day_config(two_weeks(tmp_path)), autoreset_mode="SameStep"
    )
    other.load_state_dict(env.state_dict())
    for _ in range(10):
        for mine, its in zip(
            env.step(actions)[:3], other.step(actions)[:3], strict=True
        ):
            np.testing.assert_array_equal(mine, its)


def test_the_registered_environment_runs_on_a_file(tmp_path: Path) -> None:
    prices = walk(24 * 200 + 1)
    spot = write_series(tmp_path / "p.csv", hourly(len(prices)), prices)
    env = gymnasium.make("HedgeReplay-v0", config={"replay": {"spot": spot}})
    observation, infos = env.reset(seed=0)
    assert env.observation_space.contains(observation)
    assert infos["path_id"] == 0
    _, reward, *_ = env.step(env.action_space.sample())
    assert np.isfinite(float(reward))


def test_without_a_file_the_replay_says_what_to_give() -> None:
    env = gymnasium.make("HedgeReplay-v0")
    with pytest.raises(ConfigError, match=r"--set replay.spot=prices.csv"):
        env.reset(seed=0)


@pytest.mark.skipif(not ETHER.exists(), reason=f"needs the price history {ETHER.name}")
def test_two_years_of_ether_are_replayed_and_accounted_for() -> None:
    config = load_config(
        "replay",
        settings=[
            f"replay.spot={ETHER}",
            "replay.validation_from=2022-01-01",
            "replay.test_from=2024-01-01",
        ],
    )
    days = describe_replay(config)
    assert days["prices"] == 72_584
    assert days["missing_prices"] == 128
    assert days["test"]["from"] == "2024-01-01"
    n = count_windows(config, "test") or 0
    assert n > 600
    batch = HedgeBatch(config, n, stream="test")
    batch.reset(np.arange(n))
    start_value = batch.rows[field.BOOK_VALUE].copy()
    # Sold at a premium over what is then realised, as in the data: 2024-25 was calm.
    assert 0.55 < batch.rows[field.IMPLIED_VOLATILITY].mean() < 0.85
    for _ in range(batch.n_decisions):
        batch.advance(batch.observables()["delta"][:, None].copy())
        assert imbalance(batch, start_value) < 1e-12
    gross = (batch.totals.hedge_pnl + batch.totals.book_pnl).mean()
    assert -0.02 < gross < 0.04
