"""The exact optimum: published values, convergence, and its policy simulated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hedge_env.base.errors import HedgeError
from hedge_env.baselines.bands.deadline_band import DeadlineBand
from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.bands.gas_band import GasBand
from hedge_env.baselines.optimum.dynamic_programming import solve
from hedge_env.baselines.optimum.optimal import (
    OptimalPolicy,
    mean_gas_policy,
    optimal_policy,
)
from hedge_env.baselines.optimum.solvable import why_unsolvable
from hedge_env.baselines.optimum.trade_regions import HOLD
from hedge_env.config import BASIS_POINT, EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate


@pytest.fixture(scope="module")
def reference() -> EnvConfig:
    return load_config("reference")


@pytest.mark.parametrize(
    ("risk_aversion", "published"), [(2.0, 27.82), (10.0, 49.78), (50.0, 100.42)]
)
def test_the_optimum_of_the_reference_market_is_the_published_one(
    reference: EnvConfig, risk_aversion: float, published: float
) -> None:
    value = solve(reference, risk_aversion, n_holdings=201).value / BASIS_POINT
    assert value == pytest.approx(published, rel=0.003)


def test_refining_either_grid_changes_little(reference: EnvConfig) -> None:
    coarse = solve(reference, 10.0, n_holdings=201).value
    holdings = solve(reference, 10.0, n_holdings=401).value
    spots = solve(reference, 10.0, n_holdings=201, n_spots=1001).value
    assert holdings <= coarse  # more targets to choose from
    assert holdings == pytest.approx(coarse, rel=3e-4)
    assert spots == pytest.approx(coarse, rel=3e-4)


def test_without_cost_the_optimum_is_a_least_squares_hedge_at_every_step() -> None:
    config = load_config(
        "reference", settings=("execution.fee_bp=0", "execution.fixed_cost_bp=0")
    )
    few = config.model_copy(
        update={"episode": config.episode.model_copy(update={"decisions": 180})}
    )
    optimum = solve(few, 1.0, n_holdings=401)
    # Variance of the discretely hedged option: pi/4 (vega sigma)^2 / N to first order.
    vega = 0.4 * np.sqrt(30 / 365) * 0.996
    first_order = np.pi / 4 * (vega * 0.8) ** 2 / 180
    assert optimum.value == pytest.approx(first_order, rel=0.05)


# The best rules there are, with parameters tuned for lambda = 10 on validation paths.
CHALLENGERS = {
    "reference": (
        GasBand(risk_multiplier=1.65, snap=0.0886, worth=1.1),
        DeadlineBand(alpha=0.763, chi=0.739, gas_exponent=0.337, snap=0.0813),
        DeltaThreshold(threshold=0.124),
    ),
    "reference-gas": (
        GasBand(risk_multiplier=1.65, snap=0.0886, worth=1.1),
        DeadlineBand(alpha=0.9, chi=0.75, gas_exponent=0.35, snap=0.061),
        DeltaThreshold(threshold=0.124),
    ),
}


@pytest.mark.parametrize("preset", CHALLENGERS)
def test_the_optimal_policy_is_worth_its_value_and_no_rule_beats_it(
    preset: str,
) -> None:
    config = load_config(preset)
    optimum = solve(config, 10.0, n_holdings=201)
    policies = (OptimalPolicy(optimum), *CHALLENGERS[preset])
    tables = evaluate([(p, 10.0) for p in policies], config, n_episodes=16_000)
    objective = tables[0].objective
    error = objective.std() / np.sqrt(objective.size)
    assert abs(objective.mean() - optimum.value) < 4 * error + 0.003 * optimum.value
    for table in tables[1:]:
        gap = table.objective - objective
        assert gap.mean() > -4 * gap.std() / np.sqrt(gap.size), table.policy
        assert gap.mean() < 0.25 * optimum.value, table.policy


def test_the_optimal_policy_holds_inside_its_region(reference: EnvConfig) -> None:
    policy = OptimalPolicy(solve(reference, 10.0, n_holdings=101))
    held = np.linspace(0.0, 1.0, 101)
    observables = {
        "log_moneyness": np.zeros(101),
        "log_gas": np.zeros(101),
        "holdings": held,
        "step": np.full(101, 60.0),
    }
    target = policy.target(observables)[:, 0]
    kept = target == held
    inside = np.flatnonzero(kept)
    assert 0.54 in held[kept]
    assert (np.diff(inside) == 1).all()
    assert not kept[0]
    assert not kept[-1]
    np.testing.assert_array_equal(held, np.linspace(0.0, 1.0, 101))


LEG = {"kind": "put", "maturity_days": 7.0}


@pytest.mark.parametrize(
    ("preset", "overrides", "reason"),
    [
        ("ethereum-l1", {}, "volatility"),
        ("reference", {"market": {"jumps": {"per_year": 1.0}}}, "jumps"),
        ("reference", {"execution": {"depth": 1e6}}, "fixed plus proportional"),
        ("reference", {"book": {"legs": [LEG]}}, "expires before the end"),
        ("reference-gas", {"market": {"gas": {"fast_states": None}}}, "few states"),
        ("reference-gas", {"market": {"gas": {"return_response": 0.1}}}, "few states"),
        ("reference-gas", {"episode": {"start_hour": None}}, "season"),
        ("reference-gas", {"market": {"gas": {"weekend": 0.8}}}, "season"),
        ("reference", {"market": {"season": {"weekend": 0.5}}}, "uses market.season"),
    ],
)
def test_a_problem_without_exact_optimum_says_why(
    preset: str, overrides: dict[str, Any], reason: str
) -> None:
    config = load_config(preset, overrides)
    assert reason in str(why_unsolvable(config))
    with pytest.raises(HedgeError, match="no exact optimum"):
        solve(config, 10.0)


def test_more_risk_aversion_or_cost_never_lowers_the_optimum(
    reference: EnvConfig,
) -> None:
    dear = load_config("reference", settings=("execution.fixed_cost_bp=4",))
    base = solve(reference, 10.0, n_holdings=101).value
    assert solve(reference, 11.0, n_holdings=101).value > base
    assert solve(dear, 10.0, n_holdings=101).value > base


# Published values: 353 x 201 x 9 points, grid error .03 %; here with half the holdings.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("risk_aversion", "mean_cost", "published"),
    [
        (2.0, 8.0, 45.12),
        (10.0, 2.0, 46.79),
        (50.0, 2.0, 96.29),
    ],
)
def test_the_optimum_with_stochastic_gas_is_the_published_one(
    risk_aversion: float, mean_cost: float, published: float
) -> None:
    settings = [f"execution.gas_cost_bp={mean_cost}"]
    config = load_config("reference-gas", settings=settings)
    value = solve(config, risk_aversion, n_holdings=101).value / BASIS_POINT
    assert value == pytest.approx(published, rel=0.004)


SMALL = ("episode.decisions=12", "book.legs.0.maturity_days=2")


def test_gas_without_noise_is_a_constant_cost() -> None:
    quiet = ("market.gas.fast.sd=0", "market.gas.season=0")
    gas = load_config("reference-gas", settings=(*SMALL, *quiet))
    plain = load_config("reference", settings=SMALL)
    expected = solve(plain, 10.0, n_holdings=101).value
    assert solve(gas, 10.0, n_holdings=101).value == pytest.approx(expected, rel=1e-12)
    many = load_config(gas, settings=["market.gas.fast.sd=1e-9"])
    assert solve(many, 10.0, n_holdings=101).value == pytest.approx(expected, rel=1e-7)


def test_seeing_gas_is_worth_something_and_its_policy_is_worth_its_value() -> None:
    config = load_config("reference-gas", settings=(*SMALL, "execution.gas_cost_bp=8"))
    best, blind = optimal_policy(config, 10.0), mean_gas_policy(config, 10.0)
    tables = evaluate([(best, 10.0), (blind, 10.0)], config, n_episodes=20_000)
    objective, other = (table.objective for table in tables)
    error = objective.std() / np.sqrt(objective.size)
    value = best.optimum.value
    assert abs(objective.mean() - value) < 4 * error + 0.003 * value
    gap = other - objective
    assert gap.mean() > 4 * gap.std() / np.sqrt(gap.size)


def test_the_region_without_trades_grows_with_the_cost_of_gas() -> None:
    config = load_config("reference-gas", settings=SMALL)
    optimum = solve(config, 10.0, n_holdings=101)
    middle = optimum.log_moneyness.size // 2
    held = [
        np.count_nonzero(optimum.regions.at(3, state)[middle] == HOLD)
        for state in range(9)
    ]
    assert (np.diff(held) >= 0).all()
    assert held[8] > held[0]
