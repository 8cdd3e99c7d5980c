"""How likely a jump is, in calm, under stress and in the long run."""

from __future__ import annotations

import math

import pytest

from hedge_env.config import MarketConfig
from hedge_env.market.jump_odds import jump_odds

HOUR = 1.0 / 8760.0
JUMPS = {"per_year": 400.0}
REGIME = {"calm_days": 9.0, "stress_days": 3.0, "jumps": 5.0}


def test_without_jumps_none_is_likely() -> None:
    market = MarketConfig.model_validate({"regime": REGIME})
    assert jump_odds(market, HOUR) == (0.0, 0.0, 0.0)


def test_without_a_regime_it_is_always_calm() -> None:
    odds = jump_odds(MarketConfig.model_validate({"jumps": JUMPS}), HOUR)
    assert odds.calm == odds.stress == odds.mean
    assert odds.calm == pytest.approx(1.0 - math.exp(-400.0 * HOUR), rel=1e-14)


def test_stress_multiplies_the_intensity_for_its_share_of_time() -> None:
    market = MarketConfig.model_validate({"jumps": JUMPS, "regime": REGIME})
    odds = jump_odds(market, HOUR)
    assert odds.stress == pytest.approx(1.0 - math.exp(-2000.0 * HOUR), rel=1e-14)
    assert odds.mean == pytest.approx(0.75 * odds.calm + 0.25 * odds.stress, rel=1e-14)
