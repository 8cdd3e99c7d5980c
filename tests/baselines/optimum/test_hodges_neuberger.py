"""Exponential utility: published exact bands, limits, and the policy simulated."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hedge_env.baselines.optimum.hodges_neuberger import (
    NoTradeBand,
    hodges_neuberger_band,
    hodges_neuberger_policy,
)
from hedge_env.baselines.optimum.optimal import optimal_policy
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.pricing.no_trade_band import fixed_cost_half_width

# Life, volatility, proportional cost, fixed cost, g; band of a short and a long call.
# Binomial tree of 1200 steps, 701 holdings, computed for this project beforehand.
EXACT = [
    ((1.0, 0.3, 0.01, 0.0, 1.0), (0.516, 0.628), (0.406, 0.606)),
    ((1.0, 0.3, 0.02, 0.0, 1.0), (0.534, 0.658), (0.312, 0.624)),
    ((1.0, 0.2, 0.01, 0.0, 0.1), (0.352, 0.760), (0.216, 0.756)),
    ((1.0, 0.2, 0.002, 0.0, 0.1), (0.414, 0.658), (0.386, 0.656)),
    ((0.25, 0.6, 0.0005, 0.0, 0.05), (0.472, 0.616), (0.466, 0.616)),
    ((1.0, 0.3, 0.0, 0.05, 1.0), (0.444, 0.650), (0.412, 0.658)),
    ((1.0, 0.3, 0.0, 0.5, 0.1), (0.204, 0.896), (0.134, 0.934)),
    ((1.0, 0.3, 0.005, 0.05, 1.0), (0.456, 0.668), (0.364, 0.670)),
    ((0.25, 0.6, 0.0005, 0.02, 0.05), (0.336, 0.742), (0.326, 0.746)),
]
COARSE = {"n_holdings": 281}  # a step of the grid is 0.005


def band(case: tuple[float, ...], *, is_short: bool, **size: Any) -> NoTradeBand:
    years, volatility, proportional, fixed, aversion = case
    return hodges_neuberger_band(
        years=years,
        volatility=volatility,
        proportional_cost=proportional,
        fixed_cost=fixed,
        aversion=aversion,
        is_short=is_short,
        **size,
    )


@pytest.mark.slow
@pytest.mark.parametrize(("case", "short", "long"), EXACT)
def test_the_exact_bands_are_reproduced(
    case: tuple[float, ...], short: tuple[float, float], long: tuple[float, float]
) -> None:
    for is_short, published in ((True, short), (False, long)):
        found = band(case, is_short=is_short)
        # One step of the grid of holdings is 0.002.
        assert found[:2] == pytest.approx(published, abs=0.0021)


@pytest.mark.slow
def test_the_exact_targets_are_reproduced() -> None:
    targets = {
        (1.0, 0.3, 0.0, 0.05, 1.0): ((0.550, 0.550), (0.536, 0.536)),
        (1.0, 0.3, 0.005, 0.05, 1.0): ((0.544, 0.582), (0.480, 0.560)),
    }
    for case, published in targets.items():
        for is_short, expected in zip((True, False), published, strict=True):
            found = band(case, is_short=is_short)
            assert found[2:] == pytest.approx(expected, abs=0.0021)


@pytest.mark.parametrize("row", [0, 7])
def test_a_coarse_grid_is_near_the_exact_half_width(row: int) -> None:
    case, short, long = EXACT[row]
    for is_short, (low, high) in ((True, short), (False, long)):
        found = band(case, is_short=is_short, **COARSE)
        half_width = (found.high - found.low) / 2.0
        assert half_width == pytest.approx((high - low) / 2.0, abs=0.01)


def test_small_costs_give_the_band_of_the_formula() -> None:
    root = 0.3 * math.sqrt(0.5)
    gamma = math.exp(-((root / 2.0) ** 2) / 2.0) / math.sqrt(2.0 * math.pi)
    expected = fixed_cost_half_width(np.array([gamma / (100.0 * root)]), 0.02, 0.1)[0]
    case = (1.0, 0.3, 0.0, 0.02, 0.1)
    both = [band(case, is_short=side, **COARSE) for side in (True, False)]
    mean = np.mean([(found.high - found.low) / 2.0 for found in both])
    # A tree can leave the band only by whole steps, of 0.012 in delta.
    assert mean == pytest.approx(expected, abs=0.012)


def test_a_short_call_is_hedged_more_tightly_than_a_long_one() -> None:
    short, long = (band(EXACT[0][0], is_short=s, **COARSE) for s in (True, False))
    assert short.high - short.low < long.high - long.low
    assert short.low > long.low


SMALL = ("episode.decisions=12", "book.legs.0.maturity_days=2")


@pytest.mark.parametrize("preset", ["reference", "reference-gas"])
def test_the_policy_has_the_certainty_equivalent_of_its_value(preset: str) -> None:
    config = load_config(preset, settings=SMALL)
    policy = hodges_neuberger_policy(config, 30.0)
    best = optimal_policy(config, 30.0)
    mine, other = evaluate([(policy, 30.0), (best, 30.0)], config, n_episodes=20_000)
    utility = np.exp(60.0 * mine.net_loss)
    error = utility.std() / np.sqrt(utility.size) / (60.0 * utility.mean())
    found = math.log(utility.mean()) / 60.0
    value = policy.optimum.value
    assert abs(found - value) < 4 * error + 0.003 * value
    # Each is the best by its own standard.
    assert math.log(np.exp(60.0 * other.net_loss).mean()) / 60.0 > found
    assert other.objective.mean() < mine.objective.mean()
