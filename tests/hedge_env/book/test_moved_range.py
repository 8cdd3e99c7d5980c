"""A range of liquidity that the policy moves: the rule's physics, decided elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.reward_params import require_reward
from hedge_env.base import field
from hedge_env.base.account_rows import RECENTRING
from hedge_env.base.errors import ConfigError, HedgeError
from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.baselines import RULES
from hedge_env.baselines.capabilities import BOUNDED, FUSED_EPISODES, unknown_keys
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.baselines.optimum.lower_bound import require_exogenous
from hedge_env.baselines.rule.moved_range import rule_in
from hedge_env.baselines.tuning.fused_episodes import can_roll_out
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.feeds.tape import record_tape
from hedge_env.risk.path_moments import why_no_moments

N = 64
BY = "book.legs.0.recentre.by=policy"
KEY = r"book\.legs\.0\.recentre\.by"
FREE = (
    "book.legs.0.recentre.swap_bp=0",
    "book.legs.0.recentre.gas_units=0",
)


def problem(*settings: str) -> EnvConfig:
    """The preset over ten days, its range moved by whoever `settings` say."""
    return load_config("lp-recentred", settings=["episode.decisions=60", *settings])


def started(config: EnvConfig) -> HedgeBatch:
    batch = HedgeBatch(config, N, seed=0, stream="test")
    batch.reset(np.arange(N))
    return batch


def ordered(batch: HedgeBatch, moved: BoolArray | bool) -> FloatArray:
    """Delta of the range as it then is, and an order."""
    order = np.broadcast_to(moved, N).astype(np.float64)
    seen = batch.observables()
    return np.stack([seen["delta"] + order * seen["recentring_delta"], order], axis=1)


def close(found: FloatArray, expected: FloatArray) -> None:
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("at", [0.3, 1.0])
def test_orders_where_the_rule_would_move_give_its_numbers(at: float) -> None:
    by_rule = started(problem(f"book.legs.0.recentre.at={at}"))
    by_policy, orders, spent = started(problem(BY)), 0, np.zeros(N)
    for _ in range(by_rule.n_decisions):
        ruled, seen = by_rule.observables(), by_policy.observables()
        moved = np.abs(seen["range_place"]) >= at
        orders += int(moved.sum())
        # The rule has moved by the time anybody decides, and paid out of the book.
        spent += np.where(moved, seen["recentring_cost"], 0.0)
        close(seen["book_value"] - spent, ruled["book_value"])
        for name in ("delta", "gamma"):
            change = np.where(moved, seen[f"recentring_{name}"], 0.0)
            close(seen[name] + change, ruled[name])
        by_policy.advance(ordered(by_policy, moved))
        by_rule.advance(ruled["delta"][:, None])
    assert orders > 10
    last = by_policy.observables()
    due = np.abs(last["range_place"]) >= at
    left = np.where(due, last["recentring_cost"], 0.0)  # the rule moves at the end too
    ours, theirs = by_policy.totals, by_rule.totals
    close(ours.cost_components[:RECENTRING], theirs.cost_components[:RECENTRING])
    close(ours.cost_components[RECENTRING], spent)
    close(ours.hedge_pnl, theirs.hedge_pnl)
    close(ours.book_pnl - spent - left, theirs.book_pnl)
    close(ours.net_loss + left, theirs.net_loss)


def test_without_costs_the_squares_are_the_same_too() -> None:
    ruled = problem("book.legs.0.recentre.at=0.4", *FREE)
    asked = problem("book.legs.0.recentre.at=0.4", *FREE, BY)
    policy = rule_in(Delta, asked)()
    assert policy.params["recentre_at"] == 0.4
    (one,) = evaluate([(policy, 10.0)], asked, n_episodes=N)
    (other,) = evaluate([(Delta(), 10.0)], ruled, n_episodes=N)
    close(one.squared_increments, other.squared_increments)
    close(one.tracking, other.tracking)
    close(one.cost_components, other.cost_components)


def test_who_orders_nothing_has_a_range_that_stays() -> None:
    still = load_config(problem(), settings=["book.legs.0.recentre=null"])
    (none,) = evaluate([(Delta(), 10.0)], problem(BY), n_episodes=N)
    (never,) = evaluate([(Delta(), 10.0)], still, n_episodes=N)
    np.testing.assert_array_equal(none.tracking, never.tracking)


def test_every_unit_is_accounted_for_under_random_orders() -> None:
    batch, rng = started(problem(BY)), np.random.default_rng(1)
    value = batch.rows[field.BOOK_VALUE].copy()
    start, cost, moved = value.copy(), np.zeros(N), np.zeros(N)
    for _ in range(batch.n_decisions):
        seen = batch.observables()
        order = rng.uniform(-1.0, 0.3, N)
        target = np.stack([rng.uniform(-1.5, 0.0, N), order], axis=1)
        moved += np.where(order > 0.0, seen["recentring_cost"], 0.0)
        record = batch.advance(target)
        value += record.book_pnl
        cost += record.cost
        close(value, batch.rows[field.BOOK_VALUE])
        close(record.tracking_increment, record.hedge_pnl + record.book_pnl)
    totals = batch.totals
    close(totals.cost, cost)
    close(totals.book_pnl, batch.rows[field.BOOK_VALUE] - start)
    close(totals.net_loss, cost - totals.hedge_pnl - totals.book_pnl)
    assert (moved > 0.0).all()


def test_a_range_around_the_price_stays_and_costs_nothing() -> None:
    asked, still = started(problem(BY)), started(problem(BY))
    assert not asked.observables()["recentring_cost"].any()
    assert not asked.observables()["range_place"].any()
    asked.advance(ordered(asked, True))
    still.advance(ordered(still, False))
    np.testing.assert_array_equal(asked.rows, still.rows)


def test_an_order_costs_what_was_quoted() -> None:
    """Swap and gas, a cost of the decision that leaves the book's value alone."""
    dear, free = started(problem(BY)), started(problem(BY, *FREE))
    for moved in (False, True):
        seen = dear.observables()["recentring_cost"].copy()
        records = [batch.advance(ordered(batch, moved)) for batch in (dear, free)]
        close(records[1].book_pnl, records[0].book_pnl)
        paid = records[0].cost - records[1].cost
        close(paid, seen if moved else np.zeros(N))
        close(paid, records[0].cost_components[RECENTRING])
    assert (seen > 1e-6).all()


