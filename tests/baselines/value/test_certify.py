"""The bound in any market: valid for any value, near where it is known, and refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hedge_env.base.errors import HedgeError
from hedge_env.baselines.bands.deadline_band import DeadlineBand
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.baselines.deltas.no_hedge import NoHedge
from hedge_env.baselines.optimum.dynamic_programming import solve
from hedge_env.baselines.optimum.optimal import OptimalPolicy
from hedge_env.baselines.value.certify import certify
from hedge_env.baselines.value.fit import HoldingsValue, fit_value
from hedge_env.baselines.value.impact import trade_with_impact
from hedge_env.baselines.value.one_step_better import OneStepBetter, one_step_better
from hedge_env.baselines.value.penalties import Careful
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.observables import observable_index
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import record_tape

LAMBDA = 10.0
DAYS = (
    "episode.decisions=24",
    "book.legs.0.maturity_days=4",
    "observation.true_volatility=true",  # what an informed value reads
)
STRADDLE = (*DAYS, "book.legs.1.maturity_days=4")


@pytest.fixture(scope="module")
def known() -> tuple[EnvConfig, HoldingsValue]:
    config = load_config("reference", settings=DAYS)
    return config, fit_value(config, LAMBDA, n_paths=2048)


@pytest.fixture(scope="module")
def fitted() -> tuple[EnvConfig, HoldingsValue]:
    config = load_config("ethereum-l1", settings=STRADDLE)
    return config, fit_value(config, LAMBDA, n_paths=2048)


@pytest.mark.slow
def test_it_is_near_the_optimum_where_that_is_known(
    known: tuple[EnvConfig, HoldingsValue],
) -> None:
    config, value = known
    optimum = solve(config, LAMBDA, n_holdings=401)
    policies = [OptimalPolicy(optimum), OneStepBetter(value)]
    found = certify(config, value, policies, 128)
    error = 4.0 * found.lower.std() / np.sqrt(found.lower.size)
    assert found.lower.mean() < optimum.value * 1.005 + error
    assert found.lower.mean() > optimum.value * 0.97 - error
    # The same martingale leaves a fraction of the spread of J.
    tape = record_tape(config, np.arange(128), seed=0, stream="test")
    plain = evaluate_on_tape(policies[0], tape, config, LAMBDA)
    objective = plain.cost + LAMBDA * plain.squared_increments
    assert found.values[0].std() < 0.5 * objective.std()
    spread = 4.0 * found.values[0].std() / np.sqrt(128)
    assert found.values[0].mean() == pytest.approx(optimum.value, abs=spread)
    assert found.values[1].mean() < 1.03 * found.values[0].mean()


@pytest.mark.slow
def test_any_value_gives_a_bound(known: tuple[EnvConfig, HoldingsValue]) -> None:
    config, value = known
    optimum = solve(config, LAMBDA, n_holdings=401).value
    careful = Careful(101, 64)
    right = certify(config, value, [], 128, careful=careful).lower.mean()
    for factor in (0.0, 0.5, 3.0):
        wrong = replace(value, coefficients=factor * value.coefficients)
        lower = certify(config, wrong, [], 128, careful=careful).lower
        assert lower.mean() < optimum + 4.0 * lower.std() / np.sqrt(lower.size)
        assert lower.mean() < right


@pytest.mark.slow
@pytest.mark.parametrize("instrument", ["spot", "perp"])
def test_no_policy_is_below_on_any_path(instrument: str) -> None:
    preset = "ethereum-l1" if instrument == "spot" else "deribit"
    config = load_config(preset, settings=STRADDLE)
    value = fit_value(config, LAMBDA, n_paths=1024)
    policies = [DeadlineBand(), Delta(), NoHedge(), OneStepBetter(value)]
    found = certify(config, value, policies, 64, careful=Careful(101, 16))
    assert found.gaps.min() > -2e-6  # of notional, for holdings between grid points
    assert found.gaps[2].mean() > found.gaps[3].mean()
    assert found.values.mean(axis=1).min() > found.floor.mean() > 0.0


@pytest.mark.slow
def test_both_estimates_of_an_objective_agree(
    fitted: tuple[EnvConfig, HoldingsValue],
) -> None:
    config, value = fitted
    found = certify(config, value, [DeadlineBand()], 512, careful=Careful(51, 16))
    tape = record_tape(config, np.arange(512), seed=0, stream="test")
    plain = evaluate_on_tape(DeadlineBand(), tape, config, LAMBDA)
    apart = plain.cost + LAMBDA * plain.squared_increments - found.values[0]
    assert abs(apart.mean()) < 4.0 * apart.std() / np.sqrt(apart.size)


@pytest.mark.slow
def test_the_rule_sees_what_every_rule_may_see_and_saves(
    fitted: tuple[EnvConfig, HoldingsValue],
) -> None:
    config, value = fitted
    rule = one_step_better(config, LAMBDA)
    assert set(rule.inputs) <= set(observable_index(config))
    assert "true_volatility" not in rule.inputs
    found = certify(
        config, value, [rule, DeadlineBand()], 256, careful=Careful(101, 16)
    )
    assert found.values[0].mean() < found.values[1].mean()


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("execution.permanent_impact=0.5", "permanent_impact"),
        ("market.crowd={size: 0.05, cap: 0.5}", "crowd"),
        ("market.contagion={daily_volume: 1.0e+6}", "contagion"),
        ("holdings.start=0.2", r"holdings\.start"),
        ("execution.latency_steps=1", "latency_steps"),
    ],
)
def test_what_cannot_be_bounded_is_refused(
    setting: str, reason: str, known: tuple[EnvConfig, HoldingsValue]
) -> None:
    config = load_config("reference", settings=(*DAYS, setting))
    with pytest.raises(HedgeError, match=reason):
        certify(config, known[1], [], 4)


def test_the_best_trade_under_impact_is_that_of_all_pairs() -> None:
    rng = np.random.default_rng(0)
    y, kept = np.linspace(-1.0, 1.0, 21), rng.random((3, 21))
    unit, fixed, linear, root = rng.random((4, 3)) * 0.2
    out = np.empty_like(kept)
    trade_with_impact(kept, unit, fixed, linear, root, y, out)
    size = np.abs(y[:, None] - y)
    for i in range(3):
        cost = unit[i] * size + linear[i] * size**2 + root[i] * size**1.5
        cost += np.where(size > 0.0, fixed[i], 0.0)
        np.testing.assert_allclose(out[i], (cost + kept[i]).min(axis=1))
