"""The lean to the side that funding pays is the least of what it costs."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from hedge_env.pricing.funding_lean import bounded, funding_lean

STATE = {
    "funding_rate": np.array([3e-6]),
    "implied_volatility": np.array([0.6]),
    "spot": np.array([1.2]),
    "risk_aversion": np.array([25.0]),
}


def test_a_small_lean_is_the_least_of_funding_and_risk():
    rate, volatility, spot, aversion = (float(x[0]) for x in STATE.values())
    risk = aversion * volatility**2 * spot**2 * 8.0 / 8760.0
    found = minimize_scalar(lambda lean: -lean * rate * spot + risk * lean**2)
    (lean,) = funding_lean(STATE, 1.0)
    assert lean == pytest.approx(found.x, rel=1e-3)
    assert 0.0 < lean < 0.01


def test_a_lean_is_odd_rises_with_the_multiple_and_stays_below_a_notional():
    paid = funding_lean(STATE, 2.0)
    earned = funding_lean(STATE | {"funding_rate": -STATE["funding_rate"]}, 2.0)
    assert (earned == -paid).all()
    assert funding_lean(STATE, 0.0) == 0.0
    assert (np.diff(bounded(np.linspace(-1e3, 1e3, 501))) > 0.0).all()
    calm = STATE | {"implied_volatility": np.zeros(1), "funding_rate": np.ones(1)}
    assert 0.999 < funding_lean(calm, 16.0)[0] <= 1.0
