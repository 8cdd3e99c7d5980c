"""The simulated market behind the batch."""

from __future__ import annotations

import numpy as np

from hedge_env.base import field
from hedge_env.base.field import N_MARKET_FIELDS
from hedge_env.feeds.simulated import SimulatedMarket, quote_params
from tests.support.examples import full_config

CONFIG = full_config("episode.decisions=6", "book.legs.2.maturity_days=1")
IDS = np.arange(300)


def market() -> tuple[SimulatedMarket, np.ndarray]:
    simulated = SimulatedMarket(CONFIG, 300, seed=0, stream="test")
    rows = np.zeros((N_MARKET_FIELDS, 300))
    simulated.start(IDS, np.ones(300, dtype=np.bool_), rows)
    return simulated, rows


def test_starting_some_paths_leaves_the_rows_of_the_others_to_the_bit() -> None:
    simulated, rows = market()
    for _ in range(5):  # legs have expired, funding has been settled
        simulated.advance(rows)
    before = rows.copy()
    assert before[field.FUNDING_ACCRUED].any()
    chosen = IDS % 2 == 0
    simulated.start(IDS + 1000, chosen, rows)
    np.testing.assert_array_equal(rows[:, ~chosen], before[:, ~chosen])
    np.testing.assert_array_equal(rows[field.SPOT, chosen], 1.0)
    np.testing.assert_array_equal(rows[field.FUNDING_ACCRUED, chosen], 0.0)


def test_a_market_is_restored_bit_for_bit() -> None:
    simulated, rows = market()
    simulated.advance(rows)
    kept = simulated.state_dict()
    other, other_rows = market()
    other.load_state_dict(kept)
    for _ in range(5):
        simulated.advance(rows)
        other.advance(other_rows)
        np.testing.assert_array_equal(rows, other_rows)
    fresh, fresh_rows = market()
    fresh.load_state_dict(kept)  # unchanged by what followed
    fresh.advance(fresh_rows)
    assert fresh_rows[field.STEP, 0] == 2.0


def test_funding_is_handed_over_once() -> None:
    simulated, rows = market()
    accrued = np.zeros(300)
    for _ in range(6):
        simulated.advance(rows)
        accrued += rows[field.FUNDING_ACCRUED]
    # 36 hours hold 4 or 5 settlements, each about the premium's mean of 1 bp.
    assert 1e-4 < np.median(np.abs(accrued)) < 5e-3


def test_params_are_plain_numbers_that_kernels_are_compiled_for_once() -> None:
    q = quote_params(CONFIG)
    for params in (q.venue, q.market.price, q.market.jumps, q.market.liquidity):
        assert {type(value) for value in params} == {float}
    for factor in (q.market.gas.slow, q.market.volatility.fast, q.market.surface.skew):
        assert {type(value) for value in factor} == {float}
    assert {type(value) for value in q.market.parts} == {bool}
