"""The centre of rules: what it is, that all have it, and that tuning finds it."""

from dataclasses import replace

import numpy as np
import pytest

from hedge_env.base.field import FIELDS
from hedge_env.baselines import BASELINES
from hedge_env.baselines.bands.deadline_band import DeadlineBand
from hedge_env.baselines.bands.delta_band import DeltaBand
from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.bands.gas_band import GasBand
from hedge_env.baselines.deltas.minimum_variance import MinimumVariance
from hedge_env.baselines.rule.band_rule import BandRule
from hedge_env.baselines.rule.centre import CentredRule
from hedge_env.baselines.tuning.centre_fit import least_variance_centre
from hedge_env.baselines.tuning.criteria import paired_difference
from hedge_env.baselines.tuning.kept import kept_at_delta
from hedge_env.baselines.tuning.tune import tune
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import MarketTape, record_tape
from hedge_env.pricing.least_variance import vega_terms
from tests.baselines.markets import SMALL, observables, target_of

CENTRED = {n: rule for n, rule in BASELINES.items() if issubclass(rule, CentredRule)}
ALONE = {
    "no-hedge",
    "delta",
    "bartlett",
    "delta-gamma",
    "delta-vega",
    "liquidation-schedule",
}  # published as they are, or for two instruments

# Volatility falls when spot rises, by more than any noise of the rest.
LEVERED = load_config(
    "ethereum-l1",
    settings=[
        "episode.decisions=30",
        "episode.decision_interval_hours=24",
        "market.volatility.leverage=-0.8",
        "market.surface.level.sd=0.1",
        "market.surface.level.return_correlation=-0.9",
    ],
)


def test_every_rule_for_one_instrument_has_a_centre_that_is_delta_by_default():
    assert set(BASELINES) - set(CENTRED) == ALONE
    for rule in CENTRED.values():
        values = observables(vega=-0.2, log_moneyness=0.05)
        assert rule().centre(values)[0] == rule().neutral(values)[0]
        own = rule()
        assert (own.centre_vega, own.centre_smile, own.centre_funding) == (0, 0, 0)


def test_the_centre_is_the_formula():
    """Short call at .8, vega -.114, strike one fifth of a deviation above spot."""
    deviation = 0.8 * (30.0 / 365.0) ** 0.5
    rule = DeltaBand(0.005, 1.0, centre_vega=0.166, centre_smile=0.1)
    moved = target_of(rule, log_moneyness=-0.2 * deviation, spot=1.1)
    shift = (0.166 + 0.1 * 0.2) * 0.114 * 0.8 / 1.1
    assert moved == pytest.approx(0.55 - shift, rel=1e-12)


def test_the_lean_is_the_formula():
    """1 bp a settlement at volatility .8, lambda 10, spot 1.1; half of the formula."""
    rule = DeltaBand(0.005, 1.0, centre_funding=0.5)
    lean = 0.5 * 1e-4 / (2.0 * 10.0 * 0.8**2 * 1.1 * 8.0 / 8760.0)
    moved = target_of(rule, funding_rate=1e-4, spot=1.1)
    assert moved == pytest.approx(0.55 - lean / (1.0 + lean**2) ** 0.5, rel=1e-12)
    assert target_of(rule, funding_rate=-1e-4, spot=1.1) > 0.55
    assert target_of(rule, funding_rate=1.0) == pytest.approx(0.55 - 1.0, abs=1e-3)
    assert target_of(rule, funding_rate=1e-4, implied_volatility=0.0) > -0.45


def test_tuning_leans_to_the_side_that_is_paid():
    """Where funding is paid it costs less on the same paths; elsewhere, none is."""
    paid, not_paid = (
        load_config(
            "deribit",
            settings=["episode.decisions=60", f"execution.instrument={instrument}"],
        )
        for instrument in ("perp", "spot")
    )
    for config in (paid, not_paid):
        tape = record_tape(config, np.arange(512), seed=1, stream="validation")
        found = tune(DeltaBand, config, 2.0, tape)
        kappa = found.params["centre_funding"]
        assert "centre_funding" not in found.at_limits
        assert (kappa > 0.2) == (config is paid)
        if config is paid:
            straight = replace(found.policy, centre_funding=0.0)
            costs = [
                evaluate_on_tape(rule, tape, config, 2.0)
                for rule in (found.policy, straight)
            ]
            lead, error = paired_difference("objective", *costs)
            assert lead < -4.0 * error < 0.0


