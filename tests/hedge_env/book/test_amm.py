"""Books of liquidity: what they are worth, lose to arbitrage and earn as fees."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env import load_config
from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.baselines.deltas.no_hedge import NoHedge
from hedge_env.config import EnvConfig
from hedge_env.desk.batch import HedgeBatch
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.liquidity import (
    holds_liquidity_alone,
    liquidity_parts,
    parts_of_paths,
)
from hedge_env.feeds.tape import record_tape

FREE = (
    "execution.fee_bp=0",
    "execution.half_spread_bp=0",
    "execution.fixed_cost_bp=0",
    "market.volatility.level=0.8",
)
RANGE = {"low": 0.8, "high": 1.25}


def pool(*settings: str, **terms: object) -> EnvConfig:
    """One unit of liquidity in the reference market; no fee and no noise by default."""
    quiet = {"kind": "amm", "fee_bp": 0.0, "noise_turnover": 0.0}
    document = {
        "book": {"legs": [{**quiet, **terms}]},
        "holdings": {"low": -4.0, "high": 4.0},
    }
    return load_config("reference", document, settings=settings)


def started(config: EnvConfig, n: int = 3) -> HedgeBatch:
    batch = HedgeBatch(config, n, seed=0, stream="test")
    batch.reset(np.arange(n))
    return batch


@pytest.mark.parametrize("terms", [{}, RANGE, {"low": 1.1}, {"high": 0.9}])
def test_a_unit_is_worth_one_unit_of_the_underlying_at_the_start(terms) -> None:
    rows = started(pool(**terms)).rows
    np.testing.assert_allclose(rows[field.BOOK_VALUE], 1.0, rtol=1e-14)
    assert (rows[field.DELTA] <= 0.0).all()  # what neutralises it is short
    assert (rows[field.GAMMA] >= 0.0).all()
    assert (rows[field.VEGA] == 0.0).all()


def test_a_short_position_is_the_negative_of_a_long_one() -> None:
    long, short = (
        started(pool("episode.decisions=20", quantity=q, fee_bp=30.0, **RANGE))
        for q in (2.0, -2.0)
    )
    for _ in range(20):
        for row in (field.BOOK_VALUE, field.DELTA, field.GAMMA):
            np.testing.assert_array_equal(long.rows[row], -short.rows[row])
        for batch in (long, short):
            batch.advance(np.zeros((3, 1)))


def test_a_delta_hedger_loses_what_arbitrage_takes() -> None:
    """At volatility .8 over 30 days .013108 of a position that is worth 2."""
    config = pool(*FREE, quantity=2.0)
    (table,) = evaluate([(Delta(), 10.0)], config, n_episodes=20_000)
    expected = 2.0 * -np.expm1(-0.64 * 30.0 / 365.0 / 8.0)
    assert expected == pytest.approx(0.013108, abs=5e-7)
    error = table.tracking.std() / np.sqrt(table.n_episodes)
    assert -table.tracking.mean() == pytest.approx(expected, rel=5e-3)
    assert abs(table.tracking.mean() + expected) < 4.0 * error


@pytest.mark.parametrize("terms", [{}, RANGE])
def test_hedging_takes_nearly_all_of_the_variance_away(terms) -> None:
    config = pool(*FREE, **terms)
    delta, none = evaluate(
        [(Delta(), 10.0), (NoHedge(), 10.0)], config, n_episodes=2000
    )
    assert delta.tracking.var() < 0.05 * none.tracking.var()


def test_the_parts_add_up_to_what_the_book_gained() -> None:
    config = load_config("lp-eth-usdc-range", settings=["episode.decisions=60"])
    assert holds_liquidity_alone(config)
    rows = record_tape(config, np.arange(50), seed=0, stream="test").rows
    loss, versus, kept, noise, fees, *moved = parts_of_paths(rows, config)
    assert (np.array(moved) == 0.0).all()  # the range stays where it is
    assert (loss <= 1e-15).all()
    assert (versus <= kept).all()
    assert (kept <= 0.0).all()
    assert (noise >= 0.0).all()
    np.testing.assert_allclose(fees, noise + kept - versus, atol=1e-15)
    position = config.book.legs[0]
    units = position.liquidity * (1.0 - position.range_roots[1])
    gained = rows[-1, field.BOOK_VALUE] - rows[0, field.BOOK_VALUE]
    held = units * (rows[-1, field.SPOT] - rows[0, field.SPOT])
    np.testing.assert_allclose(gained, held + loss + fees, atol=1e-13)
    # A hedger at delta is left with the loss versus rebalancing and the fees.
    move = np.diff(rows[:, field.SPOT], axis=0)
    hedged = gained + (rows[:-1, field.DELTA] * move).sum(axis=0)
    np.testing.assert_allclose(hedged, versus + fees, atol=1e-13)


def test_noise_traders_pay_their_fee_on_a_still_market() -> None:
    """Turnover .5 a day at 30 bp for 10 days, on a value of 2 L = 1 over all prices."""
    config = pool(
        "market.volatility.level=1e-6",
        "episode.decisions=60",
        fee_bp=30.0,
        noise_turnover=0.5,
    )
    parts = liquidity_parts(config, np.arange(3), seed=0)
    assert parts.noise_fees_bp == pytest.approx(10.0 * 0.5 * 30.0, rel=1e-4)
    assert parts.arbitrage_profit_bp == pytest.approx(0.0, abs=1e-6)


def test_a_range_earns_as_much_more_as_it_is_concentrated_and_nothing_outside() -> None:
    still = ("market.volatility.level=1e-6", "episode.decisions=6")
    terms = {"fee_bp": 30.0, "noise_turnover": 0.5}
    wide, narrow, outside = (
        liquidity_parts(pool(*still, **terms, **ends), np.arange(2), seed=0)
        for ends in ({}, RANGE, {"low": 1.1})
    )
    concentration = 1.0 / (1.0 - (0.8 / 1.25) ** 0.25)
    ratio = narrow.fees_bp / wide.fees_bp
    assert ratio == pytest.approx(concentration, rel=1e-6)
    assert outside.fees_bp == pytest.approx(0.0, abs=1e-9)


def test_volume_varies_and_keeps_its_mean() -> None:
    settings = ("market.volatility.level=1e-6", "episode.decisions=30")
    config = pool(*settings, fee_bp=30.0, noise_turnover=1.0, noise_sd=0.7)
    parts = liquidity_parts(config, np.arange(4000), seed=0)
    days = 30 * 4.0 / 24.0
    assert abs(parts.noise_fees_bp - days * 30.0) < 4.0 * parts.noise_fees_se
    one = days * 30.0 * np.sqrt(np.expm1(0.49) / 30.0)
    assert parts.noise_fees_se * np.sqrt(4000) == pytest.approx(one, rel=0.1)


def test_arbitrage_pays_back_what_it_does_not_keep() -> None:
    """Of the loss at volatility .8 the share of the closed form, mean over paths."""
    config = pool(*FREE, "market.volatility.level=0.8", fee_bp=30.0)
    parts = liquidity_parts(config, np.arange(2000), seed=0)
    block = 12.0 / 86_400.0 / 365.0
    fee = -np.log1p(-30e-4)
    kept = 1.0 / (1.0 + fee * np.sqrt(2.0 / block) / 0.8) * np.exp(fee / 2.0)
    assert parts.arbitrage_profit_bp / parts.lvr_bp == pytest.approx(kept, rel=1e-6)
    assert parts.fees_bp == pytest.approx(
        parts.arbitrage_profit_bp - parts.lvr_bp, rel=1e-9
    )


def test_the_hedge_of_a_range_has_a_bound_and_that_of_all_prices_none() -> None:
    low, high = pool(**RANGE).book.legs[0].hedge_bounds
    rows = started(load_config(pool(**RANGE), {"market": {"spot": 1.0}}), 1).rows
    assert high == 0.0
    assert low < rows[field.DELTA, 0]
    with pytest.raises(ConfigError, match=r"holdings\.low and"):
        load_config("reference", {"book": {"legs": [{"kind": "amm"}]}})


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"low": 1.2, "high": 1.1}, r"low = 1\.2 must be below book\.legs\.0\.high"),
        ({"fee_bp": -1.0}, "fee_bp"),
        ({"block_seconds": 0.0}, "block_seconds"),
        ({"low": 0.0}, "low"),
        ({"width": 1.0}, "width is unknown"),
    ],
)
def test_a_position_that_cannot_be_is_refused_in_one_line(terms, message) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        pool(**terms)
    assert "\n" not in str(caught.value)
