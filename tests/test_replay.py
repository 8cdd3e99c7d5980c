"""Recorded days run through the same quotes, ledger and environments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from baselines import BASELINES
from baselines.tuning import tune
from hedge_env import fields as field
from hedge_env.batch import HedgeBatch
from hedge_env.config import EnvConfig
from hedge_env.errors import ConfigError, DataError, HedgeError
from hedge_env.evaluation import evaluate
from hedge_env.loading import load_config
from hedge_env.replay import ReplayMarket, count_windows, describe_replay
from hedge_env.tape import record_tape
from hedge_env.vector_env import HedgeVectorEnv
from tests.examples import full_config
from tests.history.files import HOUR, START, hourly, walk, write_series
from tests.test_ledger import imbalance

ETHER = Path(__file__).parents[2] / "shared" / "data" / "eth_usdt_1h.csv"

# One short call over a day of six decisions; training days to the 5th, validation to
# the 7th, then test days.
DAY = (
    "episode.decisions=6",
    "book.legs.0.maturity_days=1",
    "replay.validation_from=2024-01-05",
    "replay.test_from=2024-01-07",
)


def day_config(spot: str, *settings: str) -> EnvConfig:
    """A day of the reference market on recorded prices."""
    return load_config("reference", settings=[*DAY, f"replay.spot={spot}", *settings])


def two_weeks(folder: Path, prices: Sequence[float] | None = None) -> str:
    """Two weeks of hourly prices and the price that ends them."""
    prices = walk(24 * 14 + 1) if prices is None else prices
    return write_series(folder / "prices.csv", hourly(len(prices)), prices)


@pytest.fixture
def spot(tmp_path: Path) -> str:
    return two_weeks(tmp_path)


def starts(
    config: EnvConfig, stream: str, ids: Sequence[int], *, seed: int = 0
) -> list[float]:
    """Days after START at which the windows of some paths begin."""
    market = ReplayMarket(config, len(ids), seed=seed, stream=stream)
    rows = np.zeros((field.N_FIELDS, len(ids)))
    market.start(np.array(ids), np.ones(len(ids), dtype=np.bool_), rows)
    return [float(s - START) / (24 * HOUR) for s in market.start_seconds]


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


def test_windows_stay_within_the_days_of_their_stream(spot: str) -> None:
    config = day_config(spot)
    assert sorted(starts(config, "training", range(4))) == [0, 1, 2, 3]
    assert starts(config, "validation", range(3)) == [4, 5, 4]  # then from the front
    assert starts(config, "test", range(9)) == [6, 7, 8, 9, 10, 11, 12, 13, 6]
    two_days = load_config(config, settings=["episode.decisions=12"])
    assert sorted(starts(two_days, "training", range(3))) == [0, 1, 2]
    assert starts(two_days, "validation", range(2)) == [4, 4]


def test_training_plays_every_window_once_a_round_in_an_order_of_its_own(
    spot: str,
) -> None:
    config = day_config(spot, "replay.stride_hours=1", "episode.start_hour=null")
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


def test_windows_start_at_the_hour_of_the_episode_and_know_it(spot: str) -> None:
    config = day_config(spot, "episode.start_hour=8")
    assert starts(config, "test", range(2)) == [6 + 8 / 24, 7 + 8 / 24]
    batch = HedgeBatch(config, 1, stream="test")
    batch.reset(np.array([0]))
    assert batch.rows[field.HOUR_SIN, 0] == pytest.approx(np.sin(2 * np.pi * 8 / 24))


def test_without_dates_the_last_two_fifths_are_validation_and_test(spot: str) -> None:
    none = ("replay.validation_from=null", "replay.test_from=null")
    days = describe_replay(day_config(spot, *none))
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


def full_replay(folder: Path, *settings: str) -> EnvConfig:
    """Two weeks with every series recorded, in the market with every part on."""
    spot = two_weeks(folder)
    times = hourly(24 * 14 + 1)
    rng = np.random.default_rng(5)
    volatility = write_series(
        folder / "iv.csv", times[::24], rng.uniform(40.0, 90.0, 15), "date,open"
    )
    gas = write_series(
        folder / "gas.csv", times, 1e9 * rng.uniform(5.0, 80.0, len(times)), "t,wei"
    )
    rates = rng.uniform(-1e-3, 1e-3, len(times[::8]))
    rates[::3] = 1e-4
    funding = write_series(folder / "funding.csv", times[::8], rates)
    return full_config(
        "episode.decisions=16",
        f"replay.spot={spot}",
        f"replay.implied_volatility={volatility}",
        f"replay.gas={gas}",
        f"replay.funding={funding}",
        "replay.begin=2024-01-01",
        "replay.validation_from=2024-01-06",
        "replay.test_from=2024-01-10",
        "book.legs.0.maturity_days=30",
        "book.legs.1.maturity_days=30",
        "book.legs.3.maturity_days=30",
        "episode.start_hour=0",
        *settings,
    )


def column(path: str | None) -> np.ndarray:
    """Values of a file without a header, or with one."""
    lines = Path(str(path)).read_text().splitlines()
    rows = [line.split(",") for line in lines if line[0].isdigit()]
    return np.array([float(row[1]) for row in rows])


def test_recorded_series_are_quoted_as_they_are(tmp_path: Path) -> None:
    config = full_replay(tmp_path)
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
    assert (batch.totals.cost_components != 0.0).all()


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


def test_the_volatility_estimate_finds_the_level_of_the_returns(tmp_path: Path) -> None:
    estimates = []
    for level in (0.3, 0.6, 1.2):
        prices = walk(24 * 90 + 1, volatility=level)
        spot = write_series(tmp_path / "p.csv", hourly(len(prices)), prices)
        config = load_config(
            "ethereum-l1", settings=["market.jumps=null", f"replay.spot={spot}"]
        )
        config = load_config(config, settings=["episode.decisions=24"])
        batch = HedgeBatch(config, count_windows(config, "test") or 0, stream="test")
        batch.reset(np.arange(batch.n_paths))
        estimates.append(float(batch.rows[field.TRUE_VOLATILITY].mean()))
    low, middle, high = estimates
    assert 0.3 < low < 0.45  # shrunk towards the level of the model, 0.54
    assert middle == pytest.approx(0.6, abs=0.06)
    assert 0.9 < high < 1.2


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


def test_rules_are_tuned_on_recorded_days(spot: str) -> None:
    config = day_config(spot)
    tape = record_tape(config, np.arange(2), seed=0, stream="validation")
    tuned = tune(BASELINES["delta-threshold"], config, 10.0, tape)
    table = evaluate([(tuned.policy, 10.0)], config, n_episodes=8)[0]
    assert np.isfinite(table.objective).all()


def test_the_environments_replay_and_resume(spot: str) -> None:
    env = HedgeVectorEnv(3, config=day_config(spot), autoreset_mode="SameStep")
    env.reset(seed=4)
    actions = np.zeros(env.action_space.shape, dtype=np.float32)
    for _ in range(8):
        env.step(actions)
    other = HedgeVectorEnv(3, config=day_config(spot), autoreset_mode="SameStep")
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
    spot: str, settings: list[str], sentence: str
) -> None:
    with pytest.raises(HedgeError, match=sentence):
        HedgeBatch(day_config(spot, *settings), 1, stream="test")


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
    (tmp_path / "prices.csv").write_bytes(b"\xff\xfe nothing")
    with pytest.raises(DataError, match="is not text"):
        HedgeBatch(config, 1)


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
