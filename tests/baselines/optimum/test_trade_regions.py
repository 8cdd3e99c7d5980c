from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base.types import FloatArray
from hedge_env.baselines.optimum.trade_regions import (
    HOLD,
    RegionWriter,
    TradeRegions,
    look_up,
)

SHAPE = (3, 4, 2)  # decisions, spots, gas states
HOLDINGS = np.linspace(0.0, 1.0, 6)


def some_targets() -> np.ndarray:
    """Random intervals, shape (decisions, spots, gas, holdings)."""
    rng = np.random.default_rng(0)
    targets = rng.choice([0, 2, 5, HOLD], size=(*SHAPE, HOLDINGS.size))
    return targets.astype(np.uint16)


def written(targets: np.ndarray) -> TradeRegions:
    writer = RegionWriter(SHAPE)
    for step in reversed(range(SHAPE[0])):
        writer.add(targets[step])
    return writer.regions()


def asked(regions: TradeRegions, place: float, gas: float, held: float) -> float:
    """Target at the second decision."""
    out = np.empty(1)
    log_gas: FloatArray = np.array([[-1.0, 1.0], [-0.5, 0.5], [-1.0, 1.0]])
    look_up(
        regions.first,
        regions.last,
        regions.target,
        HOLDINGS,
        log_gas,
        -0.3,
        0.1,
        SHAPE[1],
        np.array([-0.3 + 0.1 * place]),
        np.array([gas]),
        np.array([held]),
        np.array([1]),
        out,
    )
    return float(out[0])


def test_what_is_written_is_read_back() -> None:
    targets = some_targets()
    regions = written(targets)
    for step in range(SHAPE[0]):
        for gas in range(SHAPE[2]):
            np.testing.assert_array_equal(regions.at(step, gas), targets[step, :, gas])
    assert regions.last.size < targets.size


@pytest.mark.parametrize("gas", [0, 1])
def test_on_the_grid_the_policy_is_what_was_written(gas: int) -> None:
    targets = some_targets()
    regions = written(targets)
    for spot in range(SHAPE[1] - 1):
        for h, held in enumerate(HOLDINGS):
            index = targets[1, spot, gas, h]
            expected = held if index == HOLD else HOLDINGS[index]
            found = asked(regions, spot + 1e-9, gas - 0.4, held)
            assert found == pytest.approx(expected, abs=1e-8)


def test_between_two_spots_targets_are_mixed_unless_one_is_nothing() -> None:
    targets = np.full((*SHAPE, 6), HOLD, dtype=np.uint16)
    targets[1, 0, 0], targets[1, 1, 0], targets[1, 2, 0] = 2, 4, 0
    regions = written(targets)
    assert asked(regions, 0.25, -1.0, 0.6) == pytest.approx(0.5)
    assert asked(regions, 1.25, -1.0, 0.6) == pytest.approx(0.8)
    assert asked(regions, 1.75, -1.0, 0.6) == 0.0
    assert asked(regions, 2.75, -1.0, 0.6) == 0.6  # the nearer node holds
    assert asked(regions, 0.25, 1.0, 0.61) == 0.61  # dear gas: exactly as held


def test_beyond_the_grid_the_end_of_the_grid_decides() -> None:
    targets = np.full((*SHAPE, 6), 3, dtype=np.uint16)
    regions = written(targets)
    for place in (-5.0, 9.0):
        assert asked(regions, place, 0.0, 0.2) == pytest.approx(HOLDINGS[3])
