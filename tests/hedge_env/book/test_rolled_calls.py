"""Calls that are sold anew whenever one has ended."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.book.endless.rolled_calls import normal_quantile, strike_of
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.desk.batch import HedgeBatch
from hedge_env.feeds.tape import record_tape
from hedge_env.market.engine import market_state

WEEK = 84  # decisions of 2 hours


def vault(**terms: float) -> EnvConfig:
    call = {"kind": "rolled_call", "quantity": -1.0, "roll_days": 7.0, "delta": 0.2}
    return load_config("covered-call-vault", {"book": {"legs": [call | terms]}})


def rows_of(config: EnvConfig, n: int = 40) -> FloatArray:
    return record_tape(config, np.arange(n), seed=1, stream="test").rows


@pytest.mark.parametrize("delta", [0.01, 0.15, 0.5, 0.8, 0.99])
def test_the_strike_is_where_the_delta_is_the_one_wanted(delta: float) -> None:
    assert normal_quantile(delta) == pytest.approx(norm.ppf(delta), abs=1e-13)
    strike = strike_of(1.3, 0.2, normal_quantile(delta))
    d1 = np.log(1.3 / strike) / 0.2 + 0.1
    assert norm.cdf(d1) == pytest.approx(delta, rel=1e-12)


def test_at_every_roll_the_book_has_the_delta_of_a_new_call() -> None:
    rows = rows_of(vault())
    for step in (0, WEEK, 2 * WEEK, 3 * WEEK, 4 * WEEK):
        np.testing.assert_allclose(rows[step, field.DELTA], 0.2, rtol=1e-12)
    assert (np.abs(rows[1:WEEK, field.DELTA] - 0.2) > 1e-6).mean() > 0.99


def test_a_call_that_ends_is_paid_and_the_next_one_sold_at_its_value() -> None:
    """Across a roll nothing changes but the payoff of the call that was held before."""
    rows = rows_of(vault())
    spot, volatility = rows[:, field.SPOT], rows[:, field.IMPLIED_VOLATILITY]
    sd = volatility * np.sqrt(7.0 / 365.0)
    strike = spot[0] * np.exp(0.5 * sd[0] ** 2 - sd[0] * norm.ppf(0.2))
    d1 = np.log(spot[0] / strike) / sd[0] + 0.5 * sd[0]
    premium = spot[0] * norm.cdf(d1) - strike * norm.cdf(d1 - sd[0])
    np.testing.assert_allclose(rows[0, field.BOOK_VALUE], 0.0, atol=1e-15)
    earned = premium - np.maximum(spot[WEEK] - strike, 0.0)
    np.testing.assert_allclose(rows[WEEK, field.BOOK_VALUE], earned, atol=1e-13)


def test_a_discount_takes_its_share_of_every_premium() -> None:
    fair, dear = rows_of(vault()), rows_of(vault(discount=0.25))
    lost = (fair - dear)[:, field.BOOK_VALUE]
    np.testing.assert_allclose(lost[0], 0.0, atol=1e-15)
    np.testing.assert_allclose(lost[1], lost[WEEK - 1], rtol=1e-9)
    steps = (0, WEEK, 2 * WEEK, 3 * WEEK, 4 * WEEK)
    total = sum(0.25 * premium(fair[step]) for step in steps)
    np.testing.assert_allclose(lost[-1], total, rtol=1e-9)


def premium(rows: FloatArray) -> FloatArray:
    """Of a call of 7 days with a delta of .2."""
    sd = rows[field.IMPLIED_VOLATILITY] * np.sqrt(7.0 / 365.0)
    d1, spot = norm.ppf(0.2), rows[field.SPOT]
    strike = spot * np.exp(0.5 * sd**2 - sd * d1)
    found: FloatArray = spot * 0.2 - strike * norm.cdf(d1 - sd)
    return found


def test_delta_gamma_and_vega_are_derivatives_of_the_value() -> None:
    """By two paths of the same calls: the market is moved after the first day."""
    config = vault(roll_days=30.0)
    batch = HedgeBatch(config, 3)
    batch.reset(np.zeros(3, dtype=np.int64))
    for _ in range(12):
        batch.advance(np.zeros((3, 1)))
    paths = batch._market._paths
    h = 1e-4
    rows = batch.rows.copy()
    paths.state[market_state.LOG_SPOT] += np.log([1.0 - h, 1.0, 1.0 + h])  # of log spot
    paths.quote(rows, advance=False)
    value, spot = rows[field.BOOK_VALUE], rows[field.SPOT, 1]
    slope = (value[2] - value[0]) / (2.0 * h * spot)
    bend = (value[2] - 2.0 * value[1] + value[0]) / (h * spot) ** 2
    assert -rows[field.DELTA, 1] == pytest.approx(slope, rel=1e-4)
    assert -rows[field.GAMMA, 1] == pytest.approx(bend, rel=1e-3)


def test_after_the_last_decision_none_is_sold() -> None:
    config = load_config(vault(), settings=[f"episode.decisions={2 * WEEK}"])
    rows = rows_of(config)
    assert not rows[-1, field.DELTA].any()
    assert rows[-2, field.DELTA].any()


def test_a_call_that_ends_between_two_decisions_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"legs\.0\.roll_days = 0\.3 falls between"):
        vault(roll_days=0.3)
