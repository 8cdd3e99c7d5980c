import numpy as np
import pytest
from scipy.stats import norm

from hedge_env.base.field import FIELDS
from hedge_env.baselines.deltas.smoothed_delta import (
    LEAST_VARIANCE_RATIO,
    smoothed_delta,
)
from hedge_env.config import BookConfig, EnvConfig, LegConfig
from hedge_env.feeds.tape import record_tape
from tests.baselines.markets import observables
from tests.baselines.test_contracts import many_decisions

CALL = LegConfig(kind="call", moneyness=1.1)
PUT = LegConfig(kind="put", moneyness=1.1)


def quotes(*legs):
    """Market rows of all decisions of a few paths, as observables."""
    config = EnvConfig(book=BookConfig(legs=legs))
    tape = record_tape(config, np.arange(50), seed=0, stream="test")
    names = ["delta", "gamma", "spot", "log_moneyness"]
    names += ["implied_volatility", "time_to_maturity"]
    rows = tape.rows[:-1]
    return {name: rows[:, FIELDS.index(name)].ravel() for name in names}


def exact_call_delta(values, ratio):
    sd = values["implied_volatility"] * np.sqrt(values["time_to_maturity"] * ratio)
    return norm.cdf(values["log_moneyness"] / sd + sd / 2.0)


def test_at_the_books_own_volatility_it_is_delta():
    values = many_decisions()
    np.testing.assert_array_equal(smoothed_delta(values, np.ones(400)), values["delta"])


@pytest.mark.parametrize("ratio", [0.5, 0.9, 1.2, 2.25])
@pytest.mark.parametrize(
    ("legs", "calls", "shift"),
    [
        ((CALL,), 1.0, 0.0),
        ((PUT,), 1.0, -1.0),
        ((CALL, PUT), 2.0, -1.0),
        ((LegConfig(kind="call", quantity=1.0, moneyness=1.1),), -1.0, 0.0),
    ],
    ids=["call", "put", "straddle", "long call"],
)
def test_it_is_exact_for_options_of_one_strike(legs, calls, shift, ratio):
    values = quotes(*legs)
    # Far from the strike gamma is lost to rounding, and with it the shift.
    near = np.abs(values["gamma"]) > 1e-12
    smoothed = smoothed_delta(values, np.full(near.size, ratio))
    exact = calls * exact_call_delta(values, ratio) + shift
    np.testing.assert_allclose(smoothed[near], exact[near], atol=1e-9)


def test_a_variance_below_the_least_is_raised():
    values = observables(3, log_moneyness=0.1)
    out = smoothed_delta(values, np.array([-5.0, 0.0, LEAST_VARIANCE_RATIO]))
    np.testing.assert_array_equal(out, out[2])


def test_without_gamma_nothing_is_shifted():
    values = observables(gamma=0.0, log_moneyness=3.0, time_to_maturity=1e-5)
    assert smoothed_delta(values, np.array([4.0]))[0] == 0.55
