"""Books of everlasting options and power perpetuals: funding, identities, limits."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env import load_config
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.baselines.deltas.no_hedge import NoHedge
from hedge_env.config import EnvConfig
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.evaluate import evaluate

FREE = ("execution.fee_bp=0", "execution.half_spread_bp=0", "execution.fixed_cost_bp=0")
POSITIONS = (
    {"kind": "everlasting", "option": "call"},
    {"kind": "everlasting", "option": "put", "moneyness": 1.1},
    {"kind": "everlasting", "payments": 7},
    {"kind": "power"},
    {"kind": "power", "power": 0.5, "funding_days": 7.0},
    {"kind": "power", "power": -1.0, "funding_days": 7.0, "payments": 7},
)


def problem(*legs: dict[str, object], settings: tuple[str, ...] = ()) -> EnvConfig:
    document = {"book": {"legs": list(legs)}, "holdings": {"low": -9.0, "high": 9.0}}
    return load_config("reference", document, settings=(*FREE, *settings))


def started(config: EnvConfig, n: int = 3) -> HedgeBatch:
    batch = HedgeBatch(config, n, seed=0, stream="test")
    batch.reset(np.arange(n))
    return batch


@pytest.mark.parametrize("leg", POSITIONS, ids=str)
def test_a_delta_hedger_of_a_fair_contract_loses_nothing_on_average(leg) -> None:
    """Funding is what gamma costs: what is left has mean zero."""
    config = problem(leg, settings=("episode.decisions=90",))
    delta, none = evaluate(
        [(Delta(), 10.0), (NoHedge(), 10.0)], config, n_episodes=4000
    )
    error = delta.tracking.std() / np.sqrt(delta.n_episodes)
    # Trapezoids of funding and a step of 4 hours leave a part of the second order.
    assert abs(delta.tracking.mean()) < 4.0 * error + 2e-5
    assert delta.tracking.var() < 0.1 * none.tracking.var()


@pytest.mark.parametrize("leg", POSITIONS, ids=str)
def test_a_short_position_is_the_negative_of_a_long_one(leg) -> None:
    long, short = (started(problem({**leg, "quantity": q})) for q in (1.5, -1.5))
    for _ in range(60):
        for row in (field.BOOK_VALUE, field.DELTA, field.GAMMA, field.VEGA):
            np.testing.assert_array_equal(long.rows[row], -short.rows[row])
        for batch in (long, short):
            batch.advance(np.zeros((3, 1)))


def test_call_less_put_is_a_forward_and_its_funding_is_what_separates_them() -> None:
    """Both pay the same: mark less payoff is one time value."""
    legs = (
        {"kind": "everlasting", "option": "call", "quantity": 1.0},
        {"kind": "everlasting", "option": "put", "quantity": -1.0},
    )
    batch = started(problem(*legs))
    for _ in range(40):
        np.testing.assert_allclose(
            batch.rows[field.BOOK_VALUE], batch.rows[field.SPOT] - 1.0, atol=1e-13
        )
        np.testing.assert_allclose(batch.rows[field.DELTA], -1.0, rtol=1e-13)
        batch.advance(np.zeros((3, 1)))


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_without_curvature_nothing_is_paid(power: float) -> None:
    leg = {"kind": "power", "power": power, "quantity": 1.0}
    batch = started(problem(leg))
    for _ in range(20):
        spot = batch.rows[field.SPOT]
        np.testing.assert_allclose(
            batch.rows[field.BOOK_VALUE], spot**power, rtol=1e-13
        )
        np.testing.assert_allclose(batch.rows[field.DELTA], -power, atol=1e-13)
        batch.advance(np.zeros((3, 1)))


def test_payments_are_made_when_they_are_due_and_not_before() -> None:
    """Seven in a week are one a day, at every sixth decision."""
    leg = {"kind": "everlasting", "quantity": 1.0, "payments": 7}
    batch = started(problem(leg))
    earlier = np.zeros(3)
    for step in range(1, 25):
        batch.advance(np.zeros((3, 1)))
        state = batch.state_dict()
        (name,) = (key for key in state if key.endswith("memory.everlasting"))
        owed, paid = state[name]
        due = owed / 8.0 if step % 6 == 0 else 0.0
        np.testing.assert_allclose(paid - earlier, due, atol=1e-15)
        earlier = paid.copy()


@pytest.mark.parametrize(
    ("leg", "message"),
    [
        ({"kind": "everlasting", "payments": 5}, "33.6 hours apart"),
        ({"kind": "everlasting", "payments": 0}, "payments"),
        ({"kind": "everlasting", "option": "cal"}, "option"),
        ({"kind": "power", "power": 9.0}, "power"),
        ({"kind": "power", "funding_days": 0.0}, "funding_days"),
    ],
)
def test_a_contract_that_cannot_be_is_refused_in_one_line(leg, message) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        problem(leg)
    assert "\n" not in str(caught.value)


def test_the_hedge_of_an_option_has_a_bound_and_that_of_a_power_none() -> None:
    leg = {"kind": "everlasting", "quantity": -2.0}
    assert load_config("reference", {"book": {"legs": [leg]}}).holdings_bounds == (
        0.0,
        2.0,
    )
    with pytest.raises(ConfigError, match=r"holdings\.low and"):
        load_config("reference", {"book": {"legs": [{"kind": "power"}]}})
