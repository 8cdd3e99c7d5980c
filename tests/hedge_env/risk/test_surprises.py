"""Controls have mean zero in every market, whatever happens, and explain a lot."""

import numpy as np
import pytest

from hedge_env.baselines import BASELINES
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.metrics import paired_difference, summarise
from hedge_env.risk.path_moments import path_moments
from hedge_env.risk.state_functions import N_FUNCTIONS
from hedge_env.risk.surprises import N_CONTROLS, start_surprises

MARKETS = ("ethereum-l1", "ethereum-l1-2026", "deribit", "cao-sabr-1m", "reference")
N = 2048


def short(preset):
    return load_config(preset, settings=("episode.decisions=24",))


@pytest.mark.parametrize("preset", MARKETS)
def test_every_control_has_mean_zero(preset) -> None:
    """Of 168 controls, one in 300 000 is farther off than 4.7 errors by chance."""
    moments = path_moments(short(preset), np.arange(N), seed=5, stream="test")
    assert moments.controls.shape == (N_CONTROLS, N)
    assert np.isfinite(moments.controls).all()
    error = moments.controls.std(axis=1) / np.sqrt(N)
    varying = error > 1e-12 * np.abs(moments.controls).max()
    assert varying.sum() > 20
    off = np.abs(moments.controls.mean(axis=1)[varying]) / error[varying]
    assert off.max() < 4.7
    np.testing.assert_allclose(moments.controls[~varying], 0.0, atol=1e-9)


def test_a_path_has_the_same_controls_in_any_company() -> None:
    config = short("ethereum-l1")
    few = path_moments(config, np.arange(5), seed=0, stream="test").controls
    many = path_moments(config, np.arange(600), seed=0, stream="test").controls
    np.testing.assert_array_equal(few, many[:, :5])
    start = start_surprises(config, np.arange(5), seed=0, stream="test")
    np.testing.assert_array_equal(few[N_FUNCTIONS:], start.T)


@pytest.mark.parametrize("preset", MARKETS)
def test_less_luck_is_left_and_the_mean_stays(preset) -> None:
    config = short(preset)
    rules = [BASELINES["delta-threshold"](threshold=x) for x in (0.05, 0.15)]
    found = evaluate([(r, 10.0) for r in rules], config, n_episodes=N, controlled=True)
    for table in found:
        taken = table.expected_objective - table.controlled_objective
        assert abs(taken.mean()) < 4.0 * taken.std() / np.sqrt(N)
        assert table.controlled_objective.std() < 0.95 * table.expected_objective.std()
        metrics = summarise(table)
        assert metrics.controlled_objective_se < metrics.expected_objective_se
        assert metrics.expected_objective_se < metrics.objective_se
        assert metrics.avoidable_bp == pytest.approx(
            metrics.controlled_objective_bp - metrics.floor_bp
        )
    difference = paired_difference(*found)
    assert difference.controlled is not None
    assert difference.controlled.mean_bp == pytest.approx(
        summarise(found[0]).controlled_objective_bp
        - summarise(found[1]).controlled_objective_bp
    )


def test_the_luck_of_a_whole_month_is_mostly_known() -> None:
    """At 20 000 paths the half-width of J is then below 1.5 bp; it was 10."""
    config = load_config("ethereum-l1")
    rule = BASELINES["deadline-band"]()
    (table,) = evaluate([(rule, 10.0)], config, n_episodes=N, controlled=True)
    half = 1.96e4 * table.controlled_objective.std() / np.sqrt(20_000)
    assert half < 1.35
    plain, best = table.objective, table.controlled_objective
    assert abs(plain.mean() - best.mean()) < 4.0 * (plain - best).std() / np.sqrt(N)


def test_too_few_paths_are_left_as_they_are() -> None:
    rule = BASELINES["delta"]()
    config = short("reference")
    (table,) = evaluate([(rule, 10.0)], config, n_episodes=20, controlled=True)
    np.testing.assert_array_equal(table.controlled_objective, table.expected_objective)


def test_the_result_depends_neither_on_chunks_nor_on_threads() -> None:
    config, rule = short("ethereum-l1"), BASELINES["delta-threshold"]()
    one, other = (
        evaluate(
            [(rule, 10.0)],
            config,
            n_episodes=150,
            controlled=True,
            chunk_size=size,
            threads=threads,
        )[0]
        for size, threads in ((150, 1), (40, 2))
    )
    np.testing.assert_array_equal(one.controlled_objective, other.controlled_objective)
