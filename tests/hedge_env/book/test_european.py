import numpy as np
import pytest

from hedge_env.book.european import BookParams, book_params
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.market.engine.parameters import market_params


def config_of(*legs: tuple[str, float, float, float], hours: float = 4.0) -> EnvConfig:
    """Legs of kind, quantity, moneyness and maturity in decisions; 12 decisions."""
    return load_config(
        "reference",
        {
            "episode": {"decisions": 12, "decision_interval_hours": hours},
            "holdings": {"low": -3.0, "high": 3.0},
            "book": {
                "legs": [
                    {
                        "kind": kind,
                        "quantity": quantity,
                        "moneyness": moneyness,
                        "maturity_days": decisions * hours / 24.0,
                    }
                    for kind, quantity, moneyness, decisions in legs
                ]
            },
        },
    )


def compiled(config: EnvConfig) -> BookParams:
    return book_params(config, market_params(config))


def test_legs_become_arrays() -> None:
    legs = (("call", -1.0, 1.1, 12.0), ("put", 0.5, 0.8, 12.0))
    p = compiled(config_of(*legs))
    np.testing.assert_array_equal(p.is_call, [1.0, 0.0])
    np.testing.assert_array_equal(p.quantity, [-1.0, 0.5])
    np.testing.assert_array_equal(p.strike, [1.1, 0.8])
    np.testing.assert_allclose(p.log_strike, np.log([1.1, 0.8]), rtol=1e-15)
    assert p.mean_log_strike == pytest.approx(np.log(1.1 * 0.8) / 2.0, rel=1e-14)


def test_legs_expire_before_at_and_after_the_horizon() -> None:
    legs = (("call", -1, 1, 5.0), ("call", -1, 1, 12.0), ("put", -1, 1, 20.3))
    p = compiled(config_of(*legs))
    np.testing.assert_array_equal(p.expiry_step, [5.0, 12.0, 21.0])
    left = np.array([5.0, 12.0, 20.3, 20.3])[:, None] - np.arange(13)
    years = np.maximum(left, 0.0) * 4.0 / 8760.0
    np.testing.assert_allclose(p.years, years, rtol=1e-12)
    assert p.least_years == pytest.approx(8.3 * 4.0 / 8760.0, rel=1e-12)


def test_time_left_of_the_longest_leg_stays_positive_for_quoting() -> None:
    p = compiled(config_of(("call", -1, 1, 5.0), ("put", -1, 1, 3.0)))
    np.testing.assert_array_equal(p.years[-1, 5:], 0.0)
    assert p.least_years == p.years[-1, 4] > 0.0


@pytest.mark.parametrize("hours", [0.1, 0.3, 0.7, 1.0, 1.5, 5.0, 7.0, 24.0])
def test_no_time_is_left_at_expiry_to_the_last_bit(hours: float) -> None:
    legs = [("call", -1.0, 1.0, float(n)) for n in range(1, 13)]
    p = compiled(config_of(*legs, hours=hours))
    for leg in range(12):
        assert p.expiry_step[leg] == leg + 1
        assert (p.years[leg, : leg + 1] > 0.0).all()
        assert (p.years[leg, leg + 1 :] == 0.0).all()


def test_bounds_cover_what_is_left_once_shorter_legs_have_expired() -> None:
    # Together they need no hedge far from the strike; the longer one alone does.
    calendar = {
        "book": {
            "legs": [
                {"kind": "call", "quantity": -1.0, "maturity_days": 30.0},
                {"kind": "call", "quantity": 1.0, "maturity_days": 10.0},
            ]
        }
    }
    assert load_config("reference", calendar).holdings_bounds == (0.0, 1.0)
    calendar["book"]["legs"][0]["quantity"] = 1.0
    calendar["book"]["legs"][1]["quantity"] = -1.0
    assert load_config("reference", calendar).holdings_bounds == (-1.0, 0.0)
    calendar["book"]["legs"][1]["kind"] = "put"
    assert load_config("reference", calendar).holdings_bounds == (-1.0, 0.0)
