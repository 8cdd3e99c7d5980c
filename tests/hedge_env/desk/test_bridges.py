"""Bridges between two chains: when a transfer arrives, what it costs, what it takes."""

from __future__ import annotations

import pytest

from hedge_env.base import field
from tests.hedge_env.desk.test_chains import ask, chains, places

# The bridges that are in use, with the delays that they state.
BRIDGES = {
    "arbitrum-canonical": (6.4 * 24.0, 615),
    "anytrust-fast-withdrawal": (0.25, 1),
    "cctp-fast-from-ethereum": (20.0 / 3600.0, 1),
    "cctp-fast-from-a-rollup": (8.0 / 3600.0, 1),
    "cctp-standard-quickest": (13.0 / 60.0, 1),
    "cctp-standard-slowest": (19.0 / 60.0, 2),
    "across-slowest": (3.0 / 60.0, 1),
}


@pytest.mark.parametrize("name", BRIDGES)
def test_a_transfer_arrives_at_the_first_decision_after_its_delay(name: str) -> None:
    delay, decisions = BRIDGES[name]
    batch = chains(
        f", bridges: [{{delay_hours: {delay}}}]",
        "episode.decisions=700",
        "episode.decision_interval_hours=0.25",
    )
    ask(batch, 0.5, 0.0)
    ask(batch, 0.5, 0.3)
    waited = 1
    while batch.rows[field.IN_BRIDGE, 0] > 0.0:
        ask(batch, 0.5, batch.rows[field.ROLLUP_HOLDINGS, 0])
        waited += 1
    assert waited == decisions
    assert places(batch) == (pytest.approx(0.2), pytest.approx(0.3), 0.0)


def test_a_fee_of_a_basis_point_is_paid_on_either_leg() -> None:
    for fee in (0.0, 1.0, 14.0):
        batch = chains(f", bridges: [{{fee_bp: {fee}}}]")
        ask(batch, 0.5, 0.0)
        value = 0.5 * batch.rows[field.SPOT, 0]
        paid = ask(batch, 0.5, 0.5).get("bridge", 0.0)
        assert paid == pytest.approx(2.0 * fee * 1e-4 * value)


def test_a_transfer_takes_the_gas_of_both_chains() -> None:
    gas = "{half_life_days: 1, sd: 0}"
    batch = chains(
        ", gas_units: 4000000, bridges: [{gas_units: 90000}]",
        f"market.gas={{median_gwei: 20, slow: {gas}, fast: {gas}}}",
        "market.fees={rollup: {median_gwei: 0.5, half_life_days: 1, sd: 0}}",
        "execution.gas_units=100000",
    )
    contracts = batch.config.book.contracts
    ask(batch, 0.5, 0.0)
    spot = batch.rows[field.SPOT, 0]
    there = 4e6 * 0.5e-9 / contracts
    assert ask(batch, 0.5, 0.5) == {
        "bridge": pytest.approx((90_000 * 20e-9 / contracts + there) * spot)
    }
    spot = batch.rows[field.SPOT, 0]
    assert ask(batch, 0.6, 0.6)["gas"] == pytest.approx(there * spot)


def test_what_one_bridge_cannot_take_goes_over_the_next() -> None:
    notional = 100.0
    batch = chains(
        ", bridges: [{delay_hours: 1, daily_capacity: 10}, {delay_hours: 500}]",
        f"market.spot={notional}",
        "book.contracts=1",
        "episode.decision_interval_hours=6",
    )
    ask(batch, 0.8, 0.0)
    spot = batch.rows[field.SPOT, 0]
    ask(batch, 0.8, 0.5)
    first, second = 0.1 / spot, 0.5 - 0.1 / spot
    assert places(batch)[1:] == (pytest.approx(first), pytest.approx(second))
    # A quarter of a day later a quarter of a day's room is there again.
    assert batch.rows[field.BRIDGE_ROOM, 0] == pytest.approx(0.025)
    spot = batch.rows[field.SPOT, 0]
    ask(batch, 0.8, 0.7)  # the second bridge is busy
    assert places(batch)[1] == pytest.approx(first + 0.025 / spot)


def test_without_a_bridge_nothing_is_moved() -> None:
    batch = chains()
    ask(batch, 0.5, 0.0)
    assert ask(batch, 0.5, 0.5) == {}
    assert places(batch) == (pytest.approx(0.5), 0.0, 0.0)
