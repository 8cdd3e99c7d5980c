import numpy as np
import pytest

from hedge_env.baselines import RULES
from hedge_env.baselines.bands.delta_threshold import DeltaThreshold
from hedge_env.baselines.bands.gas_band import GasBand
from hedge_env.baselines.distilled.distilled_band import (
    BASES,
    MOST_TERMS,
    DistilledBand,
)
from hedge_env.baselines.distilled.terms import CONSTANT
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from tests.baselines.distilled.test_terms import state


@pytest.mark.parametrize("name", BASES)
def test_without_terms_it_is_its_base(name):
    base = BASES[name]()
    config = load_config("ethereum-l1-forecasts", settings=["episode.decisions=20"])
    tables = evaluate(
        [(base, 10.0), (DistilledBand(base), 10.0)], config, n_episodes=64
    )
    assert tables[0].trades.sum() > 0
    np.testing.assert_allclose(tables[0].objective, tables[1].objective, rtol=1e-9)


def test_terms_move_the_centre_by_half_widths_and_stretch_all_of_the_band():
    base = GasBand(snap=0.0)
    own = base.band(state())
    moved = DistilledBand(
        base,
        centre_sum=((CONSTANT, 0.5),),
        width_sum=((CONSTANT, np.log(2.0)),),
    ).band(state())
    centre, half = 0.5 * (own.high + own.low), 0.5 * (own.high - own.low)
    np.testing.assert_allclose(moved.low, centre + 0.5 * half - 2.0 * half)
    np.testing.assert_allclose(moved.high, centre + 0.5 * half + 2.0 * half)
    inner = 0.5 * (own.inner_high - own.inner_low)
    assert inner[0] > 0.0
    np.testing.assert_allclose(moved.inner_high - moved.inner_low, 4.0 * inner)


def test_it_reads_what_its_base_and_its_terms_read_and_no_more():
    base = DeltaThreshold()
    assert set(DistilledBand(base).inputs) == set(base.inputs)
    band = DistilledBand(base, width_sum=((("gas", "hour_sin"), 0.1),))
    assert set(band.inputs) == {*base.inputs, "log_gas", "hour_sin"}
    assert set(band.inputs) <= set(DistilledBand.inputs)


def test_it_assumes_of_a_book_what_its_base_does():
    config = load_config("squeeth")
    for name, rule in BASES.items():
        assert DistilledBand(rule()).why_unfit(config) == rule.why_unfit(config), name
    reasons = {rule.why_unfit(config) is None for rule in BASES.values()}
    assert reasons == {True, False}


def test_formula_and_parameters_say_all_of_its_numbers():
    band = DistilledBand(
        GasBand(risk_multiplier=2.5),
        centre_sum=((CONSTANT, 0.125), (("delta",), -0.25)),
        width_sum=((("gas", "time"), 0.375),),
    )
    text = "\n".join(band.formula())
    assert "risk_multiplier=2.5" in text
    assert "centre = c + h * (0.125 - 0.25 * delta)" in text
    assert "exp(0.375 * ln(gas/median) * (share of time left - 0.5))" in text
    assert band.params["centre_constant"] == 0.125
    assert band.params["width_gas_time"] == 0.375


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (((("gaz",), 1.0),), "gaz is no term"),
        (((("gas", "gas", "gas"), 1.0),), "is no term"),
        (((("gas",), 1.0), (("gas",), 2.0)), "gas is there twice"),
        (((("gas", "time"), 1.0), (("time", "gas"), 2.0)), "time*gas is there twice"),
        (((("gas",), float("nan")),), "no finite number"),
        (((CONSTANT, 1.0),) * (MOST_TERMS + 1), "more than 64"),
    ],
)
def test_what_is_no_formula_is_refused(terms, words):
    with pytest.raises(ValueError, match=words.replace("*", r"\*")):
        DistilledBand(GasBand(), centre_sum=terms)
    with pytest.raises(ValueError, match=words.replace("*", r"\*")):
        DistilledBand(GasBand(), width_sum=terms)


def test_only_rules_whose_band_can_be_moved_are_a_base():
    assert "deadline-band" in BASES
    assert {"delta", "time-based", "gas-wait"} & set(BASES) == set()
    with pytest.raises(ValueError, match="delta has no band"):
        DistilledBand(RULES["delta"]())
    with pytest.raises(ValueError, match="that of its base"):
        DistilledBand(GasBand(), centre_vega=0.1)


def test_far_from_where_it_was_fitted_the_band_stays_a_band():
    wild = DistilledBand(
        GasBand(),
        centre_sum=((("gas",), 1e3),),
        width_sum=((("gas",), -1e3), (("volatility",), 1e3)),
    )
    band = wild.band(state(3, log_gas=[-4.0, 0.0, 4.0]))
    own = GasBand().band(state(3))
    assert (np.asarray(band.high) > band.low).all()
    half = 0.5 * (own.high - own.low)
    assert (np.abs(0.5 * (band.high + band.low) - state(3)["delta"]) < 4 * half).all()
