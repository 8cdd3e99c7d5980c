import math
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy import stats

from hedge_env.base.account_rows import COST_COMPONENTS, N_COMPONENTS
from hedge_env.evaluation.evaluate import EpisodeTable, concatenate
from hedge_env.evaluation.metrics import (
    deviation_and_error,
    mean_and_error,
    paired_difference,
    root_mean_and_error,
    summarise,
    tail_and_error,
)


def table_of(cost, increments, risk_aversion=10.0, name="rule"):
    """Episodes of one increment each; all cost is the first component."""
    cost = np.asarray(cost, dtype=float)
    increments = np.asarray(increments, dtype=float)
    components = np.zeros((N_COMPONENTS, cost.size))
    components[0] = cost
    return EpisodeTable(
        policy=name,
        kind="baseline",
        path_id=np.arange(cost.size),
        risk_aversion=np.full(cost.size, risk_aversion),
        cost_components=components,
        tracking=increments,
        squared_increments=increments**2,
        trades=np.ones(cost.size),
        turnover=np.full(cost.size, 2.0),
    )


def test_metrics_of_two_episodes_by_hand():
    metrics = summarise(table_of([10e-4, 30e-4], [1e-2, -1e-2]))
    assert metrics.cost_bp == pytest.approx(20.0)
    assert metrics.cost_se == pytest.approx(10.0)
    assert metrics.cost_components_bp[COST_COMPONENTS[0]] == pytest.approx(20.0)
    assert metrics.tracking_error_bp == pytest.approx(100.0 * math.sqrt(2.0))
    assert metrics.tracking_rms_bp == pytest.approx(100.0)
    assert metrics.objective_bp == pytest.approx(20.0 + 10.0)
    # Net losses are 10 - 100 and 30 + 100 bp.
    assert metrics.net_loss_mean_bp == pytest.approx(20.0)
    assert metrics.cvar95_bp == pytest.approx(130.0)
    assert (metrics.trades, metrics.turnover) == (1.0, 2.0)


def test_components_add_up_to_the_cost():
    rng = np.random.default_rng(0)
    table = table_of(np.zeros(100), rng.normal(size=100))
    table.cost_components[...] = rng.normal(size=(N_COMPONENTS, 100))
    metrics = summarise(table)
    assert sum(metrics.cost_components_bp.values()) == pytest.approx(metrics.cost_bp)


def spread_of(statistic, draw, n, repeats=400):
    """Standard deviation of a statistic over samples, and its mean stated error."""
    rng = np.random.default_rng(5)
    pairs = np.array([statistic(draw(rng, n)) for _ in range(repeats)])
    return pairs[:, 0].std(ddof=1), pairs[:, 1].mean()


@pytest.mark.parametrize(
    "statistic",
    [
        mean_and_error,
        deviation_and_error,
        lambda x: root_mean_and_error(x**2),
        lambda x: tail_and_error(x, 0.95),
    ],
)
@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, n: rng.normal(1.0, 2.0, n),
        lambda rng, n: rng.gamma(1.5, 1.0, n),
    ],
)
def test_a_stated_error_is_the_spread_over_samples(statistic, draw):
    actual, stated = spread_of(statistic, draw, 2000)
    # The spread of 400 samples is itself known to 3.5 %.
    assert stated == pytest.approx(actual, rel=0.15)


@pytest.mark.parametrize("level", [0.95, 0.99])
def test_the_tail_of_a_normal_distribution(level):
    losses = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    exact = stats.norm.pdf(stats.norm.ppf(level)) / (1.0 - level)
    value, error = tail_and_error(losses, level)
    assert value == pytest.approx(exact, rel=1e-3)
    assert error > 0.0


def test_constant_episodes_have_no_error():
    nothing = np.zeros(5)
    table = table_of(nothing, nothing)
    known = replace(table, expected_squares=nothing, floor_squares=nothing)
    metrics = summarise(known)
    for field in fields(metrics):
        if field.name.endswith(("_se", "_error_bp")):
            assert getattr(metrics, field.name) == 0.0
    assert summarise(table).avoidable_se is None


def test_what_is_avoidable_is_the_expected_objective_above_the_floor():
    rng = np.random.default_rng(2)
    floor, extra = rng.gamma(2.0, 1.0, 4000), rng.gamma(1.0, 0.1, 4000)
    table = table_of(np.full(4000, 3e-4), np.zeros(4000))
    table = replace(
        table, expected_squares=1e-4 * (floor + extra), floor_squares=1e-4 * floor
    )
    metrics = summarise(table)
    aversion = float(table.risk_aversion[0])
    assert metrics.avoidable_bp == pytest.approx(3.0 + aversion * extra.mean())
    assert metrics.avoidable_bp == pytest.approx(
        metrics.expected_objective_bp - metrics.floor_bp
    )
    paired = aversion * extra.std(ddof=1) / np.sqrt(4000)
    assert metrics.avoidable_se == pytest.approx(paired)
    assert paired < metrics.floor_se / 5.0


def test_one_episode_has_no_standard_error():
    with pytest.raises(ValueError, match="at least two episodes"):
        summarise(table_of([0.0], [0.0]))


def test_a_paired_difference_does_not_see_common_luck():
    rng = np.random.default_rng(1)
    luck = rng.gamma(2.0, 10e-4, 5000)
    better = table_of(luck, np.zeros(5000))
    worse = table_of(1.1 * luck, np.zeros(5000))
    difference = paired_difference(worse, better)
    assert difference.relative == pytest.approx(0.1)
    assert difference.relative_se == pytest.approx(0.0, abs=1e-12)
    assert difference.mean_bp == pytest.approx(0.1 * better.cost.mean() * 1e4)
    assert difference.se_bp < 0.2 * mean_and_error(better.cost * 1e4)[1]


def test_a_relative_difference_to_nothing_is_not_a_number():
    nothing = table_of(np.zeros(3), np.zeros(3))
    difference = paired_difference(table_of([1e-4, 2e-4, 3e-4], np.zeros(3)), nothing)
    assert math.isnan(difference.relative)
    assert difference.mean_bp == pytest.approx(2.0)


def test_tables_of_different_paths_are_not_paired():
    a, b = table_of(np.zeros(3), np.zeros(3)), table_of(np.zeros(4), np.zeros(4))
    with pytest.raises(ValueError, match="same paths"):
        paired_difference(a, b)


def test_tables_are_joined_in_order():
    first, second = table_of([1.0], [2.0]), table_of([3.0], [4.0])
    joined = concatenate([first, second])
    np.testing.assert_array_equal(joined.cost, [1.0, 3.0])
    np.testing.assert_array_equal(joined.tracking, [2.0, 4.0])
    assert joined.policy == "rule"
