"""Recorded markets replay to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base.field import CERTAIN_ROWS, FIELDS, N_MARKET_FIELDS
from hedge_env.book.margin_scenarios import N_BOOK_ROWS, N_SCENARIOS
from hedge_env.book.series import count_listed
from hedge_env.config import EnvConfig
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.tape import TapeMarket, record_tape, record_tapes
from tests.support.examples import full_config

FULL = full_config("episode.decisions=6", "book.legs.2.maturity_days=1")


def kept_rows(config: EnvConfig) -> int:
    """Rows of a tape: those of every market, those switched on, listed options."""
    execution, market, n_quoted = config.execution, config.market, count_listed(config)
    if getattr(execution.margin, "model", None) == "portfolio":
        return N_MARKET_FIELDS + N_BOOK_ROWS + (4 + N_SCENARIOS) * n_quoted
    if n_quoted:
        return N_MARKET_FIELDS + 4 * n_quoted
    optional = {
        "basis": market.basis,
        "halted": execution.halt,
        "fill_funding": execution.fills_late or None,
        "order_fails": execution.failure,
        "sandwich_rate": execution.sandwich,
        "venue_luck": execution.venues or None,
        "keeper_cost": execution.keeper,
        "rollup_fails": execution.rollup,
        "gas_forecast": market.forecasts,
        "recentring_cost": config.book.recentred_by_policy,
    }
    last = [FIELDS.index(name) for name, part in optional.items() if part is not None]
    return max([CERTAIN_ROWS[-1].number, *last]) + 1


@pytest.mark.parametrize("preset", [*PRESETS, "full"])
def test_a_tape_gives_the_same_episodes_as_the_simulation(preset: str) -> None:
    settings = ["episode.decisions=12", "risk_aversion=10"]
    config = full_config(*settings) if preset == "full" else None
    config = config or load_config(preset, settings=settings)
    ids = np.array([3, 1, 4, 1, 5, 9, 2, 6])
    tape = record_tape(config, ids, seed=7, stream="validation")
    assert tape.n_paths == 8
    # A market that answers to what is held is simulated again each time.
    n_decisions = 13 if tape.live is None else 0
    assert (tape.live is not None) == (preset in ("cascade", "perp-liquidation"))
    assert tape.rows.shape == (n_decisions, kept_rows(config), 8)
    replay = HedgeBatch(config, 8, market=tape.open())
    live = HedgeBatch(config, 8, seed=7, stream="validation")
    rng = np.random.default_rng(0)
    for _ in range(2):  # a tape can be rewound
        for batch in (replay, live):
            batch.reset(ids)
        for _ in range(12):
            np.testing.assert_array_equal(replay.rows, live.rows)
            target = rng.uniform(-1.0, 1.0, (8, config.n_instruments))
            for x, y in zip(replay.advance(target), live.advance(target), strict=True):
                np.testing.assert_array_equal(x, y)
        np.testing.assert_array_equal(replay.rows, live.rows)
        np.testing.assert_array_equal(replay.totals.rows, live.totals.rows)


def test_long_tapes_are_recorded_in_chunks_that_do_not_show() -> None:
    config = load_config("reference", settings=["episode.decisions=2"])
    whole = record_tape(config, np.arange(5000), seed=0, stream="test")
    late = record_tape(config, np.arange(4000, 4200), seed=0, stream="test")
    np.testing.assert_array_equal(whole.rows[..., 4000:4200], late.rows)


def test_a_tape_starts_all_of_its_own_paths_or_none() -> None:
    tape = record_tape(FULL, np.arange(4), seed=0, stream="test")
    batch = HedgeBatch(FULL, 4, market=TapeMarket(tape))
    with pytest.raises(ValueError, match="all together"):
        batch.reset(np.arange(4) + 1)
    with pytest.raises(ValueError, match="all together"):
        batch.reset(np.arange(4), mask=np.array([True, False, True, True]))


def test_a_replay_resumes_where_it_was_and_stays_at_its_end() -> None:
    tape, ids = record_tape(FULL, np.arange(4), seed=0, stream="test"), np.arange(4)
    one = HedgeBatch(FULL, 4, market=TapeMarket(tape))
    one.reset(ids)
    one.advance(np.full((4, 1), 0.3))
    other = HedgeBatch(FULL, 4, market=TapeMarket(tape))
    other.load_state_dict(one.state_dict())
    for _ in range(7):
        for batch in (one, other):
            batch.advance(np.full((4, 1), -0.1))
        np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_array_equal(one.rows[: tape.rows.shape[1]], tape.rows[-1])


def test_several_batches_replay_one_tape_without_disturbing_each_other() -> None:
    tape = record_tape(FULL, np.arange(4), seed=0, stream="test")
    before = tape.rows.copy()
    batches = [HedgeBatch(FULL, 4, market=TapeMarket(tape)) for _ in range(2)]
    batches[0].reset(np.arange(4))
    batches[0].advance(np.ones((4, 1)))
    batches[1].reset(np.arange(4))
    batches[0].advance(np.zeros((4, 1)))
    np.testing.assert_array_equal(batches[1].step, 0)
    np.testing.assert_array_equal(tape.rows, before)


def test_tapes_of_a_few_paths_are_the_tape_of_all() -> None:
    whole = record_tape(FULL, np.arange(7), seed=2, stream="test")
    parts = list(record_tapes(FULL, 7, 3, seed=2, stream="test"))
    assert [part.n_paths for part in parts] == [3, 3, 1]
    joined = np.concatenate([part.rows for part in parts], axis=2)
    np.testing.assert_array_equal(joined, whole.rows)
    assert list(record_tapes(FULL, 0, 3)) == []
