"""Trades that fill later, or not at all while trading is halted."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.tape import record_tape
from tests.hedge_env.desk.test_accounts import by_hand, components, trade
from tests.support.examples import full_config

LATE = ("execution.latency_steps=1", "episode.market_steps=2", "holdings.low=-1")


def test_a_late_trade_fills_at_its_own_price_as_computed_by_hand() -> None:
    batch = by_hand(
        *LATE,
        rows={
            field.FILL_PRICE: (1.0, 1.04, 0.8),
            field.FILL_FUNDING: (0.0, 0.0004, -0.0015),
        },
    )
    first = trade(batch, 0.5)  # decided at 1, bought at 1.04, then worth 1.1
    assert first.hedge_pnl[0] == pytest.approx(0.5 * 0.06, rel=1e-13)
    paid = components(first)
    assert paid["fee"] == pytest.approx(1e-3 * 0.52, rel=1e-14)
    assert paid["spread"] == pytest.approx(2e-4 * 0.52, rel=1e-14)
    assert paid["funding"] == pytest.approx(0.5 * 0.0006, rel=1e-13)
    cash = -0.52 - first.cost[0]
    assert batch.totals.cash[0] == pytest.approx(cash, rel=1e-14)
    second = trade(batch, -0.2)  # 0.5 from 1.1 to 0.8, then -0.2 from 0.8 to 0.9
    assert second.hedge_pnl[0] == pytest.approx(-0.15 - 0.02, rel=1e-13)
    funding = 0.5 * -0.0015 - 0.2 * -0.0005
    assert components(second)["funding"] == pytest.approx(funding, rel=1e-13)
    sold, bought = 0.7 * 0.8, 0.2 * 0.9
    assert components(second)["fee"] == pytest.approx(1e-3 * (sold + bought))
    assert batch.totals.turnover[0] == pytest.approx(0.52 + sold + bought, rel=1e-14)


@pytest.mark.parametrize("basis", ["null", "{sd_bp: 30, mean_bp: 5}"])
def test_the_fill_is_the_price_that_many_market_steps_later(basis: str) -> None:
    fine = full_config(
        "episode.decisions=6",
        "episode.market_steps=1",
        "episode.decision_interval_hours=2",
        "book.legs.2.maturity_days=0.5",
        f"market.basis={basis}",
    )
    late = full_config(
        "episode.decisions=2",
        "episode.market_steps=3",
        "book.legs.2.maturity_days=0.5",
        "execution.latency_steps=2",
        f"market.basis={basis}",
    )
    ids = np.arange(5)
    every = record_tape(fine, ids, seed=0, stream="test").rows
    coarse = record_tape(late, ids, seed=0, stream="test").rows
    price = field.SPOT if basis == "null" else field.HEDGE_PRICE
    np.testing.assert_array_equal(coarse[1:, field.SPOT], every[[3, 6], field.SPOT])
    np.testing.assert_array_equal(coarse[1:, field.FILL_PRICE], every[[2, 5], price])
    settled = every[:, field.FUNDING_ACCRUED]
    np.testing.assert_allclose(
        coarse[1:, field.FILL_FUNDING],
        [settled[1] + settled[2], settled[4] + settled[5]],
        rtol=1e-12,
    )
    assert settled.any()


def test_a_latency_of_the_whole_interval_earns_what_was_held_before() -> None:
    config = full_config("execution.latency_steps=3")
    batch = HedgeBatch(config, 10)
    batch.reset(np.arange(10))
    rng = np.random.default_rng(0)
    for _ in range(10):
        held, spot = batch.rows[[field.HOLDINGS, field.SPOT]].copy()
        record = batch.advance(rng.uniform(0.0, 1.0, (10, 1)))
        move = batch.rows[field.SPOT] - spot
        np.testing.assert_array_equal(batch.rows[field.FILL_PRICE], spot + move)
        np.testing.assert_allclose(record.hedge_pnl, held * move, rtol=1e-12)


def test_targets_are_ignored_while_trading_is_halted() -> None:
    batch = by_hand("execution.halt={move: 0.1}", rows={field.HALTED: (0.0, 1.0, 0.0)})
    trade(batch, 0.5)
    assert batch.observables()["halted"][0] == 1.0
    record = trade(batch, 0.1)
    assert record.traded[0] == 0.0
    assert record.hedge_pnl[0] == pytest.approx(0.5 * -0.2, rel=1e-14)
    # What is left at the end is sold all the same.
    assert components(record)["fee"] == pytest.approx(1e-3 * 0.45, rel=1e-14)


def test_a_large_move_halts_the_next_decisions() -> None:
    config = full_config("execution.halt={move: 0.04, decisions: 3}")
    rows = record_tape(config, np.arange(200), seed=0, stream="test").rows
    spot, halted = np.log(rows[:, field.SPOT]), rows[:, field.HALTED]
    large = np.abs(np.diff(spot, axis=0)) > 0.04
    assert not halted[0].any()
    for step in range(1, 41):
        recent = large[max(0, step - 3) : step].any(axis=0)
        np.testing.assert_array_equal(halted[step], recent)
    assert 0.02 < halted.mean() < 0.8
