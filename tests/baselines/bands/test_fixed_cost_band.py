import numpy as np
import pytest

from hedge_env.baselines.bands.fixed_cost_band import FixedCostBand
from hedge_env.baselines.bands.gas_band import GasBand
from tests.baselines.markets import holds, target_of
from tests.baselines.test_contracts import many_decisions


def test_without_fixed_cost_it_is_delta_hedging():
    assert target_of(FixedCostBand(), fixed_cost=0.0) == 0.55


def test_the_edge_is_that_of_the_formula():
    edge = (12.0 * 2e-4 * 1.7**2 / 20.0) ** 0.25
    assert holds(FixedCostBand(1.0), delta=0.5, holdings=0.5 - 0.999 * edge)
    assert target_of(
        FixedCostBand(1.0), delta=0.5, holdings=0.5 - 1.001 * edge
    ) == pytest.approx(0.5)


def test_it_is_the_band_of_both_costs_without_the_proportional_one():
    values = many_decisions() | {"proportional_cost": np.zeros(400)}
    both = GasBand(risk_multiplier=1.0, snap=0.0, worth=0.0)
    np.testing.assert_allclose(
        FixedCostBand(1.0).target(values), both.target(values), atol=1e-12
    )


def test_dear_gas_widens_the_band():
    outside = {"delta": 0.5, "holdings": 0.36}
    assert not holds(FixedCostBand(1.0), **outside)
    assert holds(FixedCostBand(1.0), **outside, fixed_cost=2e-3)
