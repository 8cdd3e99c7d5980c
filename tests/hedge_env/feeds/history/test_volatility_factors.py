"""What a recorded market makes of the volatility of a simulated one."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.config.loading import load_config
from hedge_env.feeds.history.volatility_factors import without_regime

REGIME = {"calm_days": 180.0, "stress_days": 120.0, "volatility": 3.0, "jumps": 4.0}


def test_a_market_without_regime_is_what_it_was():
    config = load_config("deribit", {"market": {"regime": None}})
    assert without_regime(config) is config


def test_the_slow_factor_takes_over_what_the_regime_does_to_log_volatility():
    config = load_config("ethereum-l1", {"market": {"regime": REGIME}})
    alone = without_regime(config).market
    assert alone.regime is None
    # A path of the chain: log 3 added 40 % of the time, independent of the slow factor.
    stress = np.repeat([0.0, 1.0], [600, 400]) * np.log(3.0)
    own = config.market.volatility
    assert np.log(alone.volatility.level / own.level) == pytest.approx(stress.mean())
    assert alone.volatility.slow.sd**2 == pytest.approx(own.slow.sd**2 + stress.var())
    assert alone.jumps.per_year == pytest.approx(
        config.market.jumps.per_year * (0.6 + 0.4 * 4.0)
    )
    assert alone.volatility.fast == own.fast


def test_a_slow_factor_that_stands_still_leaves_the_half_life_of_the_chain():
    slow = {"half_life_days": 10.0, "sd": 0.0}
    market = {"regime": REGIME, "volatility": {"slow": slow}}
    alone = without_regime(load_config("ethereum-l1", {"market": market})).market
    # The chain forgets at the sum of its two rates.
    expected = np.log(2.0) / (1.0 / 180.0 + 1.0 / 120.0)
    assert alone.volatility.slow.half_life_days == pytest.approx(expected)
