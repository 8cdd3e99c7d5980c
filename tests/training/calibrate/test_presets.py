"""The fitted presets are as near to the data as docs/calibration.md says."""

import re

import numpy as np
import pytest

from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.training.calibrate.fit.effort import TABLE
from hedge_env.training.calibrate.fit.model_values import (
    model_values,
    together,
    without,
)
from hedge_env.training.calibrate.fit.parameters import AIMS
from hedge_env.training.calibrate.statistics.statistic import WEIGHT, Statistic, Values
from tests.support.checkout import ROOT

DOCUMENT = ROOT / "docs" / "calibration.md"
DAYS = 2892  # of hourly prices from 2018 on
SPREADS = {
    "sd of log daily volatility",
    "sd of log implied volatility",
    "daily change of log implied volatility",
}
STATISTICS = {s.name: s for s in AIMS["spot"] if s.is_asked or s.name in SPREADS}


def data() -> dict[str, float]:
    """The figures of the data in the whole table of the document."""
    found = {}
    whole = DOCUMENT.read_text(encoding="utf-8").partition("## The whole table")[2]
    for line in whole.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name = re.sub(r" \[[^]]*\]$", "", cells[0])
        if name in STATISTICS:
            found[name] = float(cells[1])
    return found


def table(config: EnvConfig, seed: int) -> Values:
    """Statistics of spot and implied volatility on as many histories as a table has."""
    days = {"spot": DAYS, "implied": DAYS}
    config = without(config, ("gas", "funding"))
    return together(
        [
            model_values(config, days, TABLE // 4, seed, first=first)
            for first in range(0, TABLE, TABLE // 4)
        ]
    )


def beyond(values: Values) -> set[str]:
    """Statistics that are further from the data than is allowed."""
    figures = data()
    assert set(figures) == set(STATISTICS)
    weight = values.get(WEIGHT)

    def far(s: Statistic) -> bool:
        mean = s.mean(np.asarray(values[s.name]), weight)
        return s.within(mean, figures[s.name]) is False

    return {s.name for s in STATISTICS.values() if far(s)}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [31, 32, 33])
def test_volatility_spreads_as_widely_as_the_data_and_all_limits_hold(
    seed: int,
) -> None:
    assert beyond(table(load_config("ethereum-l1-wide"), seed)) == set()


@pytest.mark.slow
def test_the_spreads_are_what_ethereum_l1_does_not_have() -> None:
    assert beyond(table(load_config("ethereum-l1"), 31)) == SPREADS


def test_the_two_markets_differ_by_what_was_fitted_alone() -> None:
    narrow, wide = load_config("ethereum-l1"), load_config("ethereum-l1-wide")
    for part in ("execution", "book", "episode", "risk_aversion"):
        assert getattr(wide, part) == getattr(narrow, part), part
    same = ("spot", "drift", "funding", "liquidity")
    for part in same:
        assert getattr(wide.market, part) == getattr(narrow.market, part), part
    assert wide.market.surface.skew == narrow.market.surface.skew
    assert wide.market.gas.spikes == narrow.market.gas.spikes


def test_the_perpetual_of_the_wide_market_is_that_of_deribit() -> None:
    wide, perp = load_config("ethereum-l1-wide"), load_config("deribit-wide")
    usual = load_config("deribit")
    assert perp.execution == usual.execution
    assert perp.book == usual.book
    assert perp.market.gas is None
    assert perp.market.volatility == wide.market.volatility
    assert perp.market.funding.fast_sd_bp > 0.0
    assert perp.market.funding.settlement_hours == usual.market.funding.settlement_hours
