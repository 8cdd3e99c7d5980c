"""Listed options and client orders: an oracle, the books, and what the rules leave."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from hedge_env.agent.option_shares import after_option_trade, option_target
from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.errors import ConfigError, HedgeError
from hedge_env.base.field import FIELDS, N_FIELDS, OPTION_FIELDS
from hedge_env.baselines import BASELINES
from hedge_env.book.client_orders import poisson_of
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.desk.observables import observable_index
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import mean_and_error
from hedge_env.feeds.simulated import SimulatedMarket
from tests.oracle.market.noise import Noise
from tests.oracle.options import OptionDesk
from tests.oracle.world import World
from tests.support.examples import full_config

SEED, STREAM, PATHS = 4, "validation", (0, 5, 2**40 + 3)

# What is listed and what clients order ends within the episode.
BRIEF = load_config(
    "gamma-vega",
    settings=[
        "episode.decisions=9",
        "execution.option.kind=put",
        "execution.option.maturity_days=3",
        "execution.option.roll_every=2",
        "execution.option.half_spread_points=0.5",
        "execution.charge_liquidation=true",
        "book.arrivals.maturity_days=4",
        "book.arrivals.moneyness=1.05",
    ],
)
SMILING = full_config(
    "name=full-options",
    "episode.decisions=8",
    "execution.option.maturity_days=20",
    "execution.option.moneyness=0.95",
    "execution.option.half_spread_points=1.5",
    "execution.charge_opening=false",
    "book.arrivals.kind=put",
    "book.arrivals.rate_per_day=2",
    "book.arrivals.probability_buy=0.8",
    "holdings.low=-9",
    "holdings.high=9",
)
SETTLED = load_config(BRIEF, settings=["name=settled", "market.settlement=twap"])
BOTH = pytest.mark.parametrize(
    "config", [BRIEF, SMILING, SETTLED], ids=lambda c: c.name
)


@pytest.mark.slow
@BOTH
def test_a_batch_repeats_the_oracle_to_rounding(config: EnvConfig) -> None:
    batch = HedgeBatch(config, len(PATHS), seed=SEED, stream=STREAM)
    batch.reset(np.array(PATHS))
    desks = [OptionDesk(World(config, Noise(SEED, STREAM, path))) for path in PATHS]
    rng = np.random.default_rng(0)
    for _ in range(config.episode.decisions):
        compare_rows(batch, desks)
        underlying, units = rng.uniform(-2.0, 2.0, (2, len(PATHS)))
        units[rng.random(len(PATHS)) < 0.2] = 99.0  # beyond the limit
        record = batch.advance(np.stack([underlying, units], axis=1))
        pairs = zip(desks, underlying, units, strict=True)
        results = [desk.decide_both(target, u) for desk, target, u in pairs]
        names = (*COST_COMPONENTS, "hedge_pnl", "book_pnl")
        columns = (*record.cost_components, record.hedge_pnl, record.book_pnl)
        for name, column in zip(names, columns, strict=True):
            expected = [result.get(name, 0.0) for result in results]
            np.testing.assert_allclose(
                column, expected, rtol=1e-9, atol=1e-13, err_msg=name
            )
    cash = [desk.cash for desk in desks]
    np.testing.assert_allclose(batch.totals.cash, cash, rtol=1e-11, atol=1e-12)
    assert not batch.rows[-1].any()  # nothing is held any more


def compare_rows(batch: HedgeBatch, desks: list[OptionDesk]) -> None:
    marked, seen = [desk.mark() for desk in desks], batch.observables()
    for name in marked[0]:
        expected = [values[name] for values in marked]
        np.testing.assert_allclose(seen[name], expected, rtol=1e-9, atol=1e-12)
    listed = [desk.price(desk.listed[-1]) for desk in desks]
    for k, name in enumerate(("price", "delta", "gamma", "vega")):
        expected = [values[k] for values in listed]
        np.testing.assert_allclose(seen[f"option_{name}"], expected, rtol=1e-9)
    spreads = [desk.spread(desk.listed[-1], 1.0) for desk in desks]
    np.testing.assert_allclose(seen["option_half_spread"], spreads, rtol=1e-9)
    held = [desk.listed[-1].units for desk in desks]
    np.testing.assert_allclose(seen["option_holdings"], held, rtol=1e-15)


def imbalance(batch: HedgeBatch, start_value: np.ndarray) -> float:
    """Largest violation of the accounting identity, relative to the sums in it."""
    rows, totals = batch.rows, batch.totals
    n_slots = rows.shape[0] - batch.first_units
    prices, units = (
        rows[N_FIELDS : N_FIELDS + 4 * n_slots : 4],
        rows[batch.first_units :],
    )
    wealth = totals.cash + rows[field.HOLDINGS] * rows[field.SPOT]
    wealth = wealth + rows[field.BOOK_VALUE] + (units * prices).sum(axis=0)
    earned = totals.hedge_pnl + totals.book_pnl - totals.cost
    scale = 1.0 + np.abs(totals.cash) + np.abs(totals.hedge_pnl)
    return float((np.abs(wealth - start_value - earned) / scale).max())


def random_targets(batch: HedgeBatch, rng: np.random.Generator) -> np.ndarray:
    """Anything, and nothing on a third of the paths."""
    seen, n = batch.observables(), batch.n_paths
    held = np.stack([seen["holdings"], seen["option_holdings"]], axis=1)
    idle = rng.random((n, 2)) < 0.3
    return np.where(idle, held, rng.uniform(-3.0, 3.0, (n, 2)))


@pytest.mark.parametrize(
    "config", [BRIEF, SMILING, load_config("gamma-vega")], ids=lambda c: c.name
)
def test_every_unit_of_currency_is_accounted_for_at_every_step(
    config: EnvConfig,
) -> None:
    batch, rng = HedgeBatch(config, 60, seed=1), np.random.default_rng(2)
    batch.reset(np.arange(60))
    start_value = batch.rows[field.BOOK_VALUE].copy()
    for _ in range(config.episode.decisions):
        batch.advance(random_targets(batch, rng))
        assert imbalance(batch, start_value) < 1e-12
    assert not batch.observables()["option_holdings"].any()
    assert not batch.rows[field.HOLDINGS].any()


def test_some_paths_can_start_again_while_the_others_go_on() -> None:
    one, rng = HedgeBatch(BRIEF, 6), np.random.default_rng(5)
    one.reset(np.arange(6))
    for _ in range(5):
        one.advance(random_targets(one, rng))
    kept, again = one.rows.copy(), np.arange(6) % 2 == 0
    one.reset(np.arange(6) + 100, mask=again)
    np.testing.assert_array_equal(one.rows[:, ~again], kept[:, ~again])
    fresh = HedgeBatch(BRIEF, 6)
    fresh.reset(np.arange(6) + 100)
    for _ in range(3):
        np.testing.assert_array_equal(one.rows[:, again], fresh.rows[:, again])
        target = rng.uniform(-1.0, 1.0, (6, 2))
        one.advance(target)
        fresh.advance(target)


def test_without_a_listed_option_nothing_of_it_is_there() -> None:
    config = load_config("reference")
    batch = HedgeBatch(config, 1)
    assert batch.rows.shape[0] == N_FIELDS
    assert batch.n_instruments == 1
    assert not set(OPTION_FIELDS) & observable_index(config).keys()
    with pytest.raises(HedgeError, match="delta-gamma reads option_delta"):
        evaluate([(BASELINES["delta-gamma"](), None)], config, n_episodes=2)


def test_rows_without_room_for_what_is_listed_are_refused() -> None:
    market = SimulatedMarket(BRIEF, 2, seed=0, stream="test")
    with pytest.raises(ValueError, match="2 listed options writes to"):
        market.start(np.arange(2), np.ones(2, dtype=bool), np.zeros((N_FIELDS, 2)))


def test_a_rule_for_the_underlying_alone_leaves_options_as_they_are() -> None:
    config = load_config("gamma-vega", settings=["episode.decisions=6"])
    rules = [BASELINES["delta"](), BASELINES["delta-gamma"](ratio=0.0)]
    alone, none = evaluate([(rule, None) for rule in rules], config, n_episodes=50)
    np.testing.assert_array_equal(alone.net_loss, none.net_loss)
    batch = HedgeBatch(config, 3)
    batch.reset(np.arange(3))
    batch.advance(np.full((3, 2), 1.5))
    batch.advance(np.zeros((3, 1)))
    assert (batch.rows[-6:].sum(axis=0) == 1.5).all()


@pytest.mark.parametrize(("greek", "row"), [("gamma", "gamma"), ("vega", "vega")])
def test_a_whole_neutral_trade_leaves_none_of_the_greek(greek: str, row: str) -> None:
    batch, rng = HedgeBatch(BRIEF, 40), np.random.default_rng(1)
    batch.reset(np.arange(40))
    for _ in range(3):
        batch.advance(random_targets(batch, rng) / 10.0)
    units = option_target(1.0, batch.rows, greek)
    half = option_target(0.5, batch.rows, greek)
    after = after_option_trade(batch.rows, units)[FIELDS.index(row)]
    np.testing.assert_allclose(after, 0.0, atol=1e-12)
    after_half = after_option_trade(batch.rows, half)[FIELDS.index(row)]
    np.testing.assert_allclose(after_half, batch.observables()[row] / 2.0)
    rule = BASELINES[f"delta-{greek}"]().target(batch.observables())
    np.testing.assert_allclose(rule[:, 1], units, rtol=1e-14)
    delta = after_option_trade(batch.rows, units)[field.DELTA]
    np.testing.assert_allclose(rule[:, 0], delta, rtol=1e-12, atol=1e-14)


def test_an_option_without_gamma_is_not_traded() -> None:
    batch = HedgeBatch(BRIEF, 2)
    batch.reset(np.arange(2))
    batch.rows[field.OPTION_GAMMA, 0] = 0.0
    target = BASELINES["delta-gamma"]().target(batch.observables())
    assert target[0, 1] == 0.0
    assert target[1, 1] != 0.0


def test_orders_are_poisson_and_cost_nothing_when_they_come() -> None:
    config = load_config("gamma-vega", settings=["episode.decisions=3"])
    n = 40_000
    batch = HedgeBatch(config, n, seed=3)
    batch.reset(np.arange(n))
    atm_gamma = batch.rows[field.GAMMA].copy()
    batch.advance(np.zeros((n, 1)))
    # Gamma of the orders that came, in units of an option at the money.
    spot = batch.rows[field.SPOT]
    single = HedgeBatch(load_config(config, {"book": {"arrivals": None}}), n, seed=3)
    single.reset(np.arange(n))
    single.advance(np.zeros((n, 1)))
    came = batch.rows[field.GAMMA] - single.rows[field.GAMMA]
    net = came * spot / atm_gamma
    np.testing.assert_allclose(net, np.round(net), atol=1e-9)
    assert abs(net.mean()) < 4.0 / np.sqrt(n)
    assert net.var() == pytest.approx(1.0, abs=4.0 * np.sqrt(3.0 / n))
    values = batch.rows[field.BOOK_VALUE], single.rows[field.BOOK_VALUE]
    np.testing.assert_allclose(*values, rtol=1e-14)


@pytest.mark.parametrize("mean", [0.0, 0.5, 7.3])
def test_a_poisson_number_inverts_its_distribution(mean: float) -> None:
    for u in (1e-9, 0.1, 0.5, 0.9, 1.0 - 1e-9):
        assert poisson_of(u, mean) == max(poisson.ppf(u, mean), 0.0)


def on_ethereum(days: int) -> EnvConfig:
    """Ten days of a short straddle of 30 days, and an option listed at the start."""
    settings = [
        "episode.decisions=60",
        f"execution.option.maturity_days={days}",
        "execution.option.half_spread_points=1",
        "market.regime=null",  # a change of it is rare and large
    ]
    return load_config("ethereum-l1", settings=settings)


@pytest.mark.slow
def test_options_lower_the_tracking_error_on_a_smiling_surface() -> None:
    rules = [BASELINES[name]() for name in ("delta", "delta-gamma", "delta-vega")]
    tables = evaluate([(rule, None) for rule in rules], on_ethereum(60), n_episodes=400)
    delta, *others = tables
    assert not delta.cost_components[COST_COMPONENTS.index("option_spread")].any()
    for other in others:
        saved, error = mean_and_error(
            delta.squared_increments - other.squared_increments
        )
        assert saved > 4.0 * error
        assert other.cost_components[COST_COMPONENTS.index("option_spread")].all()


@pytest.mark.slow
def test_two_calls_less_the_underlying_are_a_straddle_of_the_same_strike() -> None:
    rules = [BASELINES["delta-gamma"](), BASELINES["delta-vega"]()]
    tables = evaluate([(rule, None) for rule in rules], on_ethereum(30), n_episodes=50)
    for table in tables:
        np.testing.assert_allclose(table.tracking, 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["execution.option.maturity_days=29"], "must be at least 30"),
        (["execution.option.roll_every=3"] * 2, None),
        (
            ["execution.option.roll_every=1", "execution.option.maturity_days=2.1"],
            "falls between two decisions",
        ),
        (["book.arrivals.rate_per_day=1"], "holdings.low and holdings.high must be"),
        (
            ["book.arrivals.rate_per_day=900", "holdings.low=-9", "holdings.high=9"],
            "more than 20 orders per decision",
        ),
        (
            ["action.mode=discrete", "execution.option.maturity_days=30"],
            "discrete has no choice of options",
        ),
        (["action.mode=ratio"], "set execution.option"),
        (["execution.option.half_spread_points=-1"], "half_spread_points"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    settings: list[str], message: str | None
) -> None:
    if message is None:
        assert load_config("reference", settings=settings).n_instruments == 2
        return
    with pytest.raises(ConfigError, match=message) as caught:
        load_config("reference", settings=settings)
    assert "\n" not in str(caught.value)
