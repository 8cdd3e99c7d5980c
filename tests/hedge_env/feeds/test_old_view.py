"""What whoever decides sees of a market that is some decisions old."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.tape import record_tape
from hedge_env.gym.vector_env import HedgeVectorEnv
from tests.support.examples import ADVERSE, KEPT, full_config

AGE = 2
N = 40
CLOCK = ("hour_sin", "hour_cos", "time_to_maturity", "time_fraction", "step")


def kept(*settings: str) -> EnvConfig:
    return full_config("episode.decisions=9", *KEPT, *settings)


def walk(batch: HedgeBatch, steps: int, seed: int = 1) -> list[FloatArray]:
    """Rows at each decision, random targets between them."""
    rng, rows = np.random.default_rng(seed), [batch.rows.copy()]
    for _ in range(steps):
        batch.advance(rng.uniform(-1.0, 1.0, (batch.n_paths, 1)))
        rows.append(batch.rows.copy())
    return rows


def test_prices_are_old_and_the_clock_and_the_holdings_are_not() -> None:
    batch = HedgeBatch(kept(), N)
    batch.reset(np.arange(N))
    past = [batch.rows.copy()]
    for step in range(8):
        seen, old = batch.observables(), past[max(step - AGE, 0)]
        for name in ("spot", "delta", "gamma", "fixed_cost", "implied_volatility"):
            row = old[field.FIELDS.index(name)]
            np.testing.assert_array_equal(seen[name], row, err_msg=name)
        for name in (*CLOCK, "holdings", "steps_since_trade", "keeper_away"):
            row = batch.rows[field.FIELDS.index(name)]
            np.testing.assert_array_equal(seen[name], row, err_msg=name)
        past += walk(batch, 1, seed=step)[1:]


def test_where_the_holdings_stand_follows_from_what_is_seen() -> None:
    batch = HedgeBatch(kept(), N)
    batch.reset(np.arange(N))
    walk(batch, 5)
    seen = batch.observables()
    error = seen["holdings"] - seen["delta"]
    np.testing.assert_array_equal(seen["hedge_error"], error)
    assert (seen["hedge_error"] != batch.rows[field.HEDGE_ERROR]).any()


def test_a_path_that_starts_again_forgets_what_it_saw() -> None:
    batch, fresh = HedgeBatch(kept(), N), HedgeBatch(kept(), N)
    batch.reset(np.arange(N))
    walk(batch, 5)
    fresh.reset(np.arange(N, 2 * N))
    half = np.arange(N) % 2 == 0
    before = batch.seen.copy()
    batch.reset(np.arange(N, 2 * N), mask=half)
    np.testing.assert_array_equal(batch.seen[:, half], fresh.seen[:, half])
    np.testing.assert_array_equal(batch.seen[:, ~half], before[:, ~half])
    for _ in range(4):
        held = fresh.rows[field.HOLDINGS]
        target = np.where(half, 0.5, held)[:, None]
        batch.advance(target)
        fresh.advance(target)
        np.testing.assert_array_equal(batch.seen[:, half], fresh.seen[:, half])


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_a_batch_is_resumed_with_what_it_remembers(steps: int) -> None:
    config = kept()
    batch, other = HedgeBatch(config, N), HedgeBatch(config, N)
    batch.reset(np.arange(N))
    walk(batch, steps)
    other.reset(np.arange(N))
    other.load_state_dict(batch.state_dict())
    for _ in range(3):
        np.testing.assert_array_equal(batch.seen, other.seen)
        batch.advance(np.full((N, 1), 0.3))
        other.advance(np.full((N, 1), 0.3))


def test_a_tape_shows_the_same_as_the_market() -> None:
    config = kept(*(s for s in ADVERSE if "impact" not in s and "name" not in s))
    ids = np.arange(N)
    tape = record_tape(config, ids, seed=0, stream="training")
    live, taped = HedgeBatch(config, N), HedgeBatch(config, N, market=tape.open())
    for batch in (live, taped):
        batch.reset(ids)
    for step in range(9):
        np.testing.assert_array_equal(live.seen, taped.seen)
        walk(live, 1, seed=step)
        walk(taped, 1, seed=step)


def test_without_staleness_the_rows_are_the_very_same() -> None:
    batch = HedgeBatch(kept("execution.keeper.stale_hours=0"), N)
    batch.reset(np.arange(N))
    assert batch.seen is batch.rows


def test_an_agent_observes_and_acts_on_what_is_seen() -> None:
    """In target mode an action is the holdings; in band mode it is around old delta."""
    env = HedgeVectorEnv(N, config=kept(), action_mode="band")
    observed, _ = env.reset(seed=0)
    for _ in range(4):
        expected = env.encoder.encode(env.batch.seen)
        np.testing.assert_array_equal(observed, expected)
        seen = env.batch.seen.copy()
        action = np.zeros((N, *env.decoder.shape), dtype=np.float32)
        wanted = env.decoder.decode(action, seen)[:, 0]
        away = env.batch.rows[field.KEEPER_AWAY] > 0.0
        held = env.batch.rows[field.HOLDINGS].copy()
        observed, *_ = env.step(action)
        low, high = env.config.holdings_bounds
        expected_held = np.where(away, held, np.clip(wanted, low, high))
        np.testing.assert_array_equal(env.batch.rows[field.HOLDINGS], expected_held)