@pytest.mark.parametrize("rule_class", CENTRED.values(), ids=CENTRED)
def test_a_rule_that_trades_trades_around_its_centre(rule_class):
    values = observables(3, holdings=[0.0, 0.5, 1.0], step=0.0, log_moneyness=-0.05)
    rule = rule_class()
    there, moved = (
        r.target(values)[:, 0] for r in (rule, replace(rule, centre_vega=0.2))
    )
    shift = 0.2 * vega_terms(values)[0]
    traded = (there != values["holdings"]) & (moved != values["holdings"])
    assert traded.any()
    np.testing.assert_allclose((moved - there)[traded], shift[traded], rtol=1e-9)


def test_far_from_the_strike_and_after_expiry_nothing_explodes():
    values = observables(
        3,
        time_to_maturity=[1e-9, 0.0, 1e-3],
        log_moneyness=[-3.0, 0.1, 5.0],
        vega=[-1e-9, 0.0, -0.1],
    )
    with np.errstate(all="raise"):
        terms = vega_terms(values)
    assert np.all(np.abs(terms) <= 0.24 + 1e-9)
    np.testing.assert_array_equal(terms[:, 1], 0.0)


@pytest.fixture(scope="module")
def levered():
    return tuple(
        record_tape(LEVERED, np.arange(2000), seed=0, stream=stream)
        for stream in ("validation", "test")
    )


@pytest.mark.parametrize("rule_class", [DeltaBand, MinimumVariance])
def test_no_other_centre_leaves_less_risk_than_the_fitted_one(levered, rule_class):
    rule = rule_class(0.005) if rule_class is MinimumVariance else DeltaBand(0.005, 1.0)
    best = least_variance_centre(rule, levered[0], LEVERED)
    rows = levered[0].rows

    def risk(values):
        now = {
            name: rows[:-1, number].ravel()
            for number, name in enumerate(FIELDS)
            if number < rows.shape[1]
        }
        held = rule.neutral(now) + values @ rule.centre_terms(now)
        move, book = (np.diff(rows[:, k], axis=0).ravel() for k in (0, 1))
        return float(np.sum((held * move + book) ** 2))

    least = risk(best)
    assert least < 0.99 * risk(np.zeros_like(best))
    for step in np.eye(best.size):
        assert least < min(risk(best + 0.02 * step), risk(best - 0.02 * step))


def test_a_market_that_reacts_is_not_fitted(levered):
    live = MarketTape(levered[0].path_ids, levered[0].rows[:0], live=object())
    np.testing.assert_array_equal(least_variance_centre(GasBand(), live, LEVERED), 0.0)


@pytest.mark.parametrize("rule_class", [DeltaBand, GasBand, BASELINES["time-based"]])
def test_tuning_moves_the_centre_and_it_pays_on_other_paths(levered, rule_class):
    validation, test = levered
    tuned = tune(rule_class, LEVERED, 50.0, validation).policy
    assert tuned.centre_vega > 0.02
    without = replace(tuned, centre_vega=0.0, centre_smile=0.0)
    ours, theirs = (evaluate_on_tape(r, test, LEVERED, 50.0) for r in (tuned, without))
    gain, error = paired_difference("objective", theirs, ours)
    assert gain > 3.0 * error > 0.0


def test_a_centre_is_tuned_alone_where_all_else_is_kept(levered):
    own = {"threshold": 0.2}
    tuned = tune(DeltaThreshold, LEVERED, 50.0, levered[0], kept=own)
    assert tuned.policy.threshold == 0.2
    assert tuned.policy.centre_vega > 0.02
    around = tune(
        DeltaThreshold, LEVERED, 50.0, levered[0], kept=kept_at_delta(DeltaThreshold)
    )
    free = tune(DeltaThreshold, LEVERED, 50.0, levered[0])
    assert around.policy.centre_vega == 0.0
    assert free.value < around.value


def test_where_volatility_never_moves_the_centre_stays_at_delta():
    tape = record_tape(SMALL, np.arange(2000), seed=0, stream="validation")
    for rule_class in (DeltaBand, DeadlineBand, GasBand):
        tuned = tune(rule_class, SMALL, 10.0, tape)
        assert (tuned.params["centre_vega"], tuned.params["centre_smile"]) == (0.0, 0.0)
        assert not {"centre_vega", "centre_smile"} & set(tuned.at_limits)


def test_a_rule_of_somebody_else_has_a_centre_without_saying_so():
    class Own(BandRule):
        name = "own"
        inputs = ("delta", "holdings")

        def band(self, observables):
            raise NotImplementedError

    assert set(CentredRule.centre_parameters) <= set(Own.parameters)
    assert {"vega", "implied_volatility"} <= set(Own.inputs)
