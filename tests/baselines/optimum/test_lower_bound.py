"""The information-relaxation bound: exact cases, published gaps, a slow oracle."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hedge_env.base.errors import HedgeError
from hedge_env.base.types import FloatArray
from hedge_env.baselines.bands.deadline_band import DeadlineBand
from hedge_env.baselines.optimum.dynamic_programming import solve
from hedge_env.baselines.optimum.frozen_value import VolatilityLaw
from hedge_env.baselines.optimum.greedy import greedy_policies
from hedge_env.baselines.optimum.lower_bound import Bound, lower_bound
from hedge_env.baselines.optimum.market_paths import MarketPaths, simulate_paths
from hedge_env.baselines.optimum.optimal import OptimalPolicy
from hedge_env.baselines.optimum.relaxed_path import trade_on_paths
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.config.loading import load_config

SMALL = ("episode.decisions=12", "book.legs.0.maturity_days=2")


def bound_of(config: EnvConfig, volatility: float, n: int = 500) -> Bound:
    """Of the policy greedy on the value function of a volatility."""
    levels = np.array([volatility])
    greedy = greedy_policies(config, 10.0, value_volatility=levels)
    paths = simulate_paths(config, n, policies=greedy, risk_aversion=10.0)
    return lower_bound(config, 10.0, paths, value_volatility=levels)


@pytest.mark.parametrize(
    ("preset", "published"), [("reference", 49.73), ("reference-gas", 46.87)]
)
def test_with_the_exact_value_every_path_gives_the_optimum(
    preset: str, published: float
) -> None:
    config = load_config(preset)
    optimum = solve(config, 10.0, n_holdings=201)
    paths = simulate_paths(
        config, 200, policies=[OptimalPolicy(optimum)], risk_aversion=10.0
    )
    finer = 2 if preset == "reference" else 1
    found = lower_bound(config, 10.0, paths, finer_spots=finer)
    lower, value = found.lower / BASIS_POINT, found.values[0] / BASIS_POINT
    first = paths.log_gas[0]  # J at the start depends on the gas of the start
    # The plain spread is 18.4 bp; what is left of it is the error of the grid.
    assert spread_within(first, lower) < 0.1
    assert spread_within(first, value) < 0.25
    error = lower.std() / np.sqrt(lower.size)
    assert lower.mean() == pytest.approx(published, abs=0.1 + 4.0 * error)
    assert -0.02 < found.gaps.mean() / BASIS_POINT < 0.2


def spread_within(state: FloatArray, sample: FloatArray) -> float:
    """Standard deviation of a sample around the mean of each state."""
    apart = [sample[state == one] - sample[state == one].mean() for one in set(state)]
    return float(np.sqrt(np.mean(np.concatenate(apart) ** 2)))


@pytest.mark.parametrize(("volatility", "gap"), [(0.7, 0.87), (0.9, 1.09)])
def test_the_value_of_a_wrong_volatility_certifies_the_published_gap(
    volatility: float, gap: float
) -> None:
    found = bound_of(load_config("reference"), volatility)
    percent = 100.0 * found.gaps[0].mean() / found.values[0].mean()
    assert percent == pytest.approx(gap, abs=0.2)
    # The martingale is a control variate too: the plain spread is 18.4 bp.
    assert found.values[0].std() / BASIS_POINT < 4.0


@pytest.mark.parametrize(("half_life", "gap"), [(10.0, 0.13), (2.0, 0.83)])
def test_two_states_of_volatility_leave_the_published_gap(
    half_life: float, gap: float
) -> None:
    levels, n = np.array([0.5, 1.1]), 1000
    stay = 0.5 + 0.5 * 0.5 ** (4.0 / 24.0 / half_life)
    law = VolatilityLaw(levels, np.array([[stay, 1 - stay], [1 - stay, stay]]))
    config = load_config("reference")
    greedy = greedy_policies(config, 10.0, law=law, finer_spots=2)
    paths = run_in_states(config, greedy, law, n)
    found = lower_bound(config, 10.0, paths, law=law, finer_spots=2)
    percent = 100.0 * found.gaps[0].mean() / found.values[0].mean()
    assert percent == pytest.approx(gap, abs=0.1)


def run_in_states(
    config: EnvConfig, greedy: list[OptimalPolicy], law: VolatilityLaw, n: int
) -> MarketPaths:
    """Simulate volatility that moves, and the policy that sees its state."""
    rng, decisions = np.random.default_rng(5), config.episode.decisions
    dt, log_spot = config.episode.years_per_decision, np.zeros((decisions + 1, n))
    state = np.zeros((decisions + 1, n), dtype=np.int64)
    state[0] = rng.integers(0, 2, n)
    for k in range(decisions):
        sd = law.levels[state[k]] * np.sqrt(dt)
        log_spot[k + 1] = log_spot[k] + sd * rng.standard_normal(n) - 0.5 * sd**2
        leaves = rng.random(n) > law.transition[state[k], state[k]]
        state[k + 1] = np.where(leaves, 1 - state[k], state[k])
    spot, held = np.exp(log_spot), np.zeros((decisions + 1, n))
    costs, fee, fixed = np.zeros(n), 5.0 * BASIS_POINT, 2.0 * BASIS_POINT
    for k in range(decisions + 1):
        before = held[k - 1] if k > 0 else np.zeros(n)
        if k < decisions:
            seen = {
                "log_moneyness": log_spot[k],
                "log_gas": np.zeros(n),
                "holdings": before,
                "step": np.full(n, float(k)),
            }
            each = np.stack([policy.target(seen)[:, 0] for policy in greedy])
            held[k] = each[state[k], np.arange(n)]
        size = np.abs(held[k] - before)
        costs += np.where(size > 0.0, fee * spot[k] * size + fixed, 0.0)
    return MarketPaths(
        spot,
        fee * spot,
        np.full(spot.shape, fixed),
        np.zeros(spot.shape),
        np.zeros(spot.shape),
        state,
        costs[None],
        held[None, :-1],
    )


def test_no_policy_on_the_grid_is_below_the_bound_of_its_path() -> None:
    config = load_config("reference", settings=SMALL)
    levels = np.array([0.6])
    rule = DeadlineBand(10.0)
    paths = simulate_paths(config, 300, policies=[rule], risk_aversion=10.0)
    on_grid = np.round(paths.holdings * 100.0) / 100.0
    edges = np.zeros((1, 1, 300))
    size = np.abs(np.diff(np.concatenate([edges, on_grid, edges], axis=1), axis=1))
    paid = np.where(size > 0.0, paths.unit_cost * size + paths.fixed, 0.0).sum(axis=1)
    moved = MarketPaths(
        paths.spot,
        paths.unit_cost,
        paths.fixed,
        paths.limited,
        paths.log_gas,
        paths.volatility_state,
        paid,
        on_grid,
    )
    found = lower_bound(config, 10.0, moved, value_volatility=levels, n_holdings=101)
    assert found.gaps.min() > -1e-13
    assert found.gaps.mean() > 1e-6


@pytest.mark.parametrize("limit", [np.inf, 0.3])
def test_the_sweeps_find_what_trying_every_trade_finds(limit: float) -> None:
    rng = np.random.default_rng(3)
    holdings = np.linspace(-1.0, 1.0, 21)
    kept = rng.normal(size=(7, 21))
    unit_cost, fixed = rng.uniform(0, 2, 7), rng.uniform(0, 1, 7)
    out = np.empty_like(kept)
    limited = unit_cost * rng.uniform(0, 1, 7)
    trade_on_paths(kept, unit_cost, fixed, limited, limit, holdings, out)
    for i, h in product(range(7), range(21)):
        size = np.abs(holdings - holdings[h])
        fee = np.minimum(limited[i] * size, limit)
        cost = (unit_cost[i] - limited[i]) * size + fee + fixed[i]
        cost[h] = 0.0
        assert out[i, h] == pytest.approx((kept[i] + cost).min(), abs=1e-14)


def test_halving_the_spacing_of_holdings_changes_the_bound_by_little() -> None:
    config = load_config("reference", settings=SMALL)
    paths = simulate_paths(config, 200)
    levels = np.array([0.7])
    coarse, fine = (
        lower_bound(config, 10.0, paths, value_volatility=levels, n_holdings=n)
        for n in (201, 401)
    )
    change = coarse.lower.mean() - fine.lower.mean()
    assert abs(change) / BASIS_POINT < 0.02


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("execution.permanent_impact=0.5", "permanent_impact"),
        ("market.crowd.size=0.5", "crowd"),
    ],
)
def test_a_market_that_reacts_is_refused_with_the_reason(
    setting: str, reason: str
) -> None:
    quiet = load_config("reference", settings=SMALL)
    paths = simulate_paths(quiet, 2)
    config = load_config("reference", settings=(*SMALL, setting))
    with pytest.raises(HedgeError, match=reason):
        lower_bound(config, 10.0, paths)


def test_what_is_no_law_of_volatility_is_refused() -> None:
    with pytest.raises(HedgeError, match="add up to 1"):
        VolatilityLaw(np.array([0.5]), np.array([[0.9]]))
    with pytest.raises(HedgeError, match="positive"):
        VolatilityLaw(np.array([-0.5]), np.array([[1.0]]))
