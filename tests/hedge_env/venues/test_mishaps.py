"""Orders that fail or are sandwiched."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.types import FloatArray
from hedge_env.desk.batch import HedgeBatch
from tests.hedge_env.desk.test_accounts import by_hand, components, trade
from tests.support.examples import full_config

FAILS = "execution.failure={probability: 0.1, congestion: 1.5}"
SANDWICH = "execution.sandwich={probability: 0.3, loss_bp: 40}"


def recorded(name: int, *settings: str, n: int = 5000) -> tuple[FloatArray, FloatArray]:
    """A row and the log gas price at every decision, shape (decisions, n)."""
    config = full_config(
        "episode.decisions=8", "book.legs.2.maturity_days=1", *settings
    )
    batch = HedgeBatch(config, n)
    batch.reset(np.arange(n))
    rows, gas = [], []
    for _ in range(8):
        rows.append(batch.rows[name].copy())
        gas.append(batch.rows[field.LOG_GAS].copy())
        batch.advance(np.zeros((n, 1)))
    return np.array(rows), np.array(gas)


def test_orders_fail_as_often_as_congestion_says() -> None:
    fails, log_gas = recorded(field.ORDER_FAILS, FAILS)
    odds = 0.1 / 0.9 * np.exp(1.5 * log_gas)
    p = odds / (1.0 + odds)
    assert set(np.unique(fails)) == {0.0, 1.0}
    for chosen in (log_gas < -0.5, log_gas > 0.5, p > 0.0):
        excess = (fails - p)[chosen].sum()
        assert abs(excess) < 4.0 * np.sqrt((p * (1.0 - p))[chosen].sum())
    assert fails[log_gas > 0.5].mean() > 2.0 * fails[log_gas < -0.5].mean()


def test_without_congestion_the_probability_is_constant() -> None:
    fails, _ = recorded(field.ORDER_FAILS, FAILS, "execution.failure.congestion=0")
    assert abs(fails.mean() - 0.1) < 4.0 * np.sqrt(0.09 / fails.size)
    # Neighbouring decisions of a path are drawn independently.
    together = (fails[1:] * fails[:-1]).mean()
    assert abs(together - 0.01) < 4.0 * np.sqrt(0.01 / fails[1:].size)


def test_sandwiches_hit_as_often_as_configured_and_apart_from_failures() -> None:
    rate, _ = recorded(field.SANDWICH_RATE, FAILS, SANDWICH)
    assert set(np.unique(rate)) == {0.0, 40.0 * 1e-4}
    hits = rate > 0.0
    assert abs(hits.mean() - 0.3) < 4.0 * np.sqrt(0.21 / hits.size)
    fails, _ = recorded(field.ORDER_FAILS, FAILS, SANDWICH)
    assert abs(np.corrcoef(hits.ravel(), fails.ravel())[0, 1]) < 4.0 / 200.0


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_certain_and_impossible_failures(probability: float) -> None:
    fails, _ = recorded(
        field.ORDER_FAILS, FAILS, f"execution.failure.probability={probability}", n=50
    )
    np.testing.assert_array_equal(fails, probability)


def test_a_failed_order_pays_its_gas_and_moves_nothing() -> None:
    fails = {field.ORDER_FAILS: (1.0, 0.0, 0.0)}
    batch = by_hand("execution.failure={probability: 0.1}", rows=fails)
    record = trade(batch, 0.5)
    paid = components(record)
    assert paid.pop("failed_gas") == 0.0005
    assert not any(paid.values())
    assert record.cost[0] == 0.0005
    assert record.traded[0] == record.hedge_pnl[0] == 0.0
    assert batch.observables()["holdings"][0] == 0.0
    assert batch.totals.trades[0] == batch.totals.turnover[0] == 0.0
    assert batch.totals.cash[0] == -0.0005
    assert trade(batch, 0.5).traded[0] == 0.5


def test_no_order_cannot_fail() -> None:
    fails = {field.ORDER_FAILS: (1.0, 1.0, 1.0)}
    batch = by_hand("execution.failure={probability: 0.1}", rows=fails)
    assert trade(batch, 0.0).cost[0] == trade(batch, 0.0).cost[0] == 0.0


def test_a_free_opening_fails_for_free() -> None:
    batch = by_hand(
        "execution.failure={probability: 0.1}",
        "execution.charge_opening=false",
        rows={field.ORDER_FAILS: (1.0, 1.0, 0.0)},
    )
    assert trade(batch, 0.5).cost[0] == 0.0
    assert trade(batch, 0.5).cost[0] == 0.0006


def test_a_sandwich_takes_its_share_of_the_value_of_every_trade() -> None:
    rate = {field.SANDWICH_RATE: (0.004, 0.0, 0.003)}
    batch = by_hand(SANDWICH, rows=rate)
    assert components(trade(batch, 0.5))["sandwich"] == pytest.approx(0.002, rel=1e-14)
    last = components(trade(batch, 0.3))["sandwich"]  # of the sale at the end alone
    assert last == pytest.approx(0.003 * 0.27, rel=1e-14)


def test_a_policy_is_charged_the_mean_loss_beforehand_but_sees_no_hit() -> None:
    batch = HedgeBatch(full_config(SANDWICH, FAILS), 1)
    batch.reset(np.zeros(1))
    seen = batch.observables()
    fee_and_spread = 4e-4 + seen["half_spread"][0]
    assert seen["proportional_cost"][0] == pytest.approx(fee_and_spread + 0.3 * 0.004)
    assert not {"order_fails", "sandwich_rate"} & set(seen)


def test_all_policies_meet_mishaps_at_the_same_times() -> None:
    batches = [HedgeBatch(full_config(FAILS, SANDWICH), 20) for _ in range(2)]
    for batch in batches:
        batch.reset(np.arange(20))
    for step in range(12):
        batches[0].advance(np.full((20, 1), 0.1 * step))
        batches[1].advance(np.zeros((20, 1)))
        for name in (field.ORDER_FAILS, field.SANDWICH_RATE):
            np.testing.assert_array_equal(*(batch.rows[name] for batch in batches))
    failed = COST_COMPONENTS.index("failed_gas")
    assert batches[0].totals.cost_components[failed].any()
    assert not batches[1].totals.cost_components[failed].any()
