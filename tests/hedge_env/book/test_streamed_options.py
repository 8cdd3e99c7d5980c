"""Options made of a pool's liquidity: payoff, Greeks, premium and its spread."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env import load_config
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.base.types import FloatArray
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.baselines.deltas.no_hedge import NoHedge
from hedge_env.config import EnvConfig
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.feeds.tape import record_tape
from hedge_env.market.engine import market_state

FREE = ("execution.fee_bp=0", "execution.half_spread_bp=0", "execution.fixed_cost_bp=0")
STILL = ("market.volatility.level=1e-6", "episode.decisions=6")  # a day
QUIET = {"kind": "streamed", "fee_bp": 0.0, "noise_turnover": 0.0}


def problem(*legs: dict[str, object], settings: tuple[str, ...] = ()) -> EnvConfig:
    document = {"book": {"legs": list(legs)}, "holdings": {"low": -3.0, "high": 3.0}}
    return load_config("reference", document, settings=(*FREE, *settings))


def marked(config: EnvConfig, spots: FloatArray) -> FloatArray:
    """Rows at the start, at other prices."""
    batch = HedgeBatch(config, spots.size)
    batch.reset(np.arange(spots.size))
    paths = batch._market._paths
    paths.state[market_state.LOG_SPOT] = np.log(spots)
    rows = batch.rows.copy()
    paths.quote(rows, advance=False)
    return rows


def premium(*settings: str, **terms: object) -> float:
    """What one unit has received, or paid, after a day at the price of the start."""
    worth = []
    for leg in ({**QUIET, **terms}, {**terms, **QUIET}):
        config = problem(leg, settings=(*STILL, *settings))
        rows = record_tape(config, np.arange(2), seed=0, stream="test").rows
        worth.append(rows[-1, field.BOOK_VALUE, 0])
    return float(worth[0] - worth[1])


@pytest.mark.parametrize("option", ["call", "put"])
def test_outside_its_range_it_is_worth_its_payoff(option: str) -> None:
    leg = {**QUIET, "option": option, "moneyness": 1.05, "width": 1.2, "quantity": 2.0}
    spots = np.array([0.3, 1.05 / 1.2, 1.05 * 1.2, 4.0])
    rows = marked(problem(leg), spots)
    gain = spots - 1.05 if option == "call" else 1.05 - spots
    payoff = 2.0 * np.maximum(gain, 0.0)
    np.testing.assert_allclose(rows[field.BOOK_VALUE], payoff, atol=1e-13)
    deep = 2.0 * np.where(gain > 0.0, 1.0 if option == "call" else -1.0, 0.0)
    np.testing.assert_allclose(-rows[field.DELTA], deep, atol=1e-13)


@pytest.mark.parametrize("option", ["call", "put"])
def test_delta_and_gamma_are_derivatives_of_the_value(option: str) -> None:
    leg = {**QUIET, "option": option, "moneyness": 0.97, "width": 1.3, "quantity": -1.5}
    spots, h = np.array([0.8, 0.97, 1.0, 1.2]), 1e-5
    config = problem(leg)
    low, here, high = (marked(config, spots * (1.0 + k * h)) for k in (-1, 0, 1))
    slope = (high - low)[field.BOOK_VALUE] / (2.0 * h * spots)
    bend = -(high - low)[field.DELTA] / (2.0 * h * spots)
    np.testing.assert_allclose(-here[field.DELTA], slope, rtol=1e-8)
    np.testing.assert_allclose(-here[field.GAMMA], bend, rtol=1e-6)
    assert (here[field.GAMMA] > 0.0).all()  # sold: short gamma
    assert (here[field.VEGA] == 0.0).all()


def test_call_less_put_is_a_forward() -> None:
    terms = {**QUIET, "moneyness": 1.1, "width": 1.25}
    call = {**terms, "option": "call", "quantity": 1.0}
    put = {**terms, "option": "put", "quantity": -1.0}
    spots = np.array([0.5, 1.0, 1.3, 2.0])
    rows = marked(problem(call, put), spots)
    np.testing.assert_allclose(rows[field.BOOK_VALUE], spots - 1.1, atol=1e-13)


@pytest.mark.parametrize(("fee", "turnover"), [(5e-4, 0.2), (3e-3, 1.5)])
def test_the_premium_is_gamma_cost_at_the_published_volatility(fee, turnover) -> None:
    """2 feeRate sqrt(volume / tickLiquidity) a day, a tick being two fees wide."""
    terms = {"fee_bp": 1e4 * fee, "noise_turnover": turnover, "quantity": -1.0}
    config = problem({**QUIET, **terms}, settings=STILL)
    liquidity = config.book.legs[0].liquidity
    volume, tick = turnover * 2.0 * liquidity, liquidity * fee
    volatility = 2.0 * fee * np.sqrt(volume / tick)
    assert volatility == pytest.approx(np.sqrt(8.0 * fee * turnover), rel=1e-12)
    gamma = marked(config, np.ones(1))[field.GAMMA, 0]
    expected = 0.5 * volatility**2 * gamma
    assert premium(**terms) == pytest.approx(expected, rel=1e-7)


def test_the_volatility_of_a_pool_of_five_basis_points() -> None:
    """By hand: 0.02828427 a day, 54.04 % a year."""
    daily = 2.0 * 5e-4 * np.sqrt(0.4 / 5e-4)
    assert daily == pytest.approx(0.0282842712, abs=1e-10)
    assert daily * np.sqrt(365.0) == pytest.approx(0.5403702, abs=1e-7)


def test_a_buyer_pays_the_spread_and_sellers_receive_what_is_paid() -> None:
    """Of a range of which 60 % is removed, spread 1/4: 1.375 and 1.225 times."""
    terms = {"fee_bp": 30.0, "noise_turnover": 1.0}
    base = premium(**terms, quantity=-1.0)
    bought = -premium(**terms, quantity=1.0, removed=0.6)
    sold = premium(**terms, quantity=-1.0, removed=0.6)
    assert bought / base == pytest.approx(1.0 + 0.25 * 0.6 / 0.4, rel=1e-7)
    assert sold / base == pytest.approx(1.0 + 0.25 * 0.36 / 0.4, rel=1e-7)
    # Sellers of all of it receive the pool's fees on what is left, and the buyers'.
    assert sold == pytest.approx(0.4 * base + 0.6 * bought, rel=1e-7)
    free = premium(**terms, quantity=-1.0, removed=0.6, spread=0.0)
    assert free == pytest.approx(base, rel=1e-7)


def test_a_seller_earns_what_the_liquidity_in_its_range_would_have() -> None:
    terms = {"fee_bp": 30.0, "noise_turnover": 0.5, "noise_sd": 0.6}
    config = problem({**QUIET, **terms, "quantity": -1.0, "width": 1.2})
    pool = {"kind": "amm", **terms, "low": 1.0 / 1.2, "high": 1.2}
    liquidity = problem(pool)
    units = config.book.legs[0].liquidity / liquidity.book.legs[0].liquidity
    ids = np.arange(20)
    option, owned = (
        record_tape(each, ids, seed=1, stream="test").rows
        for each in (config, liquidity)
    )
    lent = option[:, field.SPOT]
    expected = units * owned[:, field.BOOK_VALUE] - lent
    np.testing.assert_allclose(option[:, field.BOOK_VALUE], expected, atol=1e-12)


def test_hedging_takes_nearly_all_of_the_variance_away() -> None:
    straddle = [
        {"kind": "streamed", "option": o, "width": 1.5} for o in ("call", "put")
    ]
    config = problem(*straddle)
    delta, none = evaluate(
        [(Delta(), 10.0), (NoHedge(), 10.0)], config, n_episodes=1000
    )
    assert delta.tracking.var() < 0.15 * none.tracking.var()


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"width": 1.0}, "width"),
        ({"removed": 0.95}, "removed"),
        ({"option": "straddle"}, "option"),
        ({"low": 0.9}, "low is unknown"),
        ({"spread": -1.0}, "spread"),
    ],
)
def test_a_position_that_cannot_be_is_refused_in_one_line(terms, message) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        problem({"kind": "streamed", **terms})
    assert "\n" not in str(caught.value)


def test_its_hedge_is_bounded_as_that_of_its_payoff() -> None:
    legs = [
        {"kind": "streamed", "option": o, "quantity": -2.0} for o in ("call", "put")
    ]
    assert load_config("reference", {"book": {"legs": legs}}).holdings_bounds == (-2, 2)
