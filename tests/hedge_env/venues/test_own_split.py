"""Orders that a policy itself splits over venues: the same costs, cut elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.errors import ConfigError
from hedge_env.base.tile import Tile
from hedge_env.base.types import FloatArray
from hedge_env.baselines import RULES
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.accounts import StepRecord
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.venues.cost_curve import N_TERMS
from hedge_env.venues.order_split import cut_by_shares, split_order
from hedge_env.venues.route_quotes import quote_split
from hedge_env.venues.routes import (
    MISSED,
    curves_at,
    several_venues,
)
from tests.support.examples import LATE, VENUES, full_config, stormy_config

N = 60
OWN = "execution.split=policy"
NO_END = "execution.charge_liquidation=false"
# Every venue fills every order, at a spread that is known beforehand.
SURE = (
    "execution.venues.4.fill_probability=1",
    "execution.venues.4.improvement_probability=1",
    "execution.venues.5.fill_probability=1",
)


def problem(*settings: str) -> EnvConfig:
    return full_config(*VENUES, *SURE, NO_END, *settings)


def started(config: EnvConfig, n: int = N) -> HedgeBatch:
    batch = HedgeBatch(config, n, seed=3)
    batch.reset(np.arange(n))
    return batch


def with_shares(holdings: FloatArray, shares: FloatArray) -> FloatArray:
    return np.hstack([holdings[:, None], np.broadcast_to(shares, (holdings.size, 6))])


def wanted(rng: np.random.Generator, batch: HedgeBatch) -> FloatArray:
    """Random holdings within their bounds, on some paths those that are held."""
    held = batch.rows[field.HOLDINGS]
    drawn = rng.uniform(batch.holdings_low, batch.holdings_high, held.size)
    return np.where(rng.random(held.size) < 0.3, held, drawn)


def compare(ours: StepRecord, theirs: StepRecord) -> None:
    np.testing.assert_allclose(
        ours.cost_components, theirs.cost_components, rtol=1e-12, atol=1e-15
    )
    np.testing.assert_array_equal(ours.traded, theirs.traded)


@pytest.mark.parametrize("place", range(6))
def test_all_on_one_venue_is_a_market_with_that_venue_alone(place: int) -> None:
    own = problem(OWN)
    venues = [own.execution.venues[place].model_dump(mode="json")]
    alone = load_config(problem(), {"execution": {"venues": venues}})
    one, other, rng = started(own), started(alone), np.random.default_rng(0)
    for _ in range(own.episode.decisions):
        target = wanted(rng, one)
        there = np.eye(6)[place] * rng.uniform(0.1, 3.0)  # in proportion
        compare(one.advance(with_shares(target, there)), other.advance(target[:, None]))
    assert one.totals.cost.min() > 0.0


def test_the_shares_of_least_cost_cost_the_least() -> None:
    own, rng = problem(OWN), np.random.default_rng(1)
    ours, best, worse = started(own), started(problem()), started(own)
    routes, more = several_venues(own), 0
    for _ in range(own.episode.decisions):
        target, rows = wanted(rng, ours), ours.rows
        value = (target - rows[field.HOLDINGS]) * rows[field.SPOT]
        shares = np.array(
            [quote_split(rows[:, i : i + 1], value[i], routes).parts for i in range(N)]
        )
        others = rng.dirichlet(np.full(6, 0.5), N)
        records = [
            ours.advance(with_shares(target, shares)),
            best.advance(target[:, None]),
            worse.advance(with_shares(target, others)),
        ]
        compare(records[0], records[1])
        over = records[2].cost - records[1].cost
        assert (over >= -1e-13).all()
        more += int((over > 1e-6).sum())
    assert more > 10 * N


def test_an_order_is_charged_as_its_parts_alone() -> None:
    """Fixed cost once at each venue that gets something, and at no other."""
    own = problem(OWN)
    batch, routes = started(own), several_venues(own)
    shares = np.array([0.5, 0.0, 0.2, 0.3, 0.0, 0.0])
    record = batch.advance(with_shares(np.full(N, 0.4), shares))
    start = started(own)
    gas = start.rows[field.GAS_PRICE] * start.rows[field.SPOT]
    paid = dict(zip(COST_COMPONENTS, record.cost_components, strict=True))
    np.testing.assert_allclose(
        paid["gas"], routes.venues.gas_factor[0] * gas, rtol=1e-12
    )
    assert routes.venues.fixed[1] > 0.0
    assert not paid["fixed"].any()
    curves = np.empty((N_TERMS, 6))
    for i in range(N):
        curves_at(Tile(start.rows, 0, N), i, curves, routes.venues)
        parts = [0.4 * start.rows[field.SPOT, i] * share for share in shares]
        alone = [
            split_order(part, [tuple(curves[:, j])]).cost
            for j, part in enumerate(parts)
        ]
        without = record.cost[i] - paid["funding"][i]
        assert without == pytest.approx(sum(alone), rel=1e-12)


@pytest.mark.parametrize("settings", [(), LATE])
def test_who_gives_no_shares_has_the_split_of_least_cost(
    settings: tuple[str, ...],
) -> None:
    own = stormy_config(*VENUES, *settings, OWN)
    plain = load_config(own, settings=["execution.split=optimal"])
    ours, none, theirs = started(own), started(own), started(plain)
    rng = np.random.default_rng(2)
    for _ in range(own.episode.decisions):
        target = wanted(rng, ours)
        ours.advance(target[:, None])
        none.advance(with_shares(target, np.zeros(6)))
        theirs.advance(target[:, None])
        np.testing.assert_array_equal(ours.rows, theirs.rows)
        np.testing.assert_array_equal(none.rows, theirs.rows)
    np.testing.assert_array_equal(ours.totals.rows, theirs.totals.rows)
    np.testing.assert_array_equal(none.totals.rows, theirs.totals.rows)


def test_rules_do_what_they_do_where_orders_are_split_for_them() -> None:
    plain = load_config("split-venues", settings=["episode.decisions=30"])
    own = load_config(plain, settings=[OWN])
    for name in ("whalley-wilmott", "delta"):
        policy = RULES[name]()
        (one,) = evaluate([(policy, 10.0)], own, n_episodes=N)
        (other,) = evaluate([(policy, 10.0)], plain, n_episodes=N)
        np.testing.assert_array_equal(one.cost_components, other.cost_components)
        np.testing.assert_array_equal(one.tracking, other.tracking)


def test_what_is_closed_at_the_end_is_split_at_least_cost() -> None:
    settings = ("execution.charge_liquidation=true", "episode.decisions=2")
    ours, theirs = started(problem(OWN, *settings)), started(problem(*settings))
    dear = np.eye(6)[3]
    ours.advance(np.full((N, 1), 0.5))
    theirs.advance(np.full((N, 1), 0.5))
    held = ours.rows[field.HOLDINGS].copy()
    compare(ours.advance(with_shares(held, dear)), theirs.advance(held[:, None]))
    assert not ours.rows[field.HOLDINGS].any()


def test_a_part_that_nobody_fills_stays_undone() -> None:
    own = full_config(*VENUES, OWN, NO_END)
    batch = started(own, 400)
    luck = batch.rows[field.VENUE_LUCK].astype(int) // 4**4 % 4
    record = batch.advance(np.tile([0.4, 0.0, 0.0, 0.25, 0.0, 0.75, 0.0], (400, 1)))
    missed = luck == MISSED
    assert 50 < missed.sum() < 350
    np.testing.assert_allclose(record.traded[missed], 0.1, rtol=1e-13)
    np.testing.assert_array_equal(record.traded[~missed], 0.4)


def test_shares_count_in_proportion() -> None:
    one, other = started(problem(OWN)), started(problem(OWN))
    shares = np.array([0.1, 0.2, 0.0, 0.3, 0.4, 0.0])
    compare(
        one.advance(with_shares(np.full(N, 0.3), shares)),
        other.advance(with_shares(np.full(N, 0.3), 7.0 * shares)),
    )
    parts = np.array([1.0, 3.0])
    assert cut_by_shares(2.0, parts)
    np.testing.assert_array_equal(parts, [0.5, 1.5])
    assert not cut_by_shares(2.0, np.zeros(2))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -0.1])
def test_shares_that_are_none_are_refused(wrong: float) -> None:
    batch = started(problem(OWN))
    before = batch.rows.copy()
    shares = np.array([0.5, 0.5, 0.0, 0.0, wrong, 0.0])
    with pytest.raises(ValueError, match="shares of venues: give numbers of at least"):
        batch.advance(with_shares(np.full(N, 0.3), shares))
    np.testing.assert_array_equal(batch.rows, before)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("execution.venues=[{kind: order-book}]",), "venues lists 1; add some"),
        (("execution.venues=[]",), "venues lists 0; add some"),
        (("action.mode=discrete",), "a grid of holdings has no shares of venues"),
        (("execution.keeper={interval_hours: 4}",), r"set execution\.venues = \[\]"),
        (("execution.rollup={}",), "rollup does not go with venues"),
        (
            (
                "book.legs=[{kind: amm, low: 0.9, high: 1.1, recentre: {by: policy}}]",
                "holdings={low: -1, high: 1}",
                "execution.instrument=perp",
            ),
            r"recentre\.by = policy needs execution\.split = optimal",
        ),
    ],
)
def test_what_it_has_no_place_beside(settings: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        load_config("split-venues", settings=[OWN, *settings])
    assert "\n" not in str(refused.value)
