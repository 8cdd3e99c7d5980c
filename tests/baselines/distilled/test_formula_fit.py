from dataclasses import replace

import numpy as np
import pytest

from hedge_env.baselines import RULES
from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.bands.gas_band import GasBand
from hedge_env.baselines.distilled.distilled_band import DistilledBand
from hedge_env.baselines.distilled.formula_fit import (
    SIZES,
    candidates,
    fit_formulas,
    forward_selection,
)
from hedge_env.baselines.distilled.polish import Validation, polish, with_weights
from hedge_env.baselines.distilled.terms import CONSTANT
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate, evaluate_on_tape
from hedge_env.evaluation.policy_band import policy_band, visited_states
from hedge_env.feeds.tape import record_tape

CONFIG = load_config("ethereum-l1", settings=["episode.decisions=20"])
KNOWN = DistilledBand(
    GasBand(snap=0.0),
    centre_sum=((CONSTANT, 0.2), (("gas",), -0.3)),
    width_sum=((CONSTANT, 0.1), (("time", "volatility"), 0.8)),
)


@pytest.fixture(scope="module")
def states():
    tape = record_tape(CONFIG, np.arange(128), seed=3, stream="training")
    return visited_states(KNOWN, tape, CONFIG, 10.0, per_decision=64, seed=3)


def test_forward_selection_finds_the_terms_that_made_a_sum():
    random = np.random.default_rng(0)
    terms = {(name,): random.normal(size=400) for name in "abcdef"}
    terms["twin",] = terms["a",] + 1e-9 * random.normal(size=400)
    goal = 0.5 + 2.0 * terms["c",] - 1.0 * terms["e",]
    sums = forward_selection(goal, terms, 3)
    assert [term for term, _ in sums[2]] == [CONSTANT, ("c",), ("e",)]
    np.testing.assert_allclose([weight for _, weight in sums[2]], [0.5, 2.0, -1.0])
    assert sums[0] == ((CONSTANT, pytest.approx(goal.mean())),)


def test_a_known_formula_is_found_again_by_asking_its_policy(states):
    band = policy_band(KNOWN, states, CONFIG)
    formulas = fit_formulas(KNOWN.base, band, states, CONFIG)
    assert formulas[0] == DistilledBand(KNOWN.base)
    found = formulas[1 + SIZES.index(1)]
    centre, width = dict(found.centre_sum), dict(found.width_sum)
    assert centre["gas",] == pytest.approx(-0.3, abs=0.01)
    assert centre[CONSTANT] == pytest.approx(0.2, abs=0.01)
    assert width["time", "volatility"] == pytest.approx(0.8, abs=0.02)


def test_what_a_market_does_not_move_or_show_is_no_candidate(states):
    names = {name for term in candidates(states, CONFIG) for name in term}
    assert {"gas", "season", "time", "volatility"} <= names
    assert {"funding", "risk_aversion"} & names == set()
    reference = load_config("reference", settings=["episode.decisions=5"])
    tape = record_tape(reference, np.arange(32), seed=0, stream="training")
    rows = visited_states(GasBand(), tape, reference, 10.0, per_decision=32, seed=0)
    still = {name for term in candidates(rows, reference) for name in term}
    assert {"gas", "volatility", "skew"} & still == set()
    assert "moneyness" in still


def test_a_rule_without_a_band_of_any_width_is_refused(states):
    band = policy_band(KNOWN, states, CONFIG)
    with pytest.raises(ValueError, match="have a band together in 0 states"):
        fit_formulas(DeltaThreshold(threshold=1e-12), band, states, CONFIG)


def test_polishing_mends_weights_that_were_spoilt_and_never_makes_worse():
    config = load_config("reference", settings=["episode.decisions=20"])
    tape = record_tape(config, np.arange(256), seed=0, stream="validation")
    validation = Validation.prepare(config, tape, {10.0: 3.0})
    assert validation.shares == {10.0: 1.0}
    spoilt = DistilledBand(GasBand(), width_sum=((CONSTANT, 0.9),))
    better = polish(spoilt, validation.rough)
    assert validation.rough(better) < validation.rough(spoilt) - 0.5
    assert validation.weighted(better) < validation.weighted(spoilt) - 0.5
    assert abs(better.width_sum[0][1]) < 0.6
    assert polish(DistilledBand(GasBand()), validation.rough).width_sum == ()
    assert polish(better, lambda band: 0.0) is better


@pytest.mark.parametrize("preset", ["reference", "hyperliquid", "ethereum-l1-adverse"])
def test_validation_is_that_of_the_one_evaluation_there_is(preset):
    config = load_config(preset, settings=["episode.decisions=10"])
    tape = record_tape(config, np.arange(64), seed=0, stream="validation")
    band = replace(KNOWN, base=RULES["deadline-band"]())
    validation = Validation.prepare(config, tape, {10.0: 1.0, 50.0: 1.0})
    tables = [evaluate_on_tape(band, tape, config, x) for x in (10.0, 50.0)]
    means = [float(table.objective.mean()) * 1e4 for table in tables]
    assert validation.rough(band) == pytest.approx(np.mean(means), rel=1e-12)
    played = evaluate(
        [(band, 10.0)],
        config,
        n_episodes=64,
        stream="validation",
        controlled=True,
    )
    expected = float(played[0].expected_objective.mean()) * 1e4
    assert validation.sharp(band, 10.0) == pytest.approx(expected, rel=1e-9)
    other = validation.sharp(band, 50.0)
    assert validation.weighted(band) == pytest.approx(0.5 * (expected + other))


def test_where_nothing_is_known_of_the_moments_what_happened_counts():
    config = load_config(
        "reference",
        settings=["episode.decisions=10", "execution.permanent_impact=0.1"],
    )
    tape = record_tape(config, np.arange(32), seed=0, stream="validation")
    validation = Validation.prepare(config, tape, {10.0: 1.0})
    band = DistilledBand(GasBand())
    assert validation.sharp(band, 10.0) == pytest.approx(validation.rough(band))


def test_weights_go_to_their_terms_in_order():
    found = with_weights(KNOWN, np.array([1.0, 2.0, 3.0, 4.0]))
    assert found.centre_sum == ((CONSTANT, 1.0), (("gas",), 2.0))
    assert found.width_sum == ((CONSTANT, 3.0), (("time", "volatility"), 4.0))
