import numpy as np
import pytest

from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from tests.hedge_env.market.drive import start_rows


def rows_at(volatility: float, exponent: float) -> dict[str, np.ndarray]:
    """Quotes at the start with a constant volatility."""
    config: EnvConfig = load_config(
        "reference",
        {
            "market": {
                "volatility": {"level": volatility},
                "liquidity": {"exponent": exponent, "reference_volatility": 0.5},
            },
            "execution": {
                "fee_bp": 3.0,
                "half_spread_bp": 2.0,
                "depth": 1e6,
                "square_root_impact": 1.0,
            },
        },
    )
    return start_rows(config, 1)


@pytest.mark.parametrize("volatility", [0.1, 0.5, 2.0])
def test_liquidity_without_an_exponent_is_constant(volatility: float) -> None:
    assert rows_at(volatility, 0.0)["half_spread"] == 2e-4
    assert rows_at(volatility, 0.0)["impact_linear"] == 100.0 / 1e6


def test_liquidity_is_as_configured_at_the_reference_volatility() -> None:
    assert rows_at(0.5, 1.3)["half_spread"] == pytest.approx(2e-4, rel=1e-14)


def test_spread_and_impact_worsen_with_a_power_of_volatility() -> None:
    calm, wild = rows_at(0.5, 0.5), rows_at(2.0, 0.5)
    for name in ("half_spread", "impact_linear"):
        assert wild[name] == pytest.approx(2.0 * calm[name], rel=1e-14)
    # The square-root law has daily volatility itself as a further factor.
    assert wild["impact_sqrt"] == pytest.approx(8.0 * calm["impact_sqrt"], rel=1e-14)
    assert wild["proportional_cost"] == pytest.approx(3e-4 + 4e-4, rel=1e-14)
