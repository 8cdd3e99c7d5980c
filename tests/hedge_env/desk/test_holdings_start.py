"""What is held before the first decision, and orders that move the perpetual alone."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.gym.vector_env import HedgeVectorEnv

# A trade of all the notional is a tenth of a day's volume: .02 of the log price.
SETTINGS = (
    "episode.decisions=4",
    "book.legs.0.maturity_days=1",
    "execution.instrument=perp",
    "execution.daily_volume=1000",
    "execution.permanent_impact=0.2",
    "execution.impact_on=perpetual",
    "market.basis={sd_bp: 0, half_life_hours: 1.0e+6}",
    "holdings={low: 0, high: 1, start: 0.7}",
)


def problem(*settings: str) -> EnvConfig:
    return load_config("reference", settings=[*SETTINGS, *settings])


def started(config: EnvConfig, n: int = 5) -> HedgeBatch:
    batch = HedgeBatch(config, n)
    batch.reset(np.arange(n))
    return batch


def test_an_episode_starts_with_it_and_it_is_paid() -> None:
    batch = started(problem("market.basis.mean_bp=100"))
    assert (batch.rows[field.HOLDINGS] == 0.7).all()
    np.testing.assert_allclose(batch.totals.cash, -0.7 * np.exp(0.01), rtol=1e-14)
    record = batch.advance(np.full((5, 1), 0.7))
    assert (record.traded == 0.0).all()
    assert (record.cost_components[COST_COMPONENTS.index("own_move")] == 0.0).all()


def test_an_environment_starts_with_it_too() -> None:
    env = HedgeVectorEnv(2, config=problem())
    env.reset(seed=0)
    assert (env.unwrapped.batch.rows[field.HOLDINGS] == 0.7).all()


def test_an_order_moves_the_perpetual_and_not_spot() -> None:
    moved, still = started(problem()), started(problem("execution.permanent_impact=0"))
    for batch in (moved, still):
        batch.advance(np.full((5, 1), 0.2))
    np.testing.assert_array_equal(moved.rows[field.SPOT], still.rows[field.SPOT])
    np.testing.assert_allclose(moved.rows[field.BASIS], 0.02 * -0.5, rtol=1e-4)
    np.testing.assert_allclose(still.rows[field.BASIS], 0.0, atol=1e-15)


def test_what_the_move_takes_is_a_cost_and_no_profit() -> None:
    moved, still = started(problem()), started(problem("execution.permanent_impact=0"))
    record, plain = (batch.advance(np.full((5, 1), 0.2)) for batch in (moved, still))
    cost = record.cost_components[COST_COMPONENTS.index("own_move")]
    np.testing.assert_allclose(cost, 0.2 * -np.expm1(0.02 * -0.5), rtol=1e-12)
    # But for the move the profit is that of the same price.
    np.testing.assert_allclose(record.hedge_pnl, plain.hedge_pnl, atol=3e-4)
    wealth = moved.totals.cash + 0.2 * moved.rows[field.HEDGE_PRICE]
    wealth += moved.rows[field.BOOK_VALUE]
    earned = moved.totals.hedge_pnl + moved.totals.book_pnl - moved.totals.cost
    value = started(problem()).rows[field.BOOK_VALUE]
    np.testing.assert_allclose(wealth - value, earned, atol=1e-14)


def test_funding_on_the_basis_is_paid_by_what_it_is() -> None:
    config = problem(
        "market.funding={rule: derive, premium: basis, period_hours: 8, cap_bp: null}"
    )
    batch = started(config)
    record = batch.advance(np.full((5, 1), 0.2))
    paid = record.cost_components[COST_COMPONENTS.index("funding")]
    # Four hours of eight, on the index, at a basis of 100 bp below it.
    expected = 0.2 * 0.5 * (0.02 * -0.5) * batch.rows[field.SPOT]
    np.testing.assert_allclose(paid, expected, rtol=1e-4)
    rate = batch.rows[field.FUNDING_RATE]
    np.testing.assert_allclose(rate, batch.rows[field.BASIS] / 8.0, rtol=1e-12)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["holdings.start=1.5"], r"holdings\.start = 1\.5 must be from"),
        (["market.basis=null"], r"impact_on = perpetual parts the perpetual"),
        (
            [
                "market.basis=null",
                "execution.impact_on=spot",
                "market.funding={premium: basis}",
            ],
            r"market\.funding\.premium = basis needs market\.basis",
        ),
        (
            ["execution.slicing={slices: 2}", "episode.market_steps=4"],
            "an order that fills as a whole",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(settings: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        problem(*settings)


def test_holdings_of_two_chains_have_no_start() -> None:
    with pytest.raises(ConfigError, match="on which of two chains"):
        load_config("two-chains", settings=["holdings.start=0.1"])
