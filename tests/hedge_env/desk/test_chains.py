"""Two chains: where an order fills, what it costs there, what treasuries can do."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from tests.support.examples import CHAINS, LATE_CHAINS, full_config, stormy_config

BRIDGE = COST_COMPONENTS.index("bridge")
PLAIN = ("episode.decisions=30", "execution.fixed_cost_bp=0", "execution.fee_bp=10")


def chains(rollup: str = "", *settings: str) -> HedgeBatch:
    """One path of the reference market with a rollup that costs a tenth as much."""
    given = f"execution.rollup={{fee_bp: 1{rollup}}}"
    config = load_config("reference", settings=[*PLAIN, given, *settings])
    batch = HedgeBatch(config, 1, seed=3)
    batch.reset(np.zeros(1))
    return batch


def ask(batch: HedgeBatch, total: float, there: float) -> dict[str, float]:
    """Costs of one decision that asks for holdings in all and on the rollup."""
    record = batch.advance(np.array([[total, there]]))
    costs = zip(COST_COMPONENTS, record.cost_components[:, 0], strict=True)
    return {name: float(cost) for name, cost in costs if cost != 0.0}


def places(batch: HedgeBatch) -> tuple[float, float, float]:
    """Units on the first chain, on the rollup, and under way."""
    held, there, way = batch.rows[
        [field.HOLDINGS, field.ROLLUP_HOLDINGS, field.IN_BRIDGE], 0
    ]
    return held - there - way, there, way


def test_each_part_of_an_order_is_charged_where_it_fills() -> None:
    batch = chains()
    assert ask(batch, 0.5, 0.2) == {"fee": pytest.approx(1e-3 * 0.3 + 1e-4 * 0.2)}
    assert places(batch) == (pytest.approx(0.3), pytest.approx(0.2), 0.0)
    spot = batch.rows[field.SPOT, 0]
    assert ask(batch, 0.1, 0.0) == {"fee": pytest.approx(spot * (2e-4 + 2e-5))}
    assert places(batch) == (pytest.approx(0.1), 0.0, 0.0)


def test_a_policy_of_one_column_trades_on_the_first_chain() -> None:
    batch = chains()
    ask(batch, 0.5, 0.2)
    spot = batch.rows[field.SPOT, 0]
    record = batch.advance(np.array([[0.6]]))
    assert record.cost[0] == pytest.approx(1e-3 * 0.1 * spot)
    assert places(batch)[1] == pytest.approx(0.2)


def test_what_is_moved_is_not_traded() -> None:
    batch = chains(", bridges: [{fee_bp: 2, fixed_cost_bp: 3, delay_hours: 200}]")
    ask(batch, 0.5, 0.0)
    spot = batch.rows[field.SPOT, 0]
    # Four tenths to the rollup, of which a tenth is bought there.
    assert ask(batch, 0.6, 0.4) == {
        "fee": pytest.approx(1e-4 * 0.1 * spot),
        "bridge": pytest.approx(2 * 2e-4 * 0.3 * spot + 3e-4),
    }
    assert places(batch) == (pytest.approx(0.2), pytest.approx(0.1), pytest.approx(0.3))
    assert batch.rows[field.HOLDINGS, 0] == pytest.approx(0.6)


def test_what_is_under_way_is_hedged_with() -> None:
    batch = chains(", bridges: [{delay_hours: 1000}]")
    ask(batch, 0.5, 0.0)
    before = batch.rows[field.SPOT, 0]
    record = batch.advance(np.array([[0.5, 0.5]]))
    move = batch.rows[field.SPOT, 0] - before
    assert record.hedge_pnl[0] == pytest.approx(0.5 * move, rel=1e-12)
    assert record.traded[0] == 0.0
    assert batch.rows[field.STEPS_SINCE_TRADE, 0] == 2.0


def test_a_treasury_sells_what_it_has_and_buys_what_it_can_pay_for() -> None:
    limits = ", inventory: {least: -0.1, most: 0.3}, home: {least: 0, most: 0.4}"
    batch = chains(limits, "holdings.low=-1", "holdings.high=1")
    ask(batch, 1.0, 0.8)
    assert places(batch) == (pytest.approx(0.2), pytest.approx(0.3), 0.0)
    ask(batch, 1.0, 0.3)
    assert places(batch) == (pytest.approx(0.4), pytest.approx(0.3), 0.0)
    ask(batch, -1.0, -0.6)
    assert places(batch) == (pytest.approx(0.0), pytest.approx(-0.1), 0.0)


def test_what_is_under_way_takes_up_room() -> None:
    batch = chains(", inventory: {least: 0, most: 0.3}, bridges: [{delay_hours: 500}]")
    ask(batch, 0.5, 0.3)
    ask(batch, 0.5, 0.1)  # two tenths leave the rollup
    assert batch.rows[field.ROLLUP_ROOM, 0] == pytest.approx(0.0, abs=1e-15)
    ask(batch, 0.6, 0.2)  # nothing can be bought there
    assert places(batch) == (pytest.approx(0.2), pytest.approx(0.1), pytest.approx(0.2))


def test_orders_fail_on_their_own_chain_and_cost_its_gas() -> None:
    config = full_config(
        *CHAINS,
        "execution.failure={probability: 0.3, congestion: 0}",
        "episode.decisions=2",
    )
    n = 20_000
    batch = HedgeBatch(config, n, seed=5)
    batch.reset(np.arange(n))
    gas = batch.rows[[field.GAS_COST, field.ROLLUP_GAS_COST]].copy()
    record = batch.advance(np.tile([0.5, 0.2], (n, 1)))
    home = batch.rows[field.HOLDINGS] - batch.rows[field.ROLLUP_HOLDINGS]
    fails = np.stack([home == 0.0, batch.rows[field.ROLLUP_HOLDINGS] == 0.0])
    assert fails.mean(axis=1) == pytest.approx([0.3, 0.2], abs=0.01)
    assert (fails[0] & fails[1]).mean() == pytest.approx(0.06, abs=0.006)
    lost = record.cost_components[COST_COMPONENTS.index("failed_gas")]
    np.testing.assert_allclose(lost, (fails * gas).sum(axis=0), rtol=1e-12)


def test_orders_fill_at_the_price_of_their_own_chain() -> None:
    config = stormy_config(
        *LATE_CHAINS, "execution.failure=null", "execution.halt=null"
    )
    config = load_config(config, settings=["execution.rollup.failure=0"])
    batch = HedgeBatch(config, 64, seed=5)
    batch.reset(np.arange(64))
    cash = batch.totals.cash.copy()
    record = batch.advance(np.tile([0.5, 0.2], (64, 1)))
    home, there = batch.rows[[field.FILL_PRICE, field.ROLLUP_FILL_PRICE]]
    assert (home != there).all()
    np.testing.assert_allclose(
        batch.totals.cash - cash, -0.3 * home - 0.2 * there, rtol=1e-12
    )
    now = batch.rows[field.SPOT]
    expected = 0.3 * (now - home) + 0.2 * (now - there)
    np.testing.assert_allclose(record.hedge_pnl, expected, rtol=1e-9, atol=1e-14)


def random_target(batch: HedgeBatch, rng: np.random.Generator) -> FloatArray:
    """Targets beyond every bound, some of which ask for no change."""
    shape = batch.n_paths, 2
    held = batch.rows[[field.HOLDINGS, field.ROLLUP_HOLDINGS]].T
    wanted = rng.uniform(-1.5, 1.5, shape)
    return np.where(rng.random(shape) < 0.3, held, wanted)


@pytest.mark.parametrize(
    "config",
    [
        load_config("two-chains"),
        full_config(*CHAINS),
        stormy_config(*LATE_CHAINS),
    ],
    ids=lambda config: config.name,
)
def test_inventory_is_conserved_and_within_its_limits(config: EnvConfig) -> None:
    n, rollup = 300, config.execution.rollup
    assert rollup is not None
    batch, rng = HedgeBatch(config, n, seed=1), np.random.default_rng(2)
    batch.reset(np.arange(n))
    home, there, way = np.zeros(n), np.zeros(n), np.zeros(n)
    moves = 0
    for _ in range(config.episode.decisions - 1):
        before = batch.rows.copy()
        record = batch.advance(random_target(batch, rng))
        rows = batch.rows
        held, there, way = rows[
            [field.HOLDINGS, field.ROLLUP_HOLDINGS, field.IN_BRIDGE]
        ]
        # Nothing but trades changes holdings, and nothing but bridges is under way.
        np.testing.assert_allclose(
            held, before[field.HOLDINGS] + record.traded, rtol=0.0, atol=1e-12
        )
        carried = np.abs(rows[field.BRIDGE_UNITS]) + np.abs(
            rows[field.SECOND_BRIDGE_UNITS]
        )
        np.testing.assert_allclose(way, carried, rtol=0.0, atol=1e-12)
        home = held - there - way
        for units, limits in ((home, rollup.home), (there, rollup.inventory)):
            least = -np.inf if limits.least is None else limits.least
            most = np.inf if limits.most is None else limits.most
            assert (units >= least - 1e-12).all()
            assert (units <= most + 1e-12).all()
        moves += int((record.cost_components[BRIDGE] > 0.0).sum())
    assert moves > 100


def test_the_end_is_sold_where_it_is() -> None:
    batch = chains(", bridges: [{delay_hours: 500}]", "episode.decisions=2")
    ask(batch, 0.9, 0.3)
    costs = ask(batch, 0.9, 0.5)  # two tenths are under way when it ends
    spot = batch.rows[field.SPOT, 0]
    assert costs["fee"] == pytest.approx(spot * (1e-3 * 0.6 + 1e-4 * 0.3))
    assert not batch.rows[
        [field.HOLDINGS, field.ROLLUP_HOLDINGS, field.IN_BRIDGE], 0
    ].any()


def test_a_new_episode_starts_with_empty_chains_and_full_bridges() -> None:
    config = full_config(*CHAINS)
    batch, rng = HedgeBatch(config, 50, seed=1), np.random.default_rng(0)
    batch.reset(np.arange(50))
    first = batch.rows.copy()
    for _ in range(7):
        batch.advance(random_target(batch, rng))
    batch.reset(np.arange(50), mask=np.arange(50) < 30)
    part = slice(field.ROLLUP_HOLDINGS, field.SECOND_BRIDGE_ROOM + 1)
    np.testing.assert_array_equal(batch.rows[part, :30], first[part, :30])
    assert (batch.rows[part, 30:] != first[part, 30:]).any()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["execution.instrument=perp"], "set execution.instrument = spot"),
        (["execution.lot=0.1"], "rollup does not go with lot"),
        (
            ["execution.venues=[{kind: pool, reserve: 1.0e+6}]"],
            "does not go with venues",
        ),
        (["execution.keeper={interval_hours: 4}"], "does not go with keeper"),
        (["execution.option={}"], "does not go with option"),
        (["execution.rollup.inventory={least: 0.1}"], "must have 0 between them"),
        (["execution.rollup.latency_steps=3"], "rollup.latency_steps = 3 must not"),
        (
            ["execution.rollup.bridges=[{gas_units: 5}]"],
            "bridges.0.gas_units needs market.gas",
        ),
        (["execution.rollup.bridges=[{}, {}, {}]"], "at most 2 items"),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_sentence(
    settings: list[str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        load_config("reference", settings=["execution.rollup={}", *settings])
