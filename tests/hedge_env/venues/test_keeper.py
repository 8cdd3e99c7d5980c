"""Who sends the transactions: when a keeper runs, and what it takes."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.simulated import quote_params
from hedge_env.feeds.tape import record_tape
from hedge_env.venues.keeper import NO_KEEPER, mean_tip
from tests.hedge_env.desk.test_accounts import by_hand, components, trade
from tests.support.examples import full_config

EVERY = "execution.keeper={interval_hours: 6}"  # the decision interval
SECOND = "execution.keeper={interval_hours: 12}"
DEAR = "execution.keeper={interval_hours: 6, gas_premium: 0.3, tip: 0.8, rivals: 2}"
MISSES = "execution.keeper={interval_hours: 6, missed: 0.2, congestion: 1.5}"


def started(*settings: str, n: int = 200) -> HedgeBatch:
    batch = HedgeBatch(full_config("episode.decisions=8", *settings), n, seed=3)
    batch.reset(np.arange(n))
    return batch


def played(batch: HedgeBatch) -> FloatArray:
    """Holdings after each of 8 random targets, shape (8, n)."""
    rng, held = np.random.default_rng(1), []
    for _ in range(8):
        batch.advance(rng.uniform(-1.0, 1.0, (batch.n_paths, 1)))
        held.append(batch.rows[field.HOLDINGS].copy())
    return np.array(held)


def test_nothing_is_traded_between_two_runs() -> None:
    held = played(started(SECOND))[:-1]  # the last are liquidated
    assert (held[1::2] == held[:-1:2]).all()
    assert (held[2::2] != held[1:-1:2]).any(axis=1).all()


def test_a_keeper_that_always_runs_for_nothing_is_no_keeper() -> None:
    plain, kept = started(), started(EVERY)
    np.testing.assert_array_equal(played(plain), played(kept))
    np.testing.assert_array_equal(plain.totals.rows, kept.totals.rows)


def test_runs_are_missed_as_often_as_congestion_says() -> None:
    batch, away, log_gas = started(MISSES, n=20_000), [], []
    for _ in range(8):
        away.append(batch.rows[field.KEEPER_AWAY].copy())
        log_gas.append(batch.rows[field.LOG_GAS].copy())
        batch.advance(np.zeros((batch.n_paths, 1)))
    missed, gas = np.array(away), np.array(log_gas)
    odds = 0.2 / 0.8 * np.exp(1.5 * gas)
    p = odds / (1.0 + odds)
    for chosen in (gas < -0.5, gas > 0.5, p > 0.0):
        excess = (missed - p)[chosen].sum()
        assert abs(excess) < 4.0 * np.sqrt((p * (1.0 - p))[chosen].sum())
    # Neighbouring decisions of a path are drawn independently.
    together = ((missed - p)[1:] * (missed - p)[:-1]).mean()
    assert abs(together) < 4.0 * 0.25 / np.sqrt(missed[1:].size)


@pytest.mark.parametrize(("missed", "share"), [(0.0, 0.0), (1.0, 1.0)])
def test_a_keeper_may_never_miss_and_always(missed: float, share: float) -> None:
    settings = f"execution.keeper={{interval_hours: 6, missed: {missed}}}"
    assert started(settings).rows[field.KEEPER_AWAY].mean() == share


def test_a_transaction_costs_premium_and_tip_beside_its_gas() -> None:
    """By hand: 30 % of the gas, and of .8 what two rivals of three bid."""
    batch = started(DEAR)
    gas, log_gas = batch.rows[field.GAS_COST].copy(), batch.rows[field.LOG_GAS].copy()
    expected = gas * (0.3 + 0.8 * 2.0 * np.exp(log_gas) / (1.0 + 2.0 * np.exp(log_gas)))
    record = batch.advance(np.full((batch.n_paths, 1), 0.5))
    charged = dict(zip(COST_COMPONENTS, record.cost_components, strict=True))
    np.testing.assert_allclose(charged["keeper"], expected, rtol=1e-12)
    np.testing.assert_allclose(charged["gas"], gas, rtol=1e-15)
    held = batch.rows[field.HOLDINGS][:, None].copy()
    assert (
        not batch.advance(held).cost_components[COST_COMPONENTS.index("keeper")].any()
    )


def test_liquidation_is_a_transaction_of_the_keeper_too() -> None:
    batch = by_hand(
        "execution.keeper={interval_hours: 4}",
        rows={field.KEEPER_COST: (1e-4, 2e-4, 4e-4)},
    )
    assert components(trade(batch, 0.5))["keeper"] == 1e-4
    assert components(trade(batch, 0.3))["keeper"] == pytest.approx(6e-4, rel=1e-14)


def test_policies_reckon_with_what_the_keeper_takes() -> None:
    batch = started(DEAR, "execution.fixed_cost_bp=3", n=50)
    for _ in range(3):
        rows = batch.rows
        whole = 3e-4 + rows[field.GAS_COST] + rows[field.KEEPER_COST]
        np.testing.assert_allclose(rows[field.FIXED_COST], whole, rtol=1e-14)
        batch.advance(np.zeros((50, 1)))


def test_without_gas_there_is_nothing_to_take_a_share_of() -> None:
    batch = by_hand(DEAR.replace("6", "4"))
    config = batch.config
    live = HedgeBatch(config, 4)
    live.reset(np.arange(4))
    for _ in range(2):
        assert not live.rows[field.KEEPER_COST].any()
        np.testing.assert_allclose(live.rows[field.FIXED_COST], 3e-4, rtol=1e-14)
        live.advance(np.zeros((4, 1)))


def test_the_tip_is_the_best_answer_to_others_who_bid_the_same_share() -> None:
    tips = np.linspace(0.0, 1.0, 100_001)
    for rivals in (1.0, 2.0, 5.0):
        gain = (1.0 - tips) * np.minimum(tips * (rivals + 1.0) / rivals, 1.0) ** rivals
        p = NO_KEEPER._replace(tip=1.0, rivals=rivals)
        best = tips[np.argmax(gain)]
        assert best == pytest.approx(rivals / (1.0 + rivals), abs=2e-5)
        assert mean_tip(1.0, p) == pytest.approx(best, abs=2e-5)


def test_the_mean_tip_is_that_of_a_log_normal_gas_price() -> None:
    p = NO_KEEPER._replace(tip=0.7, rivals=0.5, congestion=2.0)
    x = 0.9 * np.random.default_rng(0).standard_normal(2_000_000)
    rivals = 0.5 * np.exp(2.0 * x)
    tips, gas = 0.7 * rivals / (1.0 + rivals), np.exp(x)
    weights = gas / gas.mean()
    error = (weights * tips).std() / np.sqrt(x.size)
    expected = mean_tip(np.exp(0.5 * 0.81), p)
    assert (weights * tips).mean() == pytest.approx(expected, abs=4.0 * error)


def test_the_mean_cost_is_what_transactions_cost_in_the_long_run() -> None:
    config = load_config("keeper-vault")
    rows = record_tape(config, np.arange(2000), seed=0, stream="test").rows
    mean = quote_params(config).conditions.keeper.mean_cost
    # Of whole days. The tip is of a log-normal gas price: within 5 % of that with
    # bursts and season, and 2000 paths of a month say 1 % of it.
    cost = rows[:-1, field.KEEPER_COST]
    assert cost.mean() == pytest.approx(mean, rel=0.06)
    whole = quote_params(config).venue.mean_fixed_cost + mean
    assert (rows[:, field.MEAN_FIXED_COST] == whole).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            ("execution.keeper={interval_hours: 7}",),
            "interval_hours = 7 must be",
        ),
        (
            ("execution.keeper={interval_hours: 3}",),
            "interval_hours = 3 must be",
        ),
        (
            ("execution.keeper={interval_hours: 6, stale_hours: 5}",),
            "stale_hours = 5 must be a multiple of episode.decision_interval_hours = 6",
        ),
        (
            ("execution.keeper={interval_hours: 6, stale_hours: 240}",),
            "stale_hours = 240 must be shorter than the episode",
        ),
        ((EVERY, "execution.option={}"), "execution.keeper trades no options"),
    ],
)
def test_a_keeper_that_cannot_be_played_is_refused(
    settings: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        full_config(*settings)
