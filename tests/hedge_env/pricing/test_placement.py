"""Where to trade on two chains, and when to move inventory: by hand, and at limits."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base.types import FloatArray
from hedge_env.pricing.placement import (
    cost_at_home,
    cost_on_rollup,
    inventory_move,
    is_cheaper_there,
    placed,
)

NOW = {
    "spot": 2.0,
    "holdings": 0.5,
    "fixed_cost": 1e-3,
    "proportional_cost": 5e-4,
    "impact_linear": 1e-3,
    "rollup_fixed_cost": 1e-5,
    "rollup_proportional_cost": 6e-4,
    "rollup_impact": 0.02,
    "rollup_holdings": 0.2,
    "rollup_stock": 0.2,
    "rollup_room": 0.1,
    "home_stock": 0.3,
    "home_room": 1.0,
    "bridge_units": 0.0,
    "bridge_room": 1.0,
}


def observed(**changes: float) -> dict[str, FloatArray]:
    return {name: np.array([value]) for name, value in (NOW | changes).items()}


def test_costs_by_hand() -> None:
    value = np.array([0.3])
    assert cost_at_home(observed(), value)[0] == pytest.approx(
        1e-3 + 5e-4 * 0.3 + 1e-3 * 0.09
    )
    assert cost_on_rollup(observed(), value)[0] == pytest.approx(
        1e-5 + 6e-4 * 0.3 + 0.02 * 0.09
    )


def test_small_orders_go_to_the_rollup_and_large_ones_home() -> None:
    # 1e-5 + 6e-4 v + .02 v^2 = 1e-3 + 5e-4 v + .001 v^2 at v = .2256.
    border = (-1e-4 + np.sqrt(1e-8 + 4 * 0.019 * 9.9e-4)) / (2 * 0.019)
    for factor, there in ((0.99, True), (1.01, False)):
        for sign in (1.0, -1.0):
            order = np.array([sign * factor * border / NOW["spot"]])
            assert is_cheaper_there(observed(), order, 0.0)[0] == there


def test_a_preference_is_how_many_times_as_dear_it_may_be() -> None:
    order = np.array([0.3])
    value = order * NOW["spot"]
    ratio = cost_on_rollup(observed(), value) / cost_at_home(observed(), value)
    assert ratio[0] > 1.0
    assert not is_cheaper_there(observed(), order, np.log(ratio) - 1e-9)[0]
    assert is_cheaper_there(observed(), order, np.log(ratio) + 1e-9)[0]


@pytest.mark.parametrize(
    ("total", "there"),
    [
        (0.55, 0.25),  # bought on the rollup
        (0.45, 0.15),
        (0.59, 0.29),
        (0.61, 0.30),  # as much as there is room for, where it is still cheaper
        (0.9, 0.2),  # too large for it: bought at home
        (0.1, 0.1),  # sold at home, as far as there is any; the rest there
    ],
)
def test_an_order_is_placed_where_it_is_cheap_and_fits(
    total: float, there: float
) -> None:
    found = placed(observed(), np.array([total]), threshold=0.0)
    assert found[0] == pytest.approx(there)


def test_inventory_is_moved_at_the_threshold_to_the_middle() -> None:
    for stock, room, expected in (
        (0.0299, 0.2701, 0.1201),
        (0.0301, 0.2699, 0.0),
        (0.2701, 0.0299, -0.1201),
        (0.2699, 0.0301, 0.0),
        (0.0, 0.3, 0.15),
    ):
        moved = inventory_move(observed(rollup_stock=stock, rollup_room=room), 0.1)
        assert moved[0] == pytest.approx(expected, abs=1e-15)


def test_a_threshold_of_zero_never_moves_any() -> None:
    assert inventory_move(observed(rollup_stock=0.0, rollup_room=0.3), 0.0)[0] == 0.0


def test_only_what_can_be_moved_is() -> None:
    empty = {"rollup_stock": 0.0, "rollup_room": 0.3}
    assert inventory_move(observed(**empty, home_stock=0.05), 0.1)[0] == 0.05
    assert inventory_move(observed(**empty, bridge_room=0.1), 0.1)[0] == 0.05
    assert inventory_move(observed(**empty, bridge_units=0.1), 0.1)[0] == 0.0
    full = {"rollup_stock": 0.3, "rollup_room": 0.0}
    assert inventory_move(observed(**full, home_room=0.05), 0.1)[0] == -0.05
    endless = {"rollup_stock": 1e9, "rollup_room": 1e9}
    assert inventory_move(observed(**endless), 0.5)[0] == 0.0
    none = {"rollup_stock": 0.0, "rollup_room": 0.0}
    assert inventory_move(observed(**none), 0.5)[0] == 0.0


def test_nothing_is_moved_at_a_decision_with_a_trade() -> None:
    empty = observed(rollup_stock=0.0, rollup_room=0.3, rollup_holdings=0.0)
    still = placed(empty, np.array([0.5]), threshold=0.1)
    assert still[0] == pytest.approx(0.15)
    assert placed(empty, np.array([0.55]), threshold=0.1)[0] == pytest.approx(0.05)
