import numpy as np
import pytest

from hedge_env.baselines.distilled.terms import (
    CONSTANT,
    FACTORS,
    inputs_of,
    sum_text,
    term_value,
    weighted_sum,
)
from tests.baselines.markets import observables


def state(n=1, **changes):
    usual = {
        "time_fraction": 1.0,
        "log_gas": 0.0,
        "hour_sin": 0.0,
        "hour_cos": 1.0,
        "funding_rate": 0.0,
    }
    return observables(n, **{**usual, **changes})


def test_a_term_is_the_product_of_its_clipped_factors():
    now = state(2, log_gas=[0.5, 9.0], time_fraction=[1.0, 0.25])
    assert term_value(("gas",), now).tolist() == [0.5, FACTORS["gas"].bound]
    product = term_value(("gas", "time"), now)
    np.testing.assert_allclose(product, [0.5 * 0.5, 4.0 * -0.25])
    assert term_value(CONSTANT, now).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("volatility", {"implied_volatility": 1.0}, np.log(2.0)),
        ("cost", {"proportional_cost": 5e-4}, -np.log(2.0)),
        ("risk_aversion", {"risk_aversion": 20.0}, np.log(2.0)),
        ("funding", {"funding_rate": 1e-4}, 0.1),
        ("gamma", {"gamma": -np.e}, 1.0),
        (
            "realised",
            {"realised_volatility": 0.4, "implied_volatility": 0.8},
            -np.log(2.0),
        ),
        (
            "moneyness",
            {"log_moneyness": 0.1, "implied_volatility": 0.5, "time_to_maturity": 0.25},
            0.4,
        ),
    ],
)
def test_each_factor_is_what_its_text_says(name, changes, expected):
    assert term_value((name,), state(**changes))[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", FACTORS)
def test_a_factor_is_bounded_whatever_its_inputs_are(name):
    factor = FACTORS[name]
    for value in (0.0, 1e-9, 1e9):
        now = state(**dict.fromkeys(factor.inputs, value))
        found = term_value((name,), now)[0]
        assert abs(found) <= factor.bound


def test_a_sum_adds_weighted_terms_and_prints_them():
    terms = ((CONSTANT, 0.25), (("gas",), -2.0), (("time", "time"), 1.5))
    now = state(log_gas=0.5, time_fraction=1.0)
    assert weighted_sum(terms, now)[0] == pytest.approx(0.25 - 1.0 + 1.5 * 0.25)
    assert weighted_sum((), now)[0] == 0.0
    assert sum_text(terms) == (
        "0.25 - 2 * ln(gas/median) + 1.5 * ((share of time left - 0.5))^2"
    )
    assert sum_text(()) == "0"
    assert inputs_of(terms) == ("log_gas", "time_fraction")
