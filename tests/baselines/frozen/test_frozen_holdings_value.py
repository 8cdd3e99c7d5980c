"""V by frozen programmes: exact where volatility stays, close where it moves."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env import load_config
from hedge_env.baselines.bands.zakamouline import Zakamouline
from hedge_env.baselines.frozen.frozen_holdings_value import (
    solve_frozen_value,
    suits_frozen_value,
)
from hedge_env.baselines.frozen.frozen_optimum import frozen_optimum
from hedge_env.baselines.optimum.dynamic_programming import solve
from hedge_env.baselines.optimum.optimal import OptimalPolicy
from hedge_env.baselines.value.certify import certify
from hedge_env.baselines.value.penalties import Careful

LAMBDA = 10.0
FEW = ("episode.decisions=5", "book.legs.0.maturity_days=5")


def test_where_volatility_stays_the_bound_is_the_optimum_on_every_path() -> None:
    config = load_config("cao-gbm-1m", settings=FEW)
    value = solve_frozen_value(config, LAMBDA)
    optimum = solve(config, LAMBDA, n_holdings=201)
    found = certify(config, value, [OptimalPolicy(optimum)], 20)
    gap = found.values[0] - found.lower
    assert found.lower.mean() == pytest.approx(optimum.value, rel=2e-3)
    assert found.lower.std() < 0.01 * optimum.value
    assert np.abs(gap).max() < 5e-3 * optimum.value


@pytest.mark.slow
def test_in_a_sabr_market_the_gap_is_less_than_a_hundredth() -> None:
    """Of J; a regressed V leaves 13 % there."""
    config = load_config("cao-sabr-1m")
    value = solve_frozen_value(config, LAMBDA)
    policies = [frozen_optimum(config, LAMBDA), Zakamouline()]
    found = certify(config, value, policies, 64, careful=Careful(draws=128))
    gaps = found.values - found.lower
    assert (gaps > -2e-5).all()  # bp of notional: the error of the grids
    assert gaps[0].mean() < 0.01 * found.values[0].mean()
    assert gaps[1].mean() > gaps[0].mean()


@pytest.mark.parametrize(
    ("preset", "suits"),
    [("cao-sabr-1m", True), ("poddar-heston", True), ("ethereum-l1", False)],
)
def test_it_is_for_markets_whose_state_is_spot_and_volatility(
    preset: str, suits: bool
) -> None:
    assert suits_frozen_value(load_config(preset)) is suits
