"""The optimum knows orders of whole lots, and a fee with a limit, not convex."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base.account_rows import COST_COMPONENTS
from hedge_env.base.errors import ConfigError
from hedge_env.baselines.bands.gamma_band import GammaBand
from hedge_env.baselines.capabilities import BOUNDED, unknown_keys
from hedge_env.baselines.frozen.market import frozen_market
from hedge_env.baselines.optimum.bellman import (
    best_trades,
    expect,
    step_moments,
    take_better,
)
from hedge_env.baselines.optimum.dynamic_programming import solve
from hedge_env.baselines.optimum.grid import make_grid
from hedge_env.baselines.optimum.lower_bound import lower_bound
from hedge_env.baselines.optimum.market_paths import simulate_paths
from hedge_env.baselines.optimum.optimal import OptimalPolicy
from hedge_env.baselines.optimum.solvable import why_unsolvable
from hedge_env.baselines.tuning.fused_episodes import can_roll_out
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.evaluate import evaluate, evaluate_on_tape
from hedge_env.feeds.tape import record_tape

LAMBDA = 10.0
CELL = load_config("maggiolo")


def slow_value(config: EnvConfig, risk_aversion: float) -> float:
    """The same programme with every trade from every holding tried."""
    grid = make_grid(config, 3, None)
    y = grid.holdings
    size = np.abs(y[None, :] - y[:, None])  # from, to

    def price(step: int, charged: float) -> np.ndarray:
        unit, limited = grid.unit_cost[step], grid.limited[step]
        fee = np.minimum(limited[:, None, None] * size, grid.fee_limit)
        cost = (unit - limited)[:, None, None] * size + fee
        toll = np.where(size > 0.0, grid.fixed[step, 0][:, None, None], 0.0)
        return charged * (cost + toll)

    value = price(-1, 1.0)[:, :, grid.nothing]  # what is held is sold
    for step in reversed(range(config.episode.decisions)):
        book, after = grid.book[step], grid.book[step + 1]
        square, cross, rest = step_moments(grid.spot[step], book, after, grid.weights)
        risk = square[:, None] * y**2 + 2.0 * cross[:, None] * y + rest[:, None]
        keep = expect(value, grid.weights) + risk_aversion * risk
        value = (price(step, 1.0) + keep[:, None, :]).min(axis=2)
    return float(value[grid.start, grid.nothing])


@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["execution.fee_limit_bp=30", "execution.half_spread_bp=20"],
        ["execution.fixed_cost_bp=40"],
        ["execution.fee_limit_bp=1e4"],
    ],
)
def test_it_is_what_trying_every_trade_finds(settings: list[str]) -> None:
    config = load_config("maggiolo", settings=["episode.decisions=12", *settings])
    found = solve(config, LAMBDA).value
    assert found == pytest.approx(slow_value(config, LAMBDA), rel=1e-12)


def test_a_limit_that_is_never_reached_changes_no_bit() -> None:
    short = ["episode.decisions=12"]
    plain = load_config(CELL, settings=[*short, "execution.fee_limit_bp=null"])
    large = load_config(CELL, settings=[*short, "execution.fee_limit_bp=1e4"])
    assert solve(plain, LAMBDA).value == solve(large, LAMBDA).value
    rule = GammaBand()
    first, second = (
        evaluate_on_tape(
            rule, record_tape(c, np.arange(64), seed=0, stream="test"), c, LAMBDA
        )
        for c in (plain, large)
    )
    np.testing.assert_array_equal(first.cost, second.cost)


def test_its_policy_earns_its_value_on_paths_and_leaves_rules_behind() -> None:
    optimum = solve(CELL, LAMBDA)
    np.testing.assert_allclose(np.diff(optimum.holdings), 0.05)
    entries = [(OptimalPolicy(optimum), LAMBDA), (GammaBand(0.161), LAMBDA)]
    best, rule = (
        table.cost + LAMBDA * table.squared_increments
        for table in evaluate(entries, CELL, n_episodes=10_000)
    )
    error = best.std() / np.sqrt(best.size)
    assert abs(best.mean() - optimum.value) < 4 * error
    assert best.mean() < rule.mean() - 4 * error
    # What the page says of the cell (docs/published-cells.md).
    assert optimum.value / BASIS_POINT == pytest.approx(280.26, abs=0.01)


def test_with_the_exact_value_no_path_is_below_its_bound_and_the_optimum_is_on_it() -> (
    None
):
    config = load_config(CELL, settings=["episode.decisions=20"])
    policy = OptimalPolicy(solve(config, LAMBDA))
    paths = simulate_paths(config, 100, policies=[policy], risk_aversion=LAMBDA)
    found = lower_bound(config, LAMBDA, paths, value_volatility=np.array([0.25]))
    # Between points of the grid of spot the policy acts as at the nearest one.
    assert found.gaps.min() > -1e-9
    assert found.gaps.mean() < 0.01 * found.lower.mean()


def test_large_trades_are_charged_the_limit_and_small_ones_the_rate() -> None:
    batch = HedgeBatch(load_config(CELL), 3)
    batch.reset(np.arange(3))
    record = batch.advance(np.array([[0.05], [0.2], [1.0]]))
    fee = record.cost_components[COST_COMPONENTS.index("fee")]
    np.testing.assert_allclose(fee, [0.05 * 0.05, 0.01, 0.01])


def test_the_better_of_two_prices_is_the_best_of_all_trades() -> None:
    random = np.random.default_rng(0)
    y = np.linspace(-1.0, 1.0, 41)
    size = np.abs(y[None, :] - y[:, None])
    for _ in range(50):
        keep = random.normal(size=41).cumsum() * 0.01
        rate, limited, limit, toll = random.uniform(0.0, [0.1, 0.1, 0.03, 0.02])
        cost = rate * size + np.minimum(limited * size, limit)
        tried = keep[None, :] + np.where(size > 0.0, cost + toll, 0.0)
        value, spare = np.empty(41), np.empty(41)
        target, other = np.empty(41, np.uint16), np.empty(41, np.uint16)
        best_trades(keep, y, rate + limited, toll, value, target)
        best_trades(keep, y, rate, toll + limit, spare, other)
        take_better(value, target, spare, other)
        np.testing.assert_allclose(value, tried.min(axis=1), atol=1e-15)
        held = target == 65535
        assert (tried.min(axis=1)[held] == keep[held]).all()


def test_what_does_not_know_the_limit_refuses_or_leaves_it_out() -> None:
    assert why_unsolvable(CELL) is None
    assert unknown_keys(CELL, BOUNDED) == ["execution.fee_limit_bp"]
    assert not can_roll_out(GammaBand, CELL)
    assert frozen_market(CELL, 0.25, None, 0.05).execution.fee_limit_bp is None
    slippery = load_config(CELL, settings=["execution.depth=1e6"])
    assert why_unsolvable(slippery) is not None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["execution.fee_bp=0"], "limits a fee that is zero; set fee_bp"),
        (["execution.slicing.slices=2"], "does not go with slicing"),
        (["execution.fee_limit_bp=-1"], "fee_limit_bp"),
    ],
)
def test_a_limit_that_means_nothing_is_refused(
    settings: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(CELL, settings=settings)
