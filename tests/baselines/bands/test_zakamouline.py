from math import exp

import numpy as np
import pytest

from hedge_env.baselines.bands.zakamouline import (
    CONSTANTS,
    Zakamouline,
    ZakamoulineInputs,
    zakamouline_half_width,
    zakamouline_variance_ratio,
)
from hedge_env.baselines.deltas.smoothed_delta import smoothed_delta
from tests.baselines.markets import holds, observables, target_of


def inputs(**changes):
    """The published example: S 5000, Gamma .02, tau .25, sigma .2, g 1, cost .0005."""
    values = {
        "gamma": 0.02,
        "spot": 5000.0,
        "cost_rate": 0.0005,
        "volatility": 0.2,
        "time": 0.25,
        "risk_aversion": 1.0,
    }
    values |= changes
    return ZakamoulineInputs(**{k: np.array([v]) for k, v in values.items()})


def half_width(constants, **changes):
    return zakamouline_half_width(inputs(**changes), CONSTANTS[constants])[0]


def ratio(constants, **changes):
    return zakamouline_variance_ratio(inputs(**changes), CONSTANTS[constants])[0]


@pytest.mark.parametrize("constants", ["efma-2005", "sinclair"])
def test_the_published_half_width_is_hit(constants):
    """H0 = 1e-5 and H1 = 0.020944."""
    assert half_width(constants, gamma=0.0) == pytest.approx(1e-5)
    assert half_width(constants) == pytest.approx(1e-5 + 0.020944, abs=5e-7)


def test_each_set_of_constants_has_its_own_width_and_volatility():
    scale = 0.0005**0.78 / 0.2**0.25 * (5000.0**2 * 0.02) ** 0.15
    early, book = 4.76 * scale * 0.25**-0.02, 5.76 * scale * 0.25**-0.02
    late = 6.85 * scale * 0.25**0.10 * exp(-0.2 * 0.25)
    for name, k in (("efma-2005", early), ("sinclair", book), ("qf-2006", late)):
        assert ratio(name) == pytest.approx(1.0 + k)
        assert ratio(name, gamma=-0.02) == pytest.approx(1.0 - k)
    width = 1.18 * 0.0005**0.31 * 0.25**0.10 * exp(-0.15 * 0.25) / 0.2**0.25
    assert half_width("qf-2006") == pytest.approx(1e-5 + width * 0.02**0.5)


def test_the_known_bands_of_a_call_are_hit():
    """S = K = 100, half a year left, cost 1 %: width and centre, two markets."""
    rows = [(0.3, 0.01, 1.0, 0.0502, 0.550), (0.2, 0.01, 0.1, 0.2559, 0.532)]
    for volatility, cost, g, width, centre in rows:
        sd = volatility * 0.5**0.5
        d1 = sd / 2.0
        gamma = exp(-(d1**2) / 2.0) / (2.0 * np.pi) ** 0.5 / (100.0 * sd)
        changes = {
            "gamma": gamma,
            "spot": 100.0,
            "cost_rate": cost,
            "volatility": volatility,
            "time": 0.5,
            "risk_aversion": g,
        }
        assert half_width("efma-2005", **changes) == pytest.approx(width, abs=6e-5)
        values = observables(
            delta=0.5 + d1 * 0.3989,
            gamma=100.0 * gamma,
            implied_volatility=volatility,
            time_to_maturity=0.5,
        )
        shifted = smoothed_delta(values, np.array([ratio("efma-2005", **changes)]))
        assert shifted[0] == pytest.approx(centre, abs=6e-4)


def test_the_rule_is_the_formula_at_a_spot_of_one_hundred():
    """lambda 10 per notional is g = 20 per notional, 0.2 per unit of 100 of spot."""
    changes = {
        "gamma": 0.017,
        "spot": 100.0,
        "cost_rate": 5e-4,
        "volatility": 0.8,
        "time": 30.0 / 365.0,
        "risk_aversion": 0.2,
    }
    for name in CONSTANTS:
        values = observables()
        centre = smoothed_delta(values, np.array([ratio(name, **changes)]))[0]
        width = half_width(name, **changes)
        rule = Zakamouline(1.0, name)
        assert target_of(rule, holdings=0.0) == pytest.approx(centre - width)
        assert target_of(rule, holdings=1.0) == pytest.approx(centre + width)
        assert holds(rule, holdings=centre + 0.99 * width)


def test_without_cost_it_is_delta_hedging():
    assert target_of(Zakamouline(), proportional_cost=0.0) == 0.55


def test_unknown_constants_are_refused():
    with pytest.raises(ValueError, match="qf-2006"):
        Zakamouline(1.0, "unknown")
