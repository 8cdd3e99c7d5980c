"""One margin account of book and hedge: cuts, forced trades, take-overs, the fund."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.book.margin_scenarios import GROSS_DELTA, GROSS_UNITS, N_BOOK_ROWS
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.accounts import StepRecord
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.tape import MarketTape, TapeMarket, record_tape
from tests.hedge_env.desk.test_accounts import HAND, components, trade
from tests.hedge_env.desk.test_margin import FREE, QUIET
from tests.hedge_env.desk.test_option_trades import imbalance, random_targets
from tests.support.examples import ADVERSE, PORTFOLIO, full_config, stormy_config

# Losses of the book by hand: .10 if spot rises by 16 %, .02 if it falls by as much, so
# that at a price F the requirement of h is max(.10 - .16 F h, .02 + .16 F h), least at
# F h = .25 with .06; and two options with deltas of size .3 in all.
UP, DOWN = 0, 15
NO_OPTIONS = {UP: -0.10, DOWN: -0.02, GROSS_DELTA: 0.3, GROSS_UNITS: 2.0}


def account(collateral: float, *settings: str) -> HedgeBatch:
    """One path of two decisions without other costs; penalties of 200 and 20 bp."""
    margin = f"model: portfolio, collateral: {collateral}, penalty_bp: 200"
    config = load_config(
        "reference",
        {"episode": {"decisions": 2}, "execution": {"instrument": "perp"}},
        [*FREE, f"execution.margin={{{margin}}}", *settings],
    )
    present = np.zeros((3, field.N_MARKET_FIELDS + N_BOOK_ROWS, 1))
    for name, values in {**HAND, **QUIET}.items():
        present[:, name, 0] = values
    for row, value in NO_OPTIONS.items():
        present[:, field.N_MARKET_FIELDS + row] = value
    batch = HedgeBatch(config, 1, market=TapeMarket(MarketTape(np.zeros(1), present)))
    batch.reset(np.zeros(1))
    return batch


def seen(batch: HedgeBatch, name: str) -> float:
    return float(batch.observables()[name][0])


def test_the_book_alone_uses_margin() -> None:
    batch = account(0.2)
    assert seen(batch, "margin_use") == pytest.approx(0.5 * 0.10 / 0.2)
    assert seen(batch, "margin_equity") == 0.2


@pytest.mark.parametrize(
    ("collateral", "wanted", "held"),
    [
        (0.08, 0.2, 0.2),  # it lowers the requirement
        (0.08, 1.0, 0.5),  # .02 + .16 h reaches .10, what it was, at .5
        (0.08, -0.5, 0.0),  # nothing that raises it
        (0.14, 1.0, 0.75),  # the equity
        (0.14, -0.9, -0.25),  # the same, on the other side
        (1.0, -0.9, -0.9),
    ],
)
def test_orders_are_cut_to_what_the_account_carries(
    collateral: float, wanted: float, held: float
) -> None:
    assert trade(account(collateral), wanted).traded[0] == pytest.approx(held)


def test_equity_is_that_of_book_and_hedge() -> None:
    batch = account(0.2)
    trade(batch, 0.2)
    equity = 0.2 + 0.2 * 0.1 - 0.03
    assert seen(batch, "margin_equity") == pytest.approx(equity)
    needed = max(0.10 - 0.16 * 1.1 * 0.2, 0.02 + 0.16 * 1.1 * 0.2)
    assert seen(batch, "margin_use") == pytest.approx(0.5 * needed / equity)
    assert seen(batch, "margin_calls") == 0.0


def test_an_account_on_the_edge_is_kept() -> None:
    batch = account(0.0800001)  # less the book's .03: half of .10
    assert components(trade(batch, 0.0))["liquidation"] == 0.0
    assert seen(batch, "margin_calls") == 0.0


def test_the_perpetual_is_traded_as_little_as_it_takes() -> None:
    batch = account(0.07)  # .04 left: .08 may be asked for, and .10 is
    record = trade(batch, 0.0)
    bought = (0.10 - 0.08) / (0.16 * 1.1)
    assert seen(batch, "holdings") == pytest.approx(bought)
    assert seen(batch, "margin_closed") == pytest.approx(bought)
    assert components(record)["liquidation"] == pytest.approx(0.02 * bought * 1.1)
    assert seen(batch, "margin_calls") == 1.0
    left = 0.04 - 0.02 * bought * 1.1
    assert seen(batch, "margin_equity") == pytest.approx(left)


def test_too_large_a_hedge_is_cut_by_force() -> None:
    batch = account(0.03)  # as much as the book needs, .10, is never refused
    assert trade(batch, 0.5).traded[0] == pytest.approx(0.5)
    kept = (0.10 - 0.02) / (0.16 * 1.1)  # .05 left: .10 may be asked for
    assert seen(batch, "holdings") == pytest.approx(kept)
    assert seen(batch, "margin_closed") == pytest.approx(kept - 0.5)


def take_over(collateral: float, *settings: str) -> tuple[HedgeBatch, StepRecord]:
    batch = account(collateral, *settings)
    return batch, trade(batch, 0.0)


def test_what_no_hedge_can_save_is_taken_over() -> None:
    """.02 left: .04 may be asked for, and the least is .06."""
    batch, record = take_over(0.05)
    penalty = 0.002 * 1.1 * 2.0  # of the underlying's value of two options
    assert components(record)["liquidation"] == pytest.approx(penalty)
    assert components(record)["insurance"] == 0.0
    assert record.cost[0] == pytest.approx(penalty)
    assert seen(batch, "margin_calls") == 1.0
    assert seen(batch, "margin_equity") == pytest.approx(0.05)  # posted anew
    assert batch.totals.cash[0] == pytest.approx(-penalty)


@pytest.mark.parametrize("insured", [True, False])
def test_a_fund_pays_what_is_owed_beyond_the_collateral(insured: bool) -> None:
    setting = f"execution.margin.insurance={str(insured).lower()}"
    batch, record = take_over(0.02, setting)
    penalty = 0.002 * 1.1 * 2.0
    owed = 0.01 + penalty if insured else 0.0
    assert components(record)["insurance"] == pytest.approx(-owed)
    assert record.cost[0] == pytest.approx(penalty - owed)
    assert seen(batch, "margin_equity") == pytest.approx(0.02)
    assert batch.totals.cash[0] == pytest.approx(owed - penalty)


def test_the_hedge_is_sold_when_everything_is_taken_over() -> None:
    batch = account(0.03, "execution.margin.maintenance=0.9")
    record = trade(batch, 0.5)  # .05 left: .0556 may be asked for, the least is .06
    penalty = 0.02 * 0.5 * 1.1 + 0.002 * 1.1 * 2.0
    assert components(record)["liquidation"] == pytest.approx(penalty)
    assert seen(batch, "holdings") == 0.0
    assert seen(batch, "margin_equity") == pytest.approx(0.03)
    assert batch.totals.cash[0] == pytest.approx(-0.5 + 0.55 - penalty)


CALLED = [
    full_config(*PORTFOLIO),
    full_config(*ADVERSE, "execution.margin=null", *PORTFOLIO),
    stormy_config(*PORTFOLIO, "execution.margin.insurance=false"),
]


@pytest.mark.parametrize("config", CALLED, ids=["full", "adverse", "stormy"])
def test_after_an_answer_the_account_is_in_order_but_for_its_price(
    config: EnvConfig,
) -> None:
    """The equity carries the holdings, penalties and fees of the call left out."""
    batch, rng = HedgeBatch(config, 200, seed=1), np.random.default_rng(5)
    batch.reset(np.arange(200))
    calls = 0
    for _ in range(config.episode.decisions - 1):
        before = batch.rows[field.MARGIN_CALLS].copy()
        record = batch.advance(rng.uniform(-1.5, 1.5, (200, 1)))
        called = batch.rows[field.MARGIN_CALLS] > before
        calls += int(called.sum())
        equity, use = batch.rows[field.MARGIN_EQUITY], batch.rows[field.MARGIN_USE]
        assert (use[~called] <= 1.0).all()
        assert (equity[~called] > 0.0).all()
        anew = np.abs(equity - config.execution.margin.collateral) < 1e-12
        forced = called & ~anew & (batch.rows[field.MARGIN_CLOSED] != 0.0)
        excess = use[forced] * equity[forced] - equity[forced]
        paid = np.maximum(record.cost_components, 0.0).sum(axis=0)  # no funding earned
        assert (excess <= paid[forced] + 1e-12).all()
    assert calls > 50


def test_an_account_that_is_rich_enough_changes_no_bit() -> None:
    rich = full_config("execution.margin={model: portfolio, collateral: 1000}")
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


LISTED = (
    "episode.decisions=8",
    "execution.option.maturity_days=1",
    "execution.option.roll_every=2",
    "execution.option.half_spread_points=1.5",
    "book.arrivals.kind=put",
    "book.arrivals.rate_per_day=2",
    "book.arrivals.maturity_days=1.5",
)
BOTH = [
    full_config(*LISTED, *PORTFOLIO, "holdings.low=-9", "holdings.high=9"),
    full_config(
        *LISTED,
        "execution.margin={collateral: 0.3, initial: 0.2, maintenance: 0.1}",
        "holdings.low=-9",
        "holdings.high=9",
    ),
]


@pytest.mark.parametrize("config", BOTH, ids=["portfolio", "isolated"])
def test_every_unit_is_accounted_for_with_listed_options(config: EnvConfig) -> None:
    batch, rng = HedgeBatch(config, 200, seed=1), np.random.default_rng(2)
    batch.reset(np.arange(200))
    start_value = batch.rows[field.BOOK_VALUE].copy()
    for _ in range(config.episode.decisions):
        batch.advance(random_targets(batch, rng))
        assert imbalance(batch, start_value) < 1e-12
    assert batch.rows[field.MARGIN_CALLS].any()
    assert not batch.rows[-1].any()


def test_listed_options_take_margin_off_the_book() -> None:
    """A call bought against the one that is owed leaves its floor and little else."""
    config = load_config(
        "reference",
        {"execution": {"instrument": "perp", "option": {"maturity_days": 60.0}}},
        ["execution.margin={model: portfolio, collateral: 0.2}"],
    )
    batch = HedgeBatch(config, 4)
    batch.reset(np.arange(4))
    alone = batch.rows[field.MARGIN_USE].copy()
    batch.advance(np.tile([[0.0, 1.0]], (4, 1)))
    assert (batch.rows[field.MARGIN_USE] < 0.4 * alone).all()


def test_option_and_perpetual_are_cut_by_the_same_share() -> None:
    config = load_config(
        "reference",
        {"execution": {"instrument": "perp", "option": {"maturity_days": 60.0}}},
        ["execution.margin={model: portfolio, collateral: 0.2}"],
    )
    batch = HedgeBatch(config, 4)
    batch.reset(np.arange(4))
    record = batch.advance(np.tile([[-1.0, -2.0]], (4, 1)))
    share = record.option_traded / -2.0
    assert ((share > 0.0) & (share < 1.0)).all()
    np.testing.assert_allclose(-record.traded, share)


def test_an_isolated_account_leaves_listed_options_out() -> None:
    """What they cost and make is in no account."""
    document = {"execution": {"instrument": "perp", "option": {"maturity_days": 60.0}}}
    settings = [
        "execution.option.half_spread_points=2",
        "execution.margin={collateral: 0.4, maintenance: 0.01}",
    ]
    equities = []
    for units in (0.0, 1.5):
        batch = HedgeBatch(load_config("reference", document, settings), 50)
        batch.reset(np.arange(50))
        for _ in range(5):
            batch.advance(np.tile([[0.4, units]], (50, 1)))
        equities.append(batch.rows[field.MARGIN_EQUITY].copy())
    np.testing.assert_allclose(equities[0], equities[1], rtol=1e-13)
    assert equities[0].std() > 0.0


def test_a_tape_gives_the_same_numbers_as_the_market_itself() -> None:
    config = BOTH[0]
    tape = record_tape(config, np.arange(30), seed=3, stream="test")
    batches = [
        HedgeBatch(config, 30, seed=3, stream="test", market=market)
        for market in (None, tape.open())
    ]
    rng = np.random.default_rng(0)
    for batch in batches:
        batch.reset(np.arange(30))
    for _ in range(config.episode.decisions):
        target = random_targets(batches[0], rng)
        for batch in batches:
            batch.advance(target)
        np.testing.assert_array_equal(batches[0].rows, batches[1].rows)


def test_recorded_days_have_the_account_too(tmp_path: Path) -> None:
    prices = 2000.0 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.02, 3000)))
    lines = [f"{1_600_000_000 + 3600 * i},{p:.2f}" for i, p in enumerate(prices)]
    file = tmp_path / "prices.csv"
    file.write_text("time,price\n" + "\n".join(lines) + "\n")
    config = load_config(
        "deribit-portfolio-margin",
        settings=[f"replay.spot={file}", "execution.margin.collateral=0.1"],
    )
    batch, rng = HedgeBatch(config, 40), np.random.default_rng(1)
    batch.reset(np.arange(40))
    start = batch.rows[field.BOOK_VALUE].copy()
    assert (batch.rows[field.MARGIN_USE] > 0.1).all()
    for _ in range(60):
        batch.advance(rng.uniform(-1.0, 1.0, (40, 1)))
        assert imbalance(batch, start) < 1e-12
    assert batch.rows[field.MARGIN_CALLS].any()


@pytest.mark.parametrize(
    ("preset", "setting", "message"),
    [
        ("squeeth", "", "book.legs.0.kind = power has no place"),
        ("lp-eth-usdc-range", "execution.instrument=perp", "kind = amm has no place"),
        ("deribit-inverse", "", "does not go together with book.margin = coin"),
        ("reference", "", "needs execution.instrument = perp"),
        ("deribit", "execution.margin.initial=0.1", "initial is unknown"),
        ("deribit", "execution.margin.model=cross", "must name a model"),
    ],
)
def test_what_a_matrix_does_not_know_is_refused(
    preset: str, setting: str, message: str
) -> None:
    settings = ["execution.margin={model: portfolio, collateral: 0.2}"]
    with pytest.raises(ConfigError, match=message):
        load_config(preset, settings=settings + [setting] * bool(setting))
