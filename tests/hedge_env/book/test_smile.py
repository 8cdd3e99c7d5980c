"""What options are priced by: the regime, or how deep volatility is in it."""

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.book.listed_options import least_rows
from hedge_env.config.loading import load_config
from hedge_env.feeds.quoted_paths import QuotedPaths
from hedge_env.feeds.simulated import quote_params
from hedge_env.market.engine import market_state
from hedge_env.numerics.philox import stream_key

N = 1024
REGIME = (
    "market.regime.calm_days=30",
    "market.regime.stress_days=30",
    "market.regime.volatility=3.0",
    "market.surface.reaction=1.0",
)


def implied_by_day(*settings: str):
    """Changes of log implied volatility and of the regime, both (k, n)."""
    config = load_config("ethereum-l1", settings=(*REGIME, *settings))
    quotes, everyone = quote_params(config), np.ones(N, dtype=np.bool_)
    paths = QuotedPaths(quotes, N, stream_key(5, "test"), config)
    rows = np.zeros((least_rows(quotes.listed.n_slots), N))
    paths.start(np.arange(N), everyone)
    paths.quote_start(rows, everyone)
    levels, regimes = [], []
    for _ in range(60):
        levels.append(np.log(rows[field.IMPLIED_VOLATILITY]))
        regimes.append(paths.state[market_state.STRESS].copy())
        paths.quote(rows, advance=True)
    return np.diff(levels, axis=0), np.diff(regimes, axis=0)


def test_implied_volatility_does_not_jump_when_nobody_can_see_why():
    slow = "market.regime.volatility_half_life_days=8"
    changes, switched = implied_by_day(slow, "market.surface.sees=depth")
    told, also = implied_by_day(slow)
    np.testing.assert_array_equal(switched, also)
    entered, stayed = switched > 0.0, switched == 0.0
    assert entered.sum() > 100
    # Four hours after stress has begun a sixtieth of the way is gone.
    assert abs(changes[entered].mean()) < 0.05
    assert told[entered].mean() > 0.2
    assert changes[entered].std() < 1.5 * changes[stayed].std()


def test_where_stress_is_as_deep_as_it_gets_both_are_the_same():
    # A thousandth of a market step: the depth is the regime, to rounding.
    fast = "market.regime.volatility_half_life_days=1e-4"
    seen, _ = implied_by_day(fast, "market.surface.sees=depth")
    told, _ = implied_by_day(fast)
    np.testing.assert_allclose(seen, told, rtol=0.0, atol=1e-9)


def test_depth_without_a_way_to_it_is_refused():
    with pytest.raises(ConfigError, match="volatility_half_life_days"):
        load_config("ethereum-l1", settings=("market.surface.sees=depth",))
