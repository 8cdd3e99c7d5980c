from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.baselines import BASELINES, rules_for
from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.bands.gas_band import GasBand
from hedge_env.baselines.rule.parameter_range import ParameterRange
from hedge_env.baselines.rule.rule import AbstractRule
from hedge_env.baselines.timing.time_based import TimeBased
from hedge_env.baselines.tuning.kept import kept_at_delta
from hedge_env.baselines.tuning.trials import split
from hedge_env.baselines.tuning.tune import tune
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.evaluation.metrics import summarise
from hedge_env.feeds.tape import record_tape
from tests.baselines.markets import SMALL


@pytest.fixture(scope="module")
def tape():
    return record_tape(SMALL, np.arange(600), seed=0, stream="validation")


PLAYED = rules_for(SMALL)  # the others trade options


def objective(rule, tape, risk_aversion=10.0):
    table = evaluate_on_tape(rule, tape, SMALL, risk_aversion)
    return summarise(table).objective_bp


@pytest.mark.parametrize("rule_class", PLAYED.values(), ids=PLAYED)
def test_tuning_reports_the_value_of_what_it_returns(tape, rule_class):
    tuned = tune(rule_class, SMALL, 10.0, tape)
    assert isinstance(tuned.policy, rule_class)
    assert tuned.params == tuned.policy.params
    assert tuned.value == pytest.approx(objective(tuned.policy, tape), rel=1e-12)
    assert tuned.value <= objective(rule_class(), tape) + 0.05


def test_a_rule_without_parameters_is_tried_once(tape):
    tuned = tune(BASELINES["delta"], SMALL, 10.0, tape)
    assert (tuned.params, tuned.n_evaluations, tuned.at_limits) == ({}, 1, ())


def test_the_best_interval_is_found_among_all(tape):
    values = [objective(TimeBased(i), tape) for i in range(1, 31)]
    tuned = tune(TimeBased, SMALL, 10.0, tape)
    assert tuned.params["interval"] == 1 + int(np.argmin(values))
    assert isinstance(tuned.params["interval"], int)


def test_no_point_of_a_fine_grid_beats_the_tuned_threshold(tape):
    tuned = tune(DeltaThreshold, SMALL, 10.0, tape)
    grid = [objective(DeltaThreshold(x), tape) for x in np.geomspace(0.005, 1.0, 60)]
    assert tuned.value <= 1.005 * min(grid)


def test_no_point_of_a_grid_beats_the_tuned_band(tape):
    tuned = tune(GasBand, SMALL, 10.0, tape)
    grid = [
        objective(GasBand(multiplier, snap, worth), tape)
        for multiplier in (0.1, 0.5, 1.0, 2.0, 5.0, 20.0)
        for snap in (0.0, 0.05, 0.1, 0.15, 0.2)
        for worth in (0.0, 0.5, 1.0, 2.0)
    ]
    assert tuned.value <= 1.002 * min(grid)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("gas-band", {"snap": 0.1}),
        ("gas-band", {"snap": 0.1, "worth": 1.0, "centre_vega": 0.0}),
        ("profit-triggered", {"centre_smile": 0.5}),
        ("zakamouline", {"constants": "sinclair"}),
        ("time-based", kept_at_delta(TimeBased)),
    ],
)
def test_what_is_kept_stays_and_the_rest_is_tuned(tape, name, kept):
    rule_class = BASELINES[name]
    tuned = tune(rule_class, SMALL, 10.0, tape, kept=kept)
    assert {key: getattr(tuned.policy, key) for key in kept} == kept
    assert tuned.kept == kept
    assert tuned.name.startswith(f"{name} ")
    assert tuned.value == pytest.approx(objective(tuned.policy, tape), rel=1e-12)
    assert tuned.value < objective(rule_class(**kept), tape)


def test_what_is_kept_where_tuning_put_it_leaves_the_rest_there(tape):
    free = tune(DeltaThreshold, SMALL, 10.0, tape)
    around = tune(DeltaThreshold, SMALL, 10.0, tape, kept=kept_at_delta(DeltaThreshold))
    assert free.params["centre_vega"] == 0.0  # volatility never moves here
    assert around.policy == free.policy
    assert (free.name, around.name) == (
        "delta-threshold",
        "delta-threshold around delta",
    )


