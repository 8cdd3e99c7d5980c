"""Advice where an order is split over several venues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from hedge_env.advice import Advice, Adviser, read_state
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.baselines import RULES
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.policies.policy_file import LearnedPolicy, describe_policy
from hedge_env.venues.route_quotes import quote_split
from hedge_env.venues.routes import several_venues
from tests.hedge_env.advice.test_adviser import state


def advise(document: dict[str, Any], *sets: str) -> Advice:
    adviser = Adviser(RULES["delta"](), load_config("split-venues", settings=sets))
    return adviser.advise(read_state(document), changes=False)


def desk(**other: Any) -> dict[str, Any]:
    """Short calls on 10 000 units, of which half are held."""
    large = state(gas_price=30.0, contracts=10_000.0, **other)
    large["legs"][0]["quantity"] = -10_000.0
    return {**large, "holdings": 5_000.0}


def test_the_trade_is_shared_out_by_name() -> None:
    advice = advise(desk())
    assert sum(advice.venues.values()) == pytest.approx(abs(advice.trade_value))
    assert set(advice.venues) == {"pool-5", "exchange", "solvers"}
    assert any(line.startswith("venues") for line in advice.lines())
    assert advice.to_document()["venues"] == advice.venues
    single = advise(desk(), "execution.split=single")
    assert list(single.venues.values()) == [pytest.approx(abs(single.trade_value))]
    assert 0.0 < advice.cost < single.cost


def test_a_smaller_desk_pays_less_for_its_impact_and_more_for_gas() -> None:
    large, small = advise(desk()), advise(state(gas_price=30.0))
    assert small.cost / abs(small.trade_value) < large.cost / abs(large.trade_value)
    assert "pool-5" not in small.venues  # its gas is more than it saves


def test_no_trade_is_shared_out_over_nothing() -> None:
    inside = desk()
    held = advise(inside)
    assert advise({**inside, "holdings": held.target}).venues == {}


@dataclass(frozen=True)
class Shared(Delta):
    """Delta, bought and sold where it is told to."""

    shares: tuple[float, ...] = ()

    def target(self, observables: Mapping[str, FloatArray]) -> FloatArray:
        holdings = super().target(observables)
        return np.hstack([holdings, np.tile(self.shares, (len(holdings), 1))])


def test_a_policy_says_itself_what_goes_where() -> None:
    own = load_config("split-venues", settings=["execution.split=policy"])
    document = read_state(desk())

    def asked(*shares: float) -> Advice:
        return Adviser(Shared(shares=shares), own).advise(document)

    best, least = asked(0.0, 0.0, 0.0, 0.0), advise(desk())
    assert best.venues == least.venues
    assert best.cost == least.cost
    some = asked(0.5, 0.0, 0.25, 0.25)
    whole = abs(some.trade_value)
    assert some.venues == pytest.approx(
        {"pool-5": 0.5 * whole, "exchange": 0.25 * whole, "solvers": 0.25 * whole}
    )
    assert some.cost > least.cost
    (line,) = [line for line in some.lines() if line.startswith("venues")]
    assert f"exchange {0.25 * whole:,.2f}" in line


def test_an_agent_that_splits_over_other_venues_is_refused() -> None:
    own = load_config("split-venues", settings=["execution.split=policy"])
    agent = LearnedPolicy(
        described := describe_policy(
            own, algorithm="ppo", hidden_layers=(), activation="tanh", squash="clip"
        ),
        [
            (
                np.zeros(described.layers[::-1], np.float32),
                np.zeros(described.layers[-1], np.float32),
            )
        ],
    )
    unhedged = {**desk(), "holdings": 0.0, "realised_volatility": 0.7, "skew": 0.0}
    equal = Adviser(agent, own).advise(read_state(unhedged), changes=False)
    assert equal.trade != 0.0
    parts = list(equal.venues.values())
    assert parts == pytest.approx([0.25 * abs(equal.trade_value)] * 4)
    with pytest.raises(ConfigError, match=r"over 4 venues, .* asks for 0 shares"):
        Adviser(agent, load_config("split-venues"))


@pytest.mark.parametrize("key", ["fee_bp", "half_spread_bp", "fixed_cost"])
def test_costs_of_a_single_venue_are_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="several venues"):
        advise({**desk(), "gas_price": None, key: 1.0})


def test_the_cost_is_what_the_ledger_charges() -> None:
    sure = ("execution.venues.3.fill_probability=1",)
    sure += ("execution.venues.3.improvement_probability=1",)
    config = load_config("split-venues", settings=sure)
    batch = HedgeBatch(config, 1)
    batch.reset(np.zeros(1))
    rows, routes = batch.rows.copy(), several_venues(config)
    record = batch.advance(np.array([[-0.3]]))
    value = float(record.traded[0] * rows[field.SPOT, 0])
    split = quote_split(rows, value, routes)
    assert split.cost == pytest.approx(record.cost[0], rel=1e-11)
    assert split.parts.sum() == pytest.approx(-value, rel=1e-12)
