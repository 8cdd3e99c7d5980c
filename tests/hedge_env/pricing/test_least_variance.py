import numpy as np

from hedge_env.pricing.least_variance import vega_terms


def terms(volatility: float, log_moneyness: float, time: float = 0.25) -> np.ndarray:
    rows = {
        "vega": -0.2,
        "spot": 1.25,
        "implied_volatility": volatility,
        "log_moneyness": log_moneyness,
        "time_to_maturity": time,
    }
    return vega_terms({name: np.array([value]) for name, value in rows.items()})[:, 0]


def test_the_second_term_is_deviations_times_the_first() -> None:
    level, tilt = terms(0.5, -0.1)  # strike 10 % above: z = .1 / (.5 * .5)
    assert level == -0.2 * 0.5 / 1.25
    np.testing.assert_allclose(tilt, 0.4 * level, rtol=1e-14)
    np.testing.assert_allclose(terms(0.5, -9.0)[1], 3.0 * level, rtol=1e-14)


def test_where_nothing_moves_or_all_is_paid_nothing_is_added() -> None:
    np.testing.assert_array_equal(terms(0.0, 0.0), 0.0)  # not 0 / 0
    np.testing.assert_array_equal(terms(0.0, -0.1), 0.0)
    assert terms(0.5, -0.1, 0.0)[1] == 0.0
