"""Whole episodes, step by step, against the slow oracle of `tests/oracle`."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.field import FIELDS, HOLDINGS
from hedge_env.config import EnvConfig
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.desk.accounts import StepRecord
from hedge_env.desk.batch import HedgeBatch
from tests.oracle.desk import Desk
from tests.oracle.execution.keeper import seen
from tests.oracle.market.noise import Noise
from tests.oracle.rows import rows
from tests.oracle.world import World
from tests.support.examples import (
    ADVERSE,
    CONTAGION,
    FORECASTS,
    KEPT,
    LATE,
    LIQUIDATED,
    MOVING,
    ORDERED,
    POOLS,
    PORTFOLIO,
    VENUES,
    WATCHED,
    full_config,
    stormy_config,
)

PATHS = (0, 5, 2**40 + 3)
NONE = np.zeros(len(PATHS))
SEED, STREAM = 4, "validation"


def week(preset: str) -> EnvConfig:
    """A preset, over in a week: all its processes and costs appear by then."""
    config = load_config(preset)
    if config.market.surface.model == "heston":
        # Its table is tested against the integral; here the price and the variance.
        config = load_config(config, {"market": {"surface": {"model": "flat"}}})
    regime = config.market.regime
    if regime is not None and regime.volatility_half_life_days is not None:
        # From the long run it starts at a quantile of a table, a millionth off.
        config = load_config(config, {"market": {"regime": {"start": "stress"}}})
    ends = [i for i, leg in enumerate(config.book.legs) if leg.days is not None]
    legs = [f"book.legs.{i}.maturity_days=7" for i in ends]
    return load_config(config, settings=["episode.decisions=42", *legs])


# The oracle's desk knows no listed options: test_option_trades.py of the desk does.
PLAIN = [p for p in PRESETS if load_config(p).n_instruments == 1]
CONFIGS = [week(preset) for preset in PLAIN]
CONFIGS += [
    full_config(),
    stormy_config(),
    # From the long run it starts at a quantile of a table, a millionth off.
    stormy_config(
        "name=ramp",
        "market.funding.fast_sd_bp=3",
        "market.funding.fast_half_life_hours=5",
        "market.regime.start=stress",
        "market.regime.volatility_half_life_days=0.7",
    ),
    *(
        full_config(
            f"name=funding-{rule}",
            f"market.funding.rule={rule}",
            "market.funding.cap_bp=4",  # of a period: within reach of the premium
        )
        for rule in ("binance", "deribit", "hyperliquid", "derive")
    ),
    full_config(*ADVERSE, "name=late-funding", "market.funding.rule=derive"),
    stormy_config("name=forecasts", *FORECASTS),
    stormy_config("name=reaction", "market.surface.reaction=0.6"),
    stormy_config(
        "name=sees-depth",
        "market.surface.sees=depth",
        "market.regime.start=stress",
        "market.regime.volatility_half_life_days=0.7",
    ),
    full_config("name=over-reaction", "market.surface.reaction=1.7"),
    full_config(
        "name=full-spot",
        "execution.instrument=spot",
        "execution.charge_opening=false",
        "execution.charge_liquidation=false",
        "episode.start_hour=21",
    ),
    full_config(*ADVERSE),
    stormy_config(*ADVERSE, "name=adverse-stormy"),
    full_config(
        *ADVERSE,
        "name=adverse-now",
        "execution.latency_steps=0",
        "execution.charge_opening=false",
        "execution.charge_liquidation=false",
    ),
    full_config(
        *ADVERSE, "name=lots", "execution.lot=0.7", "execution.least_order=1.5"
    ),
    load_config(
        "covered-call-vault",
        settings=[
            "name=rolled",
            "episode.decisions=36",  # the last call ends with the episode
            "market.regime.start=stress",
            "book.legs.0.maturity_days=2",
            "book.legs.1.roll_days=1",
            "execution.keeper=null",
        ],
    ),
    full_config(*KEPT),
    full_config(*KEPT, "name=kept-random", "execution.keeper.timing=random", *WATCHED),
    full_config(*WATCHED),
    full_config(*CONTAGION),
    full_config(*LIQUIDATED),
    stormy_config(
        *ADVERSE,
        *LIQUIDATED,
        "name=liquidated-adverse",
        "market.funding.rule=binance",
    ),
    stormy_config(*ADVERSE, *CONTAGION, "name=contagion-adverse"),
    full_config(
        *CONTAGION,
        "name=contagion-slices",
        "execution.slicing={slices: 3}",
        "market.contagion.leveraged.positions=1",
    ),
    stormy_config(*ADVERSE, *KEPT, "name=kept-stormy"),
    stormy_config("name=least-order", "execution.least_order=1.5"),
    full_config(
        *ADVERSE,
        "name=slices",
        "execution.failure=null",
        "execution.latency_steps=1",
        "execution.slicing={slices: 3, schedule: almgren-chriss, urgency: 0.6}",
    ),
    stormy_config("name=slices-stormy", "execution.slicing={slices: 4}"),
    full_config(*VENUES),
    stormy_config(*VENUES, *LATE, "name=venues-late"),
    full_config(
        *VENUES,
        "name=venues-single",
        "execution.split=single",
        "execution.quoted_order=0.3",
        "execution.charge_opening=false",
    ),
    full_config(*VENUES, "name=venues-own", "execution.split=policy"),
    stormy_config(*VENUES, *LATE, "name=venues-own-late", "execution.split=policy"),
    full_config("name=settled-long-steps", "market.settlement=twap"),
    load_config(
        week("deribit-inverse"),
        settings=["name=settled-coins", "market.settlement=twap"],
    ),
    stormy_config(
        *PORTFOLIO,
        "name=settled-short-steps",
        "market.settlement=twap",
        "episode.market_steps=24",
        "episode.decisions=20",
    ),
    full_config(*POOLS),
    full_config(*MOVING),
    full_config(*ORDERED),
    stormy_config(*POOLS, "name=pools-settled", "market.settlement=twap"),
    # Little enough for orders to be cut, for forced trades, and for what is taken over.
    full_config(*ADVERSE, *PORTFOLIO, "name=portfolio"),
    stormy_config(
        *PORTFOLIO, "name=portfolio-stormy", "execution.margin.insurance=false"
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_a_batch_repeats_the_oracle_to_rounding(config: EnvConfig) -> None:
    batch = HedgeBatch(config, len(PATHS), seed=SEED, stream=STREAM)
    batch.reset(np.array(PATHS))
    desks = [Desk(World(config, Noise(SEED, STREAM, path))) for path in PATHS]
    rng = np.random.default_rng(0)
    low, high = config.holdings_bounds
    past: list[list[dict[str, float]]] = [[] for _ in PATHS]
    for step in range(config.episode.decisions):
        compare_rows(batch, desks)
        for of_path, desk in zip(past, desks, strict=True):
            of_path.append(rows(desk))
        compare_seen(batch, past)
        target = rng.uniform(low - 0.3, high + 0.3, len(PATHS))
        holds = rng.random(len(PATHS)) < 0.4
        moves = bool(config.book.recentring_keys)
        orders = (rng.random(len(PATHS)) < 0.3) if moves else NONE
        shares = random_shares(rng, config.execution.n_shares)
        columns = [np.where(holds, batch.rows[HOLDINGS], target)]
        columns += [orders] * moves + list(shares.T)
        record = batch.advance(np.stack(columns, axis=1))
        wanted = np.where(holds, desks_held(desks), target)
        results = []
        for desk, to, order, given in zip(desks, wanted, orders, shares, strict=True):
            desk.order_move(bool(order))
            desk.shares = tuple(map(float, given))
            results.append(desk.decide(to))
        compare_records(record, results)
        assert record.done.all() == (step == config.episode.decisions - 1)
    compare_rows(batch, desks)
    cash = [desk.cash for desk in desks]
    np.testing.assert_allclose(batch.totals.cash, cash, rtol=1e-11, atol=1e-12)


def random_shares(rng: np.random.Generator, n_venues: int) -> np.ndarray:
    """Shares of venues of each path; some are none, and some paths give none."""
    if n_venues == 0:
        return np.zeros((len(PATHS), 0))
    given = rng.random((len(PATHS), 1)) < 0.8
    kept = rng.random((len(PATHS), n_venues)) < 0.6
    return given * kept * rng.uniform(0.0, 1.0, kept.shape)


def desks_held(desks: list[Desk]) -> np.ndarray:
    return np.array([desk.held for desk in desks])


def compare_rows(batch: HedgeBatch, desks: list[Desk]) -> None:
    expected = [rows(desk) for desk in desks]
    for name in expected[0]:
        values = [of_path[name] for of_path in expected]
        np.testing.assert_allclose(
            batch.rows[FIELDS.index(name)], values, rtol=1e-10, atol=1e-13, err_msg=name
        )
    held = batch.observables()["holdings"]
    np.testing.assert_allclose(held, desks_held(desks), rtol=1e-12, atol=2e-14)


def compare_seen(batch: HedgeBatch, past: list[list[dict[str, float]]]) -> None:
    age = batch.config.seen_age
    shown = batch.observables()
    expected = [seen(of_path, age) for of_path in past]
    for name in set(expected[0]) & set(shown):
        values = [of_path[name] for of_path in expected]
        np.testing.assert_allclose(
            shown[name], values, rtol=1e-10, atol=1e-13, err_msg=f"seen {name}"
        )


def compare_records(record: StepRecord, results: list[dict[str, float]]) -> None:
    names = (*COST_COMPONENTS, "hedge_pnl", "book_pnl", "traded")
    values = (*record.cost_components, record.hedge_pnl, record.book_pnl, record.traded)
    for name, column in zip(names, values, strict=True):
        # A component that the oracle does not know is of a part that is off here.
        expected = [result.get(name, 0.0) for result in results]
        np.testing.assert_allclose(
            column, expected, rtol=1e-10, atol=1e-14, err_msg=name
        )
