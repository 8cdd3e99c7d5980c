"""What the models of a hedging problem accept."""

import pytest
from pydantic import ValidationError

from hedge_env.base.errors import ConfigError
from hedge_env.config import EnvConfig, RiskAversionRange
from hedge_env.config.loading import load_config


def book(*legs: tuple[str, float, float]) -> dict[str, object]:
    return {
        "book": {
            "legs": [
                {"kind": kind, "quantity": quantity, "moneyness": moneyness}
                for kind, quantity, moneyness in legs
            ]
        }
    }


@pytest.mark.parametrize(
    ("legs", "bounds"),
    [
        ([("call", -1.0, 1.0)], (0.0, 1.0)),
        ([("call", 1.0, 1.0)], (-1.0, 0.0)),
        ([("put", -1.0, 1.0)], (-1.0, 0.0)),
        ([("put", 1.0, 1.0)], (0.0, 1.0)),
        ([("call", -1.0, 1.0), ("put", -1.0, 1.0)], (-1.0, 1.0)),
        ([("call", -1.0, 1.0), ("call", 1.0, 1.2)], (0.0, 1.0)),
        ([("call", -2.0, 0.9), ("call", 1.0, 1.1)], (0.0, 2.0)),
        ([("put", -1.0, 1.0), ("put", 1.0, 0.8)], (-1.0, 0.0)),
        ([("call", -1.0, 1.0), ("call", 2.0, 1.2), ("call", -1.0, 1.4)], (-1.0, 1.0)),
    ],
)
def test_holdings_are_bounded_by_the_books_limiting_deltas(legs, bounds):
    assert load_config(None, book(*legs)).holdings_bounds == bounds


def test_bounds_of_holdings_can_be_widened():
    config = load_config("reference", settings=["holdings.high=1.5"])
    assert config.holdings_bounds == (0.0, 1.5)


def test_a_book_that_needs_no_hedge_asks_for_bounds():
    legs = book(("call", -1.0, 1.0), ("call", 1.0, 1.0))
    with pytest.raises(ConfigError, match=r"holdings\.low"):
        load_config(None, legs)
    wide = load_config(None, {**legs, "holdings": {"low": -1.0, "high": 1.0}})
    assert wide.holdings_bounds == (-1.0, 1.0)


def test_bounds_of_a_risk_aversion_range_are_ordered():
    with pytest.raises(ConfigError, match="low must not exceed high"):
        load_config("reference", settings=["risk_aversion={low: 3, high: 2}"])
    assert RiskAversionRange(low=2.0, high=2.0).low == 2.0


def test_a_leg_must_not_expire_between_two_decisions():
    with pytest.raises(ConfigError, match=r"book\.legs\.0\.maturity_days"):
        load_config("reference", settings=["book.legs.0.maturity_days=7.1"])
    config = load_config("reference", settings=["book.legs.0.maturity_days=7"])
    assert config.book.legs[0].maturity_days == 7.0


def test_times_follow_from_the_decision_grid():
    episode = load_config("ethereum-l1").episode
    assert episode.horizon_days == 30.0
    assert episode.hours_per_market_step == 1.0
    assert episode.years_per_decision == pytest.approx(4.0 / 8760.0, rel=1e-15)


def test_a_config_cannot_be_changed():
    config = EnvConfig()
    with pytest.raises(ValidationError, match="frozen"):
        config.name = "other"  # type: ignore[misc]  # wrong on purpose


def test_a_key_nobody_knows_is_an_error():
    with pytest.raises(ValidationError, match="Extra inputs"):
        EnvConfig(market={"volatilty": {}})


def test_an_episode_cannot_outrun_the_count_of_its_random_numbers():
    with pytest.raises(ConfigError, match="decisions x market_steps must be below"):
        load_config(
            "reference",
            settings=["episode.decisions=1000000", "episode.market_steps=10000"],
        )