def test_after_the_end_an_order_is_passed_over() -> None:
    batch = started(problem(BY, "episode.decisions=2"))
    for moved in (False, False, True):
        batch.advance(ordered(batch, moved))
        value = batch.rows[field.BOOK_VALUE].copy()
    place = batch.rows[field.RANGE_PLACE]
    assert np.abs(place).min() > 0.0
    np.testing.assert_array_equal(batch.rows[field.BOOK_VALUE], value)


def test_orders_go_on_from_a_saved_state() -> None:
    one, other = started(problem(BY)), started(problem(BY))
    for moved in (False, True, False):
        one.advance(ordered(one, moved))
    other.load_state_dict(one.state_dict())
    for batch in (one, other):
        batch.advance(ordered(batch, True))
    np.testing.assert_array_equal(one.rows, other.rows)


@pytest.mark.parametrize("mode", ["band", "band_free", "band_edges", "target"])
def test_the_last_entry_of_an_action_moves_the_range(mode: str) -> None:
    config = problem(BY)
    decoder, plain = ActionDecoder(config, mode), ActionDecoder(problem(), mode)
    (size,) = decoder.shape
    assert decoder.shape == (plain.shape[0] + 1,)
    batch = started(config)
    batch.advance(ordered(batch, False))
    action = np.zeros((N, size))
    action[:, -1] = np.resize([-1.0, 0.0, 0.01, 1.0], N)
    target = decoder.decode(action, batch.seen)
    np.testing.assert_array_equal(target[:, 1], np.resize([0.0, 0.0, 1.0, 1.0], N))
    if mode == "band":  # the zero action goes to the edge of the band after the move
        rows = batch.rows
        where = target[:, 1] > 0.0
        centre = rows[field.DELTA] + where * rows[field.RECENTRING_DELTA]
        assert np.abs(target[:, 0] - centre).max() < 0.2
        assert np.abs(rows[field.RECENTRING_DELTA]).max() > 1e-3


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("execution.option={}",), r"needs execution\.option = null"),
        (("execution.keeper={interval_hours: 4}",), r"needs execution\.keeper = null"),
        (("action.mode=discrete",), r"needs action\.mode = band"),
    ],
)
def test_what_it_has_no_place_beside(settings: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=f"{KEY} = policy {said}"):
        problem(BY, *settings)


def test_a_policy_decides_about_one_range() -> None:
    (leg,) = problem(BY).model_dump(mode="json")["book"]["legs"]
    with pytest.raises(ConfigError, match=r"legs\.1\.recentre\.by = policy, and"):
        load_config(problem(), {"book": {"legs": [leg, leg]}})


def test_no_grid_of_holdings_decides_about_a_range() -> None:
    with pytest.raises(ConfigError, match="discrete has no choice of a range"):
        ActionDecoder(problem(BY), "discrete")


def test_what_needs_paths_that_nothing_answers_to_is_refused() -> None:
    config = problem(BY)
    assert not unknown_keys(problem(), BOUNDED)
    assert unknown_keys(config, BOUNDED) == ["book.legs.0.recentre.by"]
    assert unknown_keys(config, FUSED_EPISODES) == ["book.legs.0.recentre.by"]
    assert can_roll_out(RULES["gamma-band"], problem())
    assert not can_roll_out(RULES["gamma-band"], config)
    assert "recentre.by" in str(why_no_moments(config))
    assert why_no_moments(problem()) is None
    with pytest.raises(HedgeError, match=KEY):
        require_exogenous(config)
    with pytest.raises(ConfigError, match=KEY):
        require_reward(load_config(config, settings=["reward.name=expected"]))


def test_a_tape_of_another_market_is_refused() -> None:
    tape = record_tape(problem(), np.arange(N), seed=0, stream="test")
    batch = HedgeBatch(problem(BY), N, market=tape.open())
    batch.reset(np.arange(N))
    with pytest.raises(ValueError, match="a tape cannot answer"):
        batch.advance(ordered(batch, False))
