import numpy as np
import pytest
from scipy.stats import norm

from hedge_env.baselines.bands.delta_band import DeltaBand
from hedge_env.baselines.deltas.linear_greeks import LinearGreeks, greek_terms
from hedge_env.baselines.tuning.centre_fit import least_variance_centre
from hedge_env.config.loading import load_config
from hedge_env.desk.observables import observable_index
from hedge_env.feeds.tape import MarketTape, record_tape
from hedge_env.pricing.black_scholes import d1_of
from tests.baselines.markets import observables, target_of
from tests.baselines.test_contracts import many_decisions


def call(spot, volatility, strike=1.1, years=0.2):
    """A short call as its hedger sees it."""
    total = volatility * years**0.5
    d1 = np.array([d1_of(x, total) for x in np.atleast_1d(np.log(spot / strike))])
    density = np.exp(-0.5 * d1**2) / (2.0 * np.pi) ** 0.5
    return {
        "delta": norm.cdf(d1),
        "gamma": density / (spot * total),
        "vega": -spot * density * years**0.5,
        "spot": np.atleast_1d(spot),
        "implied_volatility": np.full(d1.size, volatility),
        "log_moneyness": np.log(np.atleast_1d(spot) / strike),
        "time_to_maturity": np.full(d1.size, years),
    }


def test_the_terms_are_the_greeks_of_a_call():
    values = call(np.array([0.9, 1.0, 1.3]), 0.6)
    _, vega, vanna, gamma = greek_terms(values)
    h = 1e-5
    up, down = (call(values["spot"], 0.6 + s)["delta"] for s in (h, -h))
    np.testing.assert_allclose(vanna, 0.6 * (up - down) / (2 * h), rtol=1e-6)
    up, down = (call(values["spot"] * (1 + s), 0.6)["delta"] for s in (h, -h))
    slope = (up - down) / (2 * h)  # per unit of log spot
    np.testing.assert_allclose(gamma, slope * 0.6 * 0.2**0.5, rtol=1e-6)
    np.testing.assert_allclose(vega, values["vega"] * 0.6 / values["spot"], rtol=1e-12)


def test_with_all_numbers_at_zero_it_is_the_band_around_delta():
    values = many_decisions()
    np.testing.assert_array_equal(
        LinearGreeks().target(values), DeltaBand().target(values)
    )


def test_it_is_linear_in_the_greeks():
    rule = LinearGreeks(0.005, 1.0, -0.1, 0.2, 0.3, -0.4)
    terms = greek_terms(observables())[:, 0]
    goal = 0.55 + np.dot([-0.1, 0.2, 0.3, -0.4], terms)
    assert target_of(rule) == pytest.approx(goal, rel=1e-12)


def test_once_all_is_paid_out_only_delta_is_left():
    values = observables(time_to_maturity=0.0, delta=0.0, vega=0.0, gamma=0.0)
    np.testing.assert_array_equal(greek_terms(values), 0.0)


def test_the_regression_finds_the_numbers_that_a_market_was_made_with():
    """The book is made to move against the holdings that four numbers give."""
    config = load_config("reference", settings=["episode.decisions=30"])
    tape = record_tape(config, np.arange(300), seed=0, stream="validation")
    rows, made = tape.rows.copy(), np.array([-0.1, 0.15, 0.05, -0.02])
    now = {
        name: rows[:-1, row]
        for name, row in observable_index(config).items()
        if row < rows.shape[1]
    }
    held = now["delta"] + np.tensordot(made, greek_terms(now), axes=1)
    rng = np.random.default_rng(0)
    change = -held * np.diff(rows[:, 0], axis=0) + rng.normal(0, 1e-5, held.shape)
    rows[1:, 1] = rows[0, 1] + np.cumsum(change, axis=0)
    found = least_variance_centre(
        LinearGreeks(), MarketTape(tape.path_ids, rows), config
    )
    np.testing.assert_allclose(found, made, atol=0.01)
