"""Lots and the least order: what is too small is no order, and costs nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.errors import ConfigError
from hedge_env.baselines.bands.whalley_wilmott import WhalleyWilmott
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.baselines.optimum.solvable import why_unsolvable
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.desk.orders import order_params, whole_lots
from hedge_env.evaluation.evaluate import evaluate, evaluate_on_tape
from hedge_env.feeds.tape import record_tape

FAR = "book.legs=[{kind: call, quantity: -1.0, moneyness: 5, maturity_days: 30.0}]"
SHORT = ("episode.decisions=6", "book.legs.0.maturity_days=1")
PERP = ("execution.instrument=perp", "holdings.low=-1.0")
SMALL = "execution.least_order=0.1"


def problem(*settings: str) -> EnvConfig:
    return load_config("reference", settings=[*SHORT, *settings])


def play(config: EnvConfig, targets: list[float], n: int = 3) -> HedgeBatch:
    batch = HedgeBatch(config, n)
    batch.reset(np.arange(n))
    for target in targets:
        batch.advance(np.full((n, 1), target))
    return batch


@pytest.mark.slow
def test_greeks_that_are_dust_pay_no_fixed_cost() -> None:
    config = load_config("reference", settings=[FAR])
    (table,) = evaluate([(Delta(), None)], config, n_episodes=1000)
    assert table.trades.mean() < 1.0  # 174.9 without a least order
    assert 1e4 * table.cost.mean() < 2.0  # 349.7 bp
    off = load_config(config, settings=["execution.least_order=0"])
    (table,) = evaluate([(Delta(), None)], off, n_episodes=1000)
    assert table.trades.mean() > 170.0


def test_an_order_below_the_least_is_none() -> None:
    batch = play(problem(SMALL), [0.4, 0.45, 0.35])
    assert (batch.observables()["holdings"] == 0.4).all()
    assert (batch.totals.trades == 1.0).all()
    assert (batch.rows[field.STEPS_SINCE_TRADE] == 3.0).all()
    once = play(problem(SMALL), [0.4, 0.4, 0.4])
    np.testing.assert_array_equal(batch.totals.rows, once.totals.rows)


def test_the_least_order_itself_is_one() -> None:
    batch = play(problem("execution.least_order=0.25"), [0.25, 0.5, 0.74])
    assert (batch.observables()["holdings"] == 0.5).all()


def test_orders_are_of_the_underlying_and_not_of_a_contract() -> None:
    batch = play(problem(SMALL, "book.contracts=10"), [0.4, 0.405, 0.415])
    assert (batch.observables()["holdings"] == 0.415).all()
    assert (batch.totals.trades == 2.0).all()


def test_what_is_no_order_cannot_fail() -> None:
    fails = "execution.failure={probability: 1.0}"
    gas = (
        "market.gas={median_gwei: 20, slow: {half_life_days: 1, sd: 0}, "
        "fast: {half_life_days: 1, sd: 0}}"
    )
    costly = ("execution.gas_cost_bp=3", gas, fails, SMALL)
    failed = COST_COMPONENTS.index("failed_gas")
    assert (play(problem(*costly), [0.05]).totals.cost_components[failed] == 0.0).all()
    assert (play(problem(*costly), [0.4]).totals.cost_components[failed] > 0.0).all()


@pytest.mark.parametrize(("rest", "charged"), [(0.05, False), (0.15, True)])
def test_a_rest_at_expiry_is_closed_and_dust_pays_nothing(
    rest: float, charged: bool
) -> None:
    # Two orders of at least a tenth leave a rest that no order could sell.
    batch = play(problem(SMALL), [0.9, rest] + [rest] * 4)
    batch_before = play(problem(SMALL), [0.9, rest] + [rest] * 3)
    assert (batch.observables()["holdings"] == 0.0).all()
    extra = batch.totals.cost - batch_before.totals.cost
    assert (extra > 0.0).all() if charged else (extra == 0.0).all()
    book = batch.rows[field.BOOK_VALUE]
    start = play(problem(SMALL), []).rows[field.BOOK_VALUE]
    earned = batch.totals.tracking - batch.totals.cost
    np.testing.assert_allclose(batch.totals.cash + book - start, earned, atol=1e-12)


def test_a_margin_call_closes_a_rest_without_penalty() -> None:
    account = "execution.margin={collateral: 0.0045, maintenance: 0.09, penalty_bp: 50}"
    cheap = ("execution.fee_bp=0", "execution.fixed_cost_bp=0")
    for least, pays in ((0.1, False), (0.01, True)):
        order = f"execution.least_order={least}"
        config = problem(*PERP, *cheap, account, order)
        batch = HedgeBatch(config, 400)
        batch.reset(np.arange(400))
        batch.rows[field.HOLDINGS] = -0.05  # dust or not, by the least order
        batch.totals.rows[-1] = 0.05  # its cash; nothing reads it
        batch.advance(np.full((400, 1), -0.05))
        called = batch.rows[field.MARGIN_CALLS] > 0.0
        assert 0 < called.sum() < 400
        assert (batch.observables()["holdings"][called] == 0.0).all()
        penalty = batch.totals.cost_components[COST_COMPONENTS.index("liquidation")]
        assert ((penalty[called] > 0.0) == pays).all()


def test_holdings_are_whole_lots() -> None:
    batch = play(problem("execution.lot=0.1"), [0.37, 0.38, 0.52, 0.11])
    assert batch.observables()["holdings"][0] == pytest.approx(0.2, abs=1e-15)
    bought = play(problem("execution.lot=0.1"), [0.3])
    assert bought.observables()["holdings"][0] == pytest.approx(0.3, abs=1e-15)


@given(
    st.floats(1e-3, 0.5),
    st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=20),
    st.floats(0.1, 1.0),
)
def test_lots_keep_holdings_within_the_bounds(
    lot: float, wanted: list[float], bound: float
) -> None:
    bounds = (f"holdings.low={-bound}", f"holdings.high={bound}")
    p = order_params(problem(f"execution.lot={min(lot, bound)}", *bounds))
    held = 0.0
    for target in wanted:
        goal = min(max(target, p.low), p.high)
        new = whole_lots(goal, held, p)
        assert p.low <= new <= p.high
        assert min(held, goal) - 1e-9 <= new <= max(held, goal) + 1e-9
        assert abs(new / p.lot - round(new / p.lot)) < 1e-6 or abs(new) == bound
        assert abs(goal - new) < p.lot * (1.0 + 1e-6)
        held = new


@pytest.mark.parametrize(
    "settings",
    [(SMALL,), ("execution.lot=0.05",), ("execution.lot=0.05", SMALL)],
)
def test_tuning_plays_the_same_orders_as_the_batch(settings: tuple[str, ...]) -> None:
    from hedge_env.baselines.tuning.fused_episodes import (
        can_roll_out,
        cut_tiles,
        roll_out,
    )

    config, rule = problem(*settings), WhalleyWilmott()
    assert can_roll_out(WhalleyWilmott, config)
    tape = record_tape(config, np.arange(40), seed=0, stream="validation")
    tiles = cut_tiles(WhalleyWilmott, tape, config, 10.0)
    (fast,) = roll_out([rule], tiles, config, 10.0)
    slow = evaluate_on_tape(rule, tape, config, 10.0)
    np.testing.assert_array_equal(fast.cost, slow.cost)
    np.testing.assert_array_equal(fast.trades, slow.trades)
    plain = evaluate_on_tape(rule, tape, problem(), 10.0)
    assert (plain.trades >= slow.trades).all()
    assert plain.trades.sum() > slow.trades.sum()


def test_the_optimum_knows_orders_of_any_size_only() -> None:
    assert why_unsolvable(load_config("reference")) is None
    assert why_unsolvable(problem("execution.lot=0.0001")) == (
        "its orders are in more than 2000 lots"
    )
    assert why_unsolvable(problem(SMALL)) == "its least order is felt"


@pytest.mark.parametrize("key", ["lot", "least_order"])
def test_sizes_that_leave_nothing_to_trade_are_refused(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"execution\.{key} = 2 units"):
        problem(f"execution.{key}=2")


@pytest.mark.parametrize("preset", ["cao-gbm-1m", "buehler-heston", "gamma-vega"])
def test_published_benchmarks_have_no_least_order(preset: str) -> None:
    assert load_config(preset).execution.least_order == 0.0
