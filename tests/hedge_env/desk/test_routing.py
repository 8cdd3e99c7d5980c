"""Orders over several venues: what fills of them, and what the ledger is charged."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.accounts import StepRecord
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.tape import MarketTape, TapeMarket
from hedge_env.venues.cost_curve import Curve
from hedge_env.venues.order_split import split_order
from hedge_env.venues.routes import FILLED, IMPROVED, MISSED
from tests.support.examples import VENUES, full_config, stormy_config

# One unit of notional is 10 000; two decisions and the end.
POOL = "{kind: pool, fee_bp: 30, reserve: 40000, fixed_cost_bp: 1}"
BOOK = "{kind: order-book, fee_bp: 5, half_spread_bp: 2, depth: 100000}"
INTENTS = (
    "{kind: intents, half_spread_bp: 6, improvement_bp: 4, fill_probability: 0.5, "
    "improvement_probability: 0.25, depth: 200000}"
)
ROWS = {
    field.SPOT: (1.0, 1.1, 0.9),
    field.BOOK_VALUE: (-0.05, -0.08, 0.0),
    field.IMPLIED_VOLATILITY: (0.8, 0.8, 0.8),
    field.TRUE_VOLATILITY: (0.8, 0.8, 0.8),
    field.LIQUIDITY: (1.0, 2.0, 1.0),
    field.NOTIONAL_RATIO: (1.0, 1.0, 1.0),
    field.STEP: (0.0, 1.0, 2.0),
}


def problem(*venues: str, settings: tuple[str, ...] = ()) -> EnvConfig:
    plain = {key: 0.0 for key in ("fee_bp", "half_spread_bp", "fixed_cost_bp")}
    return load_config(
        "reference",
        {
            "episode": {"decisions": 2},
            "market": {"spot": 1000.0},
            "book": {"contracts": 10.0},
            "execution": {"instrument": "perp", **plain},
        },
        [f"execution.venues=[{', '.join(venues)}]", *settings],
    )


def desk(*venues: str, luck: tuple[int, ...]) -> HedgeBatch:
    """One path with the same luck at every time."""
    present = np.zeros((3, field.N_MARKET_FIELDS, 1))
    for name, values in ROWS.items():
        present[:, name, 0] = values
    present[:, field.VENUE_LUCK] = sum(c * 4**j for j, c in enumerate(luck))
    market = TapeMarket(MarketTape(np.zeros(1), present))
    batch = HedgeBatch(problem(*venues), 1, market=market)
    batch.reset(np.zeros(1))
    return batch


def trade(batch: HedgeBatch, target: float) -> StepRecord:
    return batch.advance(np.array([[target]]))


def components(record: StepRecord) -> dict[str, float]:
    return {
        n: c[0]
        for n, c in zip(COST_COMPONENTS, record.cost_components, strict=True)
        if c[0] != 0.0
    }


def test_an_order_over_two_venues_is_charged_as_computed_by_hand() -> None:
    batch = desk(POOL, BOOK, luck=(FILLED, FILLED))
    pool = Curve(fixed=1e-4, reserve=4.0, kept=0.997)
    book = Curve(linear=7e-4, quadratic=0.1)
    x, v = split_order(0.5, (pool, book)).parts
    assert x > 0.05
    assert v > 0.05
    paid = 4.0 * x / (0.997 * (4.0 - x))  # into the pool, for x out of it
    fee = 0.003 / 0.997 * x
    assert components(trade(batch, 0.5)) == pytest.approx(
        {
            "fee": fee + 5e-4 * v,
            "spread": 2e-4 * v,
            "impact": paid - x - fee + 0.1 * v * v,
            "fixed": 1e-4,
        },
        rel=1e-11,
    )


def test_selling_in_a_poorer_market_and_the_end_are_charged_as_well() -> None:
    batch = desk(POOL, BOOK, luck=(FILLED, FILLED))
    trade(batch, 0.5)
    record = trade(batch, 0.2)  # sells .3 at 1.1, liquidity twice as bad; .2 at .9
    parts, ends = (
        split_order(value, (pool, book), buys=False)
        for value, pool, book in (
            (
                0.33,
                Curve(fixed=1e-4, reserve=2.0, kept=0.997),
                Curve(linear=5e-4 + 4e-4, quadratic=0.2),
            ),
            (
                0.18,
                Curve(fixed=1e-4, reserve=4.0, kept=0.997),
                Curve(linear=7e-4, quadratic=0.1),
            ),
        )
    )
    assert record.cost[0] == pytest.approx(parts.cost + ends.cost, rel=1e-11)
    fee = 0.003 * (parts.parts[0] + ends.parts[0])
    fee += 5e-4 * (parts.parts[1] + ends.parts[1])
    assert components(record)["fee"] == pytest.approx(fee, rel=1e-11)
    assert batch.totals.turnover[0] == pytest.approx(0.5 + 0.33 + 0.18, rel=1e-14)


def test_what_is_missed_stays_undone() -> None:
    filled = desk(BOOK, INTENTS, luck=(FILLED, FILLED))
    missed = desk(BOOK, INTENTS, luck=(FILLED, MISSED))
    whole, rest = trade(filled, 0.5), trade(missed, 0.5)
    assert whole.traded[0] == 0.5
    part = rest.traded[0]
    assert 0.0 < part < 0.5
    assert missed.rows[field.HOLDINGS, 0] == part
    assert components(rest) == pytest.approx(
        {"fee": 5e-4 * part, "spread": 2e-4 * part, "impact": 0.1 * part**2}, rel=1e-12
    )
    gained = 0.1 * part  # the profit is that of what is held
    assert rest.hedge_pnl[0] == pytest.approx(gained, rel=1e-12)


def test_an_improvement_is_taken_off_the_spread() -> None:
    batch = desk(BOOK, INTENTS, luck=(FILLED, FILLED))
    better = desk(BOOK, INTENTS, luck=(FILLED, IMPROVED))
    plain, improved = components(trade(batch, 0.5)), components(trade(better, 0.5))
    at_book = plain["fee"] / 5e-4
    saved = plain["spread"] - improved["spread"]
    assert saved == pytest.approx(4e-4 * (0.5 - at_book), rel=1e-11)
    assert plain["impact"] == improved["impact"]


def test_an_order_of_which_nothing_fills_is_none() -> None:
    batch = desk("{kind: order-book, fee_bp: 100}", INTENTS, luck=(FILLED, MISSED))
    record = trade(batch, 0.01)  # all of it to whoever asks least
    assert record.traded[0] == 0.0
    assert record.cost[0] == 0.0
    assert batch.rows[field.HOLDINGS, 0] == 0.0
    assert batch.rows[field.STEPS_SINCE_TRADE, 0] == 1.0
    assert batch.totals.trades[0] == batch.totals.turnover[0] == 0.0


def test_what_is_held_at_the_end_is_sold_where_all_orders_fill() -> None:
    batch = desk("{kind: order-book, fee_bp: 100}", INTENTS, luck=(FILLED, FILLED))
    trade(batch, 0.01)
    record = trade(batch, 0.01)
    assert batch.rows[field.HOLDINGS, 0] == 0.0
    assert components(record) == pytest.approx({"fee": 0.01 * 0.9 * 0.01}, rel=1e-12)


def test_a_risk_averse_desk_sends_less_where_it_may_not_fill() -> None:
    parts = []
    for aversion in (1e-3, 1e4):
        batch = desk(BOOK, INTENTS, luck=(FILLED, MISSED))
        batch.reset(np.zeros(1), risk_aversion=aversion)
        parts.append(float(trade(batch, 0.5).traded[0]))
    assert parts[1] > 1.1 * parts[0]


def test_asking_for_what_is_held_sends_nothing() -> None:
    batch = desk(POOL, BOOK, luck=(FILLED, FILLED))
    trade(batch, 0.3)
    before = batch.totals.turnover[0]
    record = HedgeBatch.advance(batch, np.array([[0.3]]))
    assert record.traded[0] == 0.0
    # Only what the end sells is charged.
    assert batch.totals.turnover[0] - before == pytest.approx(0.27, rel=1e-14)


def test_policies_see_what_the_ledger_charges() -> None:
    """An order of the quoted size costs what is quoted, at every time and path."""
    config = full_config(
        *VENUES,
        "execution.venues.4.fill_probability=1",
        "execution.venues.4.improvement_probability=1",
        "execution.venues.5.fill_probability=1",
        "execution.quoted_order=0.2",
    )
    batch = HedgeBatch(config, 50)
    batch.reset(np.arange(50))
    for step in range(6):
        rows = batch.rows.copy()
        quoted = rows[field.FIXED_COST] + 0.2 * rows[field.PROPORTIONAL_COST]
        bought = 0.2 / rows[field.SPOT] * (1.0 if step % 2 == 0 else 0.0)
        before = batch.rows[field.HOLDINGS].copy()
        record = batch.advance((before * (step % 2 == 0) + bought)[:, None])
        if step % 2 == 0 and (before == 0.0).all():
            funding = record.cost_components[COST_COMPONENTS.index("funding")]
            np.testing.assert_allclose(record.cost - funding, quoted, rtol=1e-11)


def test_no_order_costs_more_than_at_the_best_single_venue() -> None:
    totals = []
    for split in ("optimal", "single"):
        config = full_config(
            *VENUES,
            "execution.venues.4.fill_probability=1",
            "execution.venues.4.improvement_probability=1",
            "execution.venues.5.fill_probability=1",
            f"execution.split={split}",
        )
        batch, rng = HedgeBatch(config, 400), np.random.default_rng(0)
        batch.reset(np.arange(400))
        costs: list[FloatArray] = []
        for _ in range(config.episode.decisions):
            costs.append(batch.advance(rng.uniform(-1, 1, (400, 1))).cost)
        totals.append(np.array(costs))
    assert (totals[0] <= totals[1] + 1e-16).all()
    assert totals[0].mean() < 0.95 * totals[1].mean()


def test_a_list_of_one_order_book_is_a_single_venue() -> None:
    """The same market and the same costs, said the one way and the other."""
    said = (
        "fee_bp: 4, half_spread_bp: 1.5, fixed_cost_bp: 0.7, gas_units: 200000, "
        "depth: 3.0e+6, square_root_impact: 0.8, daily_volume: 4.0e+7"
    )
    plain = stormy_config("execution.daily_volume=4.0e+7")
    listed = stormy_config(
        *(VENUES[1:7]), f"execution.venues=[{{kind: order-book, {said}}}]"
    )
    totals = []
    for config in (plain, listed):
        batch, rng = HedgeBatch(config, 100), np.random.default_rng(0)
        batch.reset(np.arange(100))
        for _ in range(config.episode.decisions):
            batch.advance(rng.uniform(-1, 1, (100, 1)))
        totals.append(batch.totals.cost_components.copy())
    np.testing.assert_allclose(totals[0], totals[1], rtol=1e-10, atol=1e-15)


def test_venues_fill_and_improve_as_often_as_configured() -> None:
    config = problem(BOOK, INTENTS, INTENTS, settings=("episode.decisions=8",))
    n = 5000
    batch = HedgeBatch(config, n)
    batch.reset(np.arange(n))
    seen = []
    for _ in range(8):
        seen.append(batch.rows[field.VENUE_LUCK].astype(int))
        batch.advance(np.zeros((n, 1)))
    luck = np.array(seen)
    assert (luck % 4 == FILLED).all()
    for place in (1, 2):
        outcome = luck // 4**place % 4
        for which, p in ((MISSED, 0.5), (FILLED, 0.375), (IMPROVED, 0.125)):
            excess = (outcome == which).mean() - p
            assert abs(excess) < 4.0 * np.sqrt(p * (1.0 - p) / outcome.size)
    first, second = luck // 4 % 4, luck // 16 % 4
    together = ((first == MISSED) & (second == MISSED)).mean()
    assert abs(together - 0.25) < 4.0 * np.sqrt(0.1875 / luck.size)
    again = ((first[1:] == MISSED) & (first[:-1] == MISSED)).mean()
    assert abs(again - 0.25) < 4.0 * np.sqrt(0.1875 / first[1:].size)
