"""Margin account: equity, cuts, calls."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.desk.batch import HedgeBatch
from tests.hedge_env.desk.test_accounts import by_hand, components, trade
from tests.support.examples import full_config

# A long half is worth .55 and then .45 at the prices 1, 1.1, .9 of the example.
FREE = (
    "execution.fee_bp=0",
    "execution.fixed_cost_bp=0",
    "holdings.low=-1",
)
QUIET = {
    field.HALF_SPREAD: (0.0, 0.0, 0.0),
    field.GAS_COST: (0.0, 0.0, 0.0),
    field.IMPACT_LINEAR: (0.0, 0.0, 0.0),
    field.IMPACT_SQRT: (0.0, 0.0, 0.0),
    field.FUNDING_ACCRUED: (0.0, 0.0, 0.0),
}


def margin(
    collateral: float, initial: float, maintenance: float, more: str = ""
) -> str:
    numbers = f"collateral: {collateral}, initial: {initial}"
    return f"execution.margin={{{numbers}, maintenance: {maintenance}{more}}}"


def test_equity_is_collateral_and_profit_after_cost() -> None:
    batch = by_hand(margin(0.3, 0.2, 0.1))
    seen = batch.observables()
    assert seen["margin_equity"][0] == 0.3
    assert seen["margin_use"][0] == seen["margin_calls"][0] == 0.0
    record = trade(batch, 0.5)
    equity = 0.3 + 0.05 - record.cost[0]
    seen = batch.observables()
    assert seen["margin_equity"][0] == pytest.approx(equity, rel=1e-14)
    assert seen["margin_use"][0] == pytest.approx(0.1 * 0.55 / equity, rel=1e-13)


def test_a_short_whose_price_rises_is_closed_with_a_penalty() -> None:
    account = margin(0.1, 0.15, 0.1, ", penalty_bp: 200")
    batch = by_hand(*FREE, account, rows=QUIET)
    record = trade(batch, -0.6)  # equity .1 - .06 = .04 < .1 * .66
    assert components(record)["liquidation"] == pytest.approx(0.02 * 0.66, rel=1e-13)
    assert record.traded[0] == -0.6
    seen = batch.observables()
    assert seen["holdings"][0] == 0.0
    assert (seen["margin_calls"][0], seen["margin_closed"][0]) == (1.0, 0.6)
    left = 0.04 - 0.02 * 0.66
    assert seen["margin_equity"][0] == pytest.approx(left, rel=1e-12)
    assert batch.totals.turnover[0] == pytest.approx(0.6 + 0.66, rel=1e-14)
    assert batch.totals.cash[0] == pytest.approx(0.6 - 0.66 * 1.02, rel=1e-13)


def test_a_forced_sale_is_charged_like_any_other() -> None:
    batch = by_hand("holdings.low=-1", margin(0.1, 0.15, 0.1))
    paid = components(trade(batch, -0.6))
    assert paid["fee"] == pytest.approx(1e-3 * (0.6 + 0.66), rel=1e-13)
    assert paid["gas"] == pytest.approx(5e-4 + 6e-4, rel=1e-13)
    assert paid["liquidation"] == pytest.approx(0.005 * 0.66, rel=1e-13)


def test_a_position_on_the_edge_is_kept() -> None:
    batch = by_hand(*FREE, margin(0.126001, 0.2, 0.1), rows=QUIET)
    trade(batch, -0.6)  # needs .066 and has .066001
    assert batch.observables()["margin_calls"][0] == 0.0
    assert batch.observables()["margin_use"][0] == pytest.approx(0.066 / 0.066001)


@pytest.mark.parametrize(
    ("wanted", "held"),
    [(1.0, 0.5), (-1.0, -0.5), (0.4, 0.4), (0.0, 0.0)],
)
def test_orders_are_cut_to_what_the_equity_opens(wanted: float, held: float) -> None:
    batch = by_hand(*FREE, margin(0.2, 0.4, 0.01), rows=QUIET)
    assert trade(batch, wanted).traded[0] == pytest.approx(held, rel=1e-14)


def test_a_position_may_shrink_but_not_grow_beyond_its_margin() -> None:
    def after_loss(wanted: float) -> float:
        batch = by_hand(*FREE, margin(0.2, 0.25, 0.01), rows=QUIET)
        trade(batch, -0.8)  # loses .08: .12 opens 0.4364 units at 1.1
        return float(-0.8 + trade(batch, wanted).traded[0])

    assert after_loss(-0.9) == after_loss(-0.8) == -0.8
    assert after_loss(-0.6) == pytest.approx(-0.6)
    assert after_loss(1.0) == pytest.approx(0.12 / (0.25 * 1.1))


@pytest.mark.parametrize("reopen", [True, False])
def test_a_position_is_opened_again_only_if_that_is_allowed(reopen: bool) -> None:
    more = f", penalty_bp: 0, reopen: {str(reopen).lower()}"
    batch = by_hand(*FREE, margin(0.1, 0.15, 0.1, more), rows=QUIET)
    trade(batch, -0.6)
    traded = trade(batch, 0.1).traded[0]
    assert traded == (0.1 if reopen else 0.0)


def test_an_account_that_is_rich_enough_changes_no_bit() -> None:
    rich = full_config("execution.margin={collateral: 1000}")
    batches = [HedgeBatch(config, 50) for config in (rich, full_config())]
    rng = np.random.default_rng(0)
    for batch in batches:
        batch.reset(np.arange(50))
    for _ in range(40):
        target = rng.uniform(-1.0, 1.0, (50, 1))
        for batch in batches:
            batch.advance(target)
    np.testing.assert_array_equal(batches[0].totals.rows, batches[1].totals.rows)
    assert not batches[0].rows[field.MARGIN_CALLS].any()


def test_a_new_episode_starts_with_a_new_account() -> None:
    batch = HedgeBatch(full_config("execution.margin={collateral: 0.05}"), 40)
    batch.reset(np.arange(40))
    for _ in range(20):
        batch.advance(np.ones((40, 1)))
    assert batch.rows[field.MARGIN_CALLS].any()
    again = np.arange(40) < 20
    before = batch.rows.copy()
    batch.reset(np.arange(40), mask=again)
    rows = slice(field.MARGIN_EQUITY, field.MARGIN_CLOSED + 1)
    np.testing.assert_array_equal(batch.rows[rows, ~again], before[rows, ~again])
    np.testing.assert_array_equal(batch.rows[field.MARGIN_EQUITY, again], 0.05)
    assert not batch.rows[field.MARGIN_USE : field.MARGIN_CLOSED + 1, again].any()
