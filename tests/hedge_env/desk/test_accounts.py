"""Accounting: an example by hand, and the identity on random actions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.desk.accounts import StepRecord
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.tape import MarketTape, TapeMarket
from tests.support.examples import (
    ADVERSE,
    CHAINS,
    CONTAGION,
    FORECASTS,
    KEPT,
    LATE,
    LATE_CHAINS,
    LIQUIDATED,
    MOVING,
    ORDERED,
    POOLS,
    VENUES,
    WATCHED,
    full_config,
    stormy_config,
)

# Two decisions and the end, with numbers that can be followed by hand.
HAND = {
    field.SPOT: (1.0, 1.1, 0.9),
    field.BOOK_VALUE: (-0.05, -0.08, 0.0),
    field.HALF_SPREAD: (2e-4, 3e-4, 4e-4),
    field.GAS_COST: (5e-4, 6e-4, 7e-4),
    field.IMPACT_LINEAR: (0.01, 0.02, 0.03),
    field.IMPACT_SQRT: (0.004, 0.005, 0.006),
    field.FUNDING_ACCRUED: (0.0, 0.001, -0.002),
    field.STEP: (0.0, 1.0, 2.0),
}

USED = ("fee", "spread", "impact", "gas", "fixed", "funding")
UNUSED = {name: 0.0 for name in COST_COMPONENTS if name not in USED}


def by_hand(
    *settings: str, rows: Mapping[int, tuple[float, ...]] = MappingProxyType({})
) -> HedgeBatch:
    """One path of the example: fee 10 bp, fixed cost 3 bp, perpetual."""
    config = load_config(
        "reference",
        {
            "episode": {"decisions": 2},
            "execution": {"instrument": "perp", "fee_bp": 10.0, "fixed_cost_bp": 3.0},
        },
        settings,
    )
    present = np.zeros((3, field.N_MARKET_FIELDS, 1))
    for name, values in {**HAND, **rows}.items():
        present[:, name, 0] = values
    batch = HedgeBatch(config, 1, market=TapeMarket(MarketTape(np.zeros(1), present)))
    batch.reset(np.zeros(1))
    return batch


def components(record: StepRecord) -> dict[str, float]:
    return {
        n: c[0] for n, c in zip(COST_COMPONENTS, record.cost_components, strict=True)
    }


def trade(batch: HedgeBatch, target: float) -> StepRecord:
    return batch.advance(np.array([[target]]))


def test_a_trade_is_charged_by_component_as_computed_by_hand() -> None:
    batch = by_hand()
    record = trade(batch, 0.5)  # value 0.5
    assert components(record) == pytest.approx(
        {
            "fee": 0.0005,
            "spread": 0.0001,
            "impact": 0.01 * 0.25 + 0.004 * 0.5**1.5,
            "gas": 0.0005,
            "fixed": 0.0003,
            "funding": 0.0005,
            **UNUSED,
        },
        rel=1e-14,
    )
    assert record.cost[0] == pytest.approx(sum(components(record).values()), rel=1e-14)
    assert record.hedge_pnl[0] == pytest.approx(0.05, rel=1e-14)
    assert record.book_pnl[0] == pytest.approx(-0.03, rel=1e-14)
    assert record.tracking_increment[0] == pytest.approx(0.02, rel=1e-14)
    assert record.traded[0] == 0.5
    assert not record.done[0]


def test_the_end_is_liquidated_at_its_own_prices() -> None:
    batch = by_hand()
    trade(batch, 0.5)
    record = trade(batch, 0.3)  # sells 0.2 at 1.1, then 0.3 at 0.9
    sold, left = 0.22, 0.27
    assert components(record) == pytest.approx(
        {
            "fee": 1e-3 * (sold + left),
            "spread": 3e-4 * sold + 4e-4 * left,
            "impact": 0.02 * sold**2
            + 0.005 * sold**1.5
            + 0.03 * left**2
            + 0.006 * left**1.5,
            "gas": 6e-4 + 7e-4,
            "fixed": 6e-4,
            "funding": -0.0006,
            **UNUSED,
        },
        rel=1e-13,
    )
    assert record.hedge_pnl[0] == pytest.approx(-0.06, rel=1e-14)
    assert record.book_pnl[0] == pytest.approx(0.08, rel=1e-14)
    assert record.traded[0] == pytest.approx(-0.2, rel=1e-14)
    assert record.done[0]
    totals = batch.totals
    assert batch.rows[field.HOLDINGS, 0] == 0.0
    assert totals.trades[0] == 2.0  # decisions; the liquidation is none
    assert totals.turnover[0] == pytest.approx(0.5 + sold + left, rel=1e-14)
    assert totals.squared_increments[0] == pytest.approx(2 * 0.02**2, rel=1e-13)
    assert totals.tracking[0] == pytest.approx(0.04, rel=1e-13)
    assert totals.net_loss[0] == pytest.approx(totals.cost[0] - 0.04, rel=1e-13)
    cash = -0.5 + 0.22 + 0.27 - totals.cost[0]
    assert totals.cash[0] == pytest.approx(cash, rel=1e-13)


def test_opening_and_liquidation_can_be_free_but_for_funding() -> None:
    free = by_hand(
        "execution.charge_opening=false", "execution.charge_liquidation=false"
    )
    opening, last = trade(free, 0.5), trade(free, 0.5)
    paid = {name: 0.0 for name in COST_COMPONENTS}
    assert components(opening) == paid | {"funding": 0.0005}
    assert components(last) == paid | {"funding": -0.001}
    assert free.totals.turnover[0] == pytest.approx(0.5 + 0.45, rel=1e-14)
    assert free.totals.trades[0] == 1.0


def test_only_the_first_decision_is_the_opening() -> None:
    batch = by_hand("execution.charge_opening=false")
    assert components(trade(batch, 0.0))["fee"] == 0.0
    assert components(trade(batch, 0.5))["fee"] == pytest.approx(
        1e-3 * 0.5 * (1.1 + 0.9), rel=1e-14
    )


def test_nothing_is_charged_without_a_trade() -> None:
    batch = by_hand("execution.instrument=spot")
    for _ in range(2):
        record = trade(batch, 0.0)
        assert not record.cost_components.any()
        assert record.traded[0] == 0.0
    assert batch.totals.cash[0] == batch.totals.trades[0] == 0.0
    held = by_hand("execution.instrument=spot")
    trade(held, 0.4)
    assert held.totals.cost[0] > 0.0
    record = trade(held, 0.4)  # no trade, but the liquidation that ends it
    assert components(record)["fee"] == pytest.approx(1e-3 * 0.36, rel=1e-14)


def test_spot_holdings_carry_no_funding_and_shorts_receive_it() -> None:
    assert components(trade(by_hand("execution.instrument=spot"), 0.5))["funding"] == 0
    wide = by_hand("holdings.low=-1")
    assert components(trade(wide, -0.5))["funding"] == pytest.approx(-0.0005, rel=1e-14)


def test_steps_since_a_trade_are_counted() -> None:
    batch = HedgeBatch(load_config("reference"), 1)
    batch.reset(np.zeros(1))
    counted = []
    for target in (0.0, 0.0, 0.5, 0.5, 0.5, 0.6):
        trade(batch, target)
        counted.append(batch.observables()["steps_since_trade"][0])
    assert counted == [1.0, 2.0, 1.0, 2.0, 3.0, 1.0]


@pytest.mark.parametrize(("wanted", "held"), [(-3.0, 0.0), (1.7, 1.0), (0.4, 0.4)])
def test_holdings_are_clipped_into_their_bounds(wanted: float, held: float) -> None:
    batch = HedgeBatch(load_config("reference"), 1)
    batch.reset(np.zeros(1))
    record = trade(batch, wanted)
    assert batch.observables()["holdings"][0] == record.traded[0] == held


def imbalance(batch: HedgeBatch, start_value: FloatArray) -> float:
    """Largest violation of the identity, relative to the sums in it."""
    rows, totals = batch.rows, batch.totals
    price = rows[field.SPOT if batch.config.market.basis is None else field.HEDGE_PRICE]
    wealth = totals.cash + rows[field.HOLDINGS] * price
    wealth = wealth + rows[field.BOOK_VALUE]
    earned = totals.hedge_pnl + totals.book_pnl - totals.cost
    scale = np.abs(start_value) + np.abs(totals.cash) + np.abs(totals.hedge_pnl)
    scale = scale + np.abs(totals.book_pnl)  # all there is where a book starts at 0
    scale = np.maximum(scale, 1e-9)  # an empty book before the first trade
    return float((np.abs(wealth - start_value - earned) / scale).max())


IDENTITY = [load_config(preset) for preset in PRESETS]
IDENTITY += [
    full_config(),
    stormy_config(),
    stormy_config(
        "market.regime.volatility_half_life_days=0.7", "market.funding.fast_sd_bp=3"
    ),
    full_config("name=full-free", "execution.charge_opening=false"),
    full_config("name=full-spot", "execution.instrument=spot"),
    full_config(*ADVERSE),
    stormy_config("name=forecasts", *FORECASTS),
    # Paid until an order fills part of the way through a decision, and after it.
    full_config(*ADVERSE, "name=full-derive", "market.funding.rule=derive"),
    full_config(*ADVERSE, *KEPT),
    full_config(*ADVERSE, *KEPT, *WATCHED),
    stormy_config("name=slices-stormy", "execution.slicing={slices: 4}"),
    full_config(*VENUES),
    stormy_config(*VENUES, *LATE, "name=venues-late", "execution.split=single"),
    full_config(*VENUES, "name=venues-own", "execution.split=policy"),
    stormy_config(*VENUES, *LATE, "name=venues-own-late", "execution.split=policy"),
    full_config(*ADVERSE, *POOLS),
    full_config(*ADVERSE, *MOVING),
    full_config(*ADVERSE, *ORDERED),
    stormy_config(*ADVERSE, *CONTAGION),
    full_config(*ADVERSE, *LIQUIDATED),
    full_config(*CHAINS),
    stormy_config(*LATE_CHAINS, "execution.charge_opening=true"),
]


@pytest.mark.parametrize("config", IDENTITY, ids=lambda config: config.name)
def test_every_unit_of_currency_is_accounted_for_at_every_step(
    config: EnvConfig,
) -> None:
    n = 300
    batch = HedgeBatch(config, n, seed=1)
    batch.reset(np.arange(n))
    start_value = batch.rows[field.BOOK_VALUE].copy()
    rng = np.random.default_rng(2)
    recorded = np.zeros((3, n))
    for _ in range(config.episode.decisions):
        target = rng.uniform(-1.5, 1.5, n)
        held = batch.rows[field.HOLDINGS]
        target = np.where(rng.random(n) < 0.3, held, target)[:, None]
        if config.execution.rollup is not None:
            there = rng.uniform(-0.5, 0.5, (n, 1))
            target = np.concatenate([target, there], axis=1)
        if config.book.recentring_keys:  # a range is moved now and then
            order = rng.uniform(-1.0, 0.4, (n, 1))
            target = np.concatenate([target, order], axis=1)
        if config.execution.n_shares > 0:  # now and then none for any venue
            shares = rng.uniform(-0.5, 1.0, (n, config.execution.n_shares))
            target = np.concatenate([target, np.maximum(shares, 0.0)], axis=1)
        record = batch.advance(target)
        recorded += [record.cost, record.hedge_pnl, record.book_pnl]
        assert imbalance(batch, start_value) < 1e-12
    assert (batch.rows[field.HOLDINGS] == 0.0).all()
    totals = batch.totals
    sums = (totals.cost, totals.hedge_pnl, totals.book_pnl)
    for total, summed in zip(sums, recorded, strict=True):
        np.testing.assert_allclose(total, summed, rtol=1e-12, atol=1e-15)
    # What is left at the end is cash and the book's payoffs.
    book_change = batch.rows[field.BOOK_VALUE] - start_value
    np.testing.assert_allclose(totals.book_pnl, book_change, rtol=1e-11, atol=1e-14)