@pytest.mark.parametrize(
    "name", ["time-based", "delta-threshold", "gas-band", "profit-triggered"]
)
def test_threads_do_not_change_the_result(tape, name):
    one = tune(BASELINES[name], SMALL, 10.0, tape, threads=1)
    three = tune(BASELINES[name], SMALL, 10.0, tape, threads=3)
    assert one == three


def test_risk_aversion_narrows_the_band(tape):
    thresholds = [
        tune(DeltaThreshold, SMALL, aversion, tape).params["threshold"]
        for aversion in (2.0, 10.0, 50.0)
    ]
    assert thresholds == sorted(thresholds, reverse=True)


@pytest.mark.parametrize("criterion", ["mean-std:1.5", "cvar:95"])
def test_a_criterion_is_what_gets_minimised(tape, criterion):
    tuned = tune(DeltaThreshold, SMALL, 10.0, tape, criterion)
    for_objective = tune(DeltaThreshold, SMALL, 10.0, tape)
    rows = [
        summarise(evaluate_on_tape(found.policy, tape, SMALL, 10.0))
        for found in (tuned, for_objective)
    ]
    values = [
        row.cvar95_bp
        if criterion == "cvar:95"
        else row.net_loss_mean_bp + 1.5 * row.net_loss_std_bp
        for row in rows
    ]
    assert tuned.value == pytest.approx(values[0])
    assert values[0] <= values[1]


def test_an_unknown_criterion_is_refused(tape):
    with pytest.raises(ConfigError, match="sharpe"):
        tune(DeltaThreshold, SMALL, 10.0, tape, "sharpe")


@dataclass(frozen=True)
class Greedy(AbstractRule):
    """Holds a fixed amount; in this market none is the cheapest."""

    name: ClassVar[str] = "greedy"
    inputs: ClassVar[tuple[str, ...]] = ("delta",)
    parameters: ClassVar[Mapping[str, ParameterRange]] = {
        "size": ParameterRange(0.0, 1.0)
    }

    size: float = 0.5

    def target(self, observables):
        return np.full_like(observables["delta"], self.size)[:, None]


def test_a_parameter_that_ends_at_a_limit_is_named(tape):
    tuned = tune(Greedy, SMALL, 1e-6, tape)
    assert tuned.params["size"] == pytest.approx(0.0, abs=1e-3)
    assert tuned.at_limits == ("size",)


@pytest.mark.parametrize("name", ["no-hedge", "time-based", "volatility-band"])
def test_progress_ends_at_its_own_total(tape, name):
    calls = []
    tune(BASELINES[name], SMALL, 10.0, tape, progress=lambda *call: calls.append(call))
    done = [call[0] for call in calls]
    assert done == sorted(done)
    assert all(call[0] <= call[1] for call in calls)
    assert calls[-1][0] == calls[-1][1]


def test_a_tape_is_split_without_losing_a_path(tape):
    for parts in (1, 2, 7, 10_000):
        pieces = split(tape, parts)
        ids = np.concatenate([piece.path_ids for piece in pieces])
        np.testing.assert_array_equal(ids, tape.path_ids)
        assert all(piece.rows.shape[2] == piece.n_paths for piece in pieces)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("risk_aversion", "threshold", "objective_bp"),
    [(2.0, 0.20, 31.4), (10.0, 0.12, 55.8), (50.0, 0.07, 110.4)],
)
def test_the_threshold_of_the_reference_market(risk_aversion, threshold, objective_bp):
    config = load_config("reference")
    paths = record_tape(config, np.arange(8192), seed=0, stream="validation")
    tuned = tune(DeltaThreshold, config, risk_aversion, paths)
    assert tuned.params["threshold"] == pytest.approx(threshold, abs=0.02)
    assert tuned.value == pytest.approx(objective_bp, rel=0.015)
