import numpy as np
import pytest

from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.venues.venue import venue_params


def config_of(**execution: float) -> EnvConfig:
    """Notional 2000 * 10 = 20 000."""
    return load_config(
        "ethereum-l1",
        {"market": {"spot": 2000.0}, "execution": execution},
        ["book.contracts=10", "episode.days_per_year=365"],
    )


def test_basis_points_become_fractions() -> None:
    p = venue_params(config_of(fee_bp=5.0, half_spread_bp=0.5, fixed_cost_bp=2.0), 0.0)
    assert (p.proportional, p.half_spread, p.fixed) == pytest.approx((5e-4, 5e-5, 2e-4))


def test_gas_is_a_fraction_of_notional() -> None:
    # 150 000 units at 40 gwei are 0.006 ETH, 12 at spot 2000, 6 bp of 20 000.
    p = venue_params(config_of(gas_units=150_000.0), mean_gas_price=40.0)
    assert p.gas_factor * 40.0 == pytest.approx(6e-4, rel=1e-12)
    assert p.mean_fixed_cost == pytest.approx(p.fixed + 6e-4, rel=1e-12)


def test_linear_impact_is_value_over_depth() -> None:
    # Buying for 20 000 in a pool of depth 1 million costs 20 000^2 / 1e6 = 400, 2 %.
    p = venue_params(config_of(depth=1e6), 0.0)
    assert p.impact_linear * 1.0**2 == pytest.approx(0.02, rel=1e-12)
    assert venue_params(load_config("reference"), 0.0).impact_linear == 0.0


def test_square_root_impact_is_daily_volatility_at_the_daily_volume() -> None:
    # A trade of a whole day's volume moves the price by Y daily deviations.
    p = venue_params(config_of(square_root_impact=0.8, daily_volume=20_000.0), 0.0)
    volatility = 0.6
    moved = p.impact_sqrt * volatility * p.sqrt_day * np.sqrt(1.0)
    assert moved == pytest.approx(0.8 * 0.6 / np.sqrt(365), rel=1e-12)
    quarter = venue_params(config_of(square_root_impact=0.8, daily_volume=80_000.0), 0)
    assert quarter.impact_sqrt == pytest.approx(p.impact_sqrt / 2.0, rel=1e-12)
