"""Liquidity whose range follows the price: what moves, what stays, what it costs."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.baselines.deltas.delta import Delta
from hedge_env.book.endless.recentring import new_scale, swapped
from hedge_env.config import EnvConfig
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate
from hedge_env.evaluation.liquidity import liquidity_parts, parts_of_paths
from hedge_env.feeds.tape import record_tape

LOW, HIGH = 0.9, 1.0 / 0.9
N = 64


def moving(*settings: str, **recentre: float) -> EnvConfig:
    """One unit of liquidity in the reference market, without noise by default."""
    terms = {"kind": "amm", "low": LOW, "high": HIGH, "noise_turnover": 0.0}
    if recentre:
        terms["recentre"] = recentre
    document = {"book": {"legs": [terms]}, "holdings": {"low": -9.0, "high": 4.0}}
    return load_config("reference", document, settings=settings)


def test_a_range_at_its_end_by_hand() -> None:
    # A liquidity of 1 from .9 to 1/.9: at .9 all is the underlying.
    root, low, high = sqrt(LOW), sqrt(LOW), 1.0 / sqrt(HIGH)
    held = 1.0 / root - high
    worth = held * LOW
    one = (1.0 - high) + (1.0 - low)  # worth of a unit of liquidity at its centre
    assert new_scale(root, 1.0, 1.0, low, high) == pytest.approx(worth / (root * one))
    # Half of the value is cash afterwards: the range is even in logs.
    expected = held - 0.5 * worth / LOW
    assert swapped(root, 1.0, 1.0, low, high) == pytest.approx(expected, rel=1e-12)
    # At the other end nothing is held, and half of the value is bought.
    top = sqrt(HIGH)
    worth = top - low
    bought = 0.5 * worth / HIGH
    assert swapped(top, 1.0, 1.0, low, high) == pytest.approx(bought, rel=1e-12)


def test_the_same_in_an_episode() -> None:
    costs = {"swap_bp": 30.0, "fixed_cost_bp": 4.0}
    config = moving("episode.decisions=60", at=1.0, **costs)
    rows = record_tape(config, np.arange(N), seed=0, stream="test").rows
    plain = record_tape(
        moving("episode.decisions=60"), np.arange(N), seed=0, stream="test"
    ).rows
    spot, delta = rows[:, field.SPOT], rows[:, field.DELTA]
    outside = (spot <= LOW) | (spot >= HIGH)
    left = outside.any(axis=0)
    assert 10 < left.sum() < N
    unit = 1.0 / ((1.0 - sqrt(LOW)) * 2.0)
    for path in range(N):
        first = outside[:, path].argmax() if left[path] else 61
        for row in (field.BOOK_VALUE, field.DELTA, field.GAMMA):
            np.testing.assert_array_equal(
                rows[:first, row, path], plain[:first, row, path]
            )
        if not left[path]:
            continue
        price, low, high = spot[first, path], sqrt(LOW), 1.0 / sqrt(HIGH)
        inside = min(max(price, LOW), HIGH)
        held = unit * (1.0 / sqrt(inside) - high)
        cash = unit * (sqrt(inside) - low)
        worth = held * price + cash
        assert -delta[first, path] == pytest.approx(0.5 * worth / price, rel=1e-12)
        swap = abs(0.5 * worth / price - held) * price
        cost = (
            plain[first, field.BOOK_VALUE, path] - rows[first, field.BOOK_VALUE, path]
        )
        assert cost == pytest.approx(30e-4 * swap + 4e-4, rel=1e-9)


def test_a_range_that_never_moves_is_one_that_cannot() -> None:
    still = record_tape(moving(), np.arange(N), seed=0, stream="test").rows
    far = record_tape(moving(at=100.0), np.arange(N), seed=0, stream="test").rows
    np.testing.assert_array_equal(still, far)


@pytest.mark.parametrize("at", [0.3, 1.0, 1.5])
def test_the_parts_add_up_on_every_path(at: float) -> None:
    config = moving(at=at, swap_bp=20.0, fixed_cost_bp=3.0)
    tape = record_tape(config, np.arange(N), seed=0, stream="test")
    loss, lvr, kept, noise, fees, moved, times = parts_of_paths(tape.rows, config)
    np.testing.assert_allclose(noise, 0.0, atol=1e-12)
    np.testing.assert_allclose(fees, kept - lvr, atol=1e-12)
    assert (times > 0.0).any()
    assert (moved[times > 0.0] < 0.0).all()
    assert (moved[times == 0.0] == 0.0).all()
    assert (loss <= 1e-12).sum() > 0.9 * N  # it may come back another way: not always
    # A hedger at delta without cost is left with exactly these.
    free = load_config(
        config, settings=["execution.fee_bp=0", "execution.fixed_cost_bp=0"]
    )
    (table,) = evaluate([(Delta(), 10.0)], free, n_episodes=N)
    np.testing.assert_allclose(table.tracking, lvr + fees + moved, atol=1e-11)


def test_gas_is_paid_at_the_price_of_the_decision() -> None:
    gas = (
        "market.gas={median_gwei: 50, slow: {half_life_days: 3, sd: 0.5}, "
        "fast: {half_life_days: 1, sd: 0.3}}",
    )
    dear, free = (
        moving(*gas, at=1.0, swap_bp=0.0, gas_units=units) for units in (1e6, 0.0)
    )
    rows, without = (
        record_tape(each, np.arange(N), seed=0, stream="test").rows
        for each in (dear, free)
    )
    paid = without[:, field.BOOK_VALUE] - rows[:, field.BOOK_VALUE]
    steps = np.diff(paid, axis=0)
    step, path = (place[0] for place in np.nonzero(steps > 1e-9))
    price = rows[step + 1, field.GAS_PRICE, path]
    contracts = dear.book.contracts
    expected = 1e6 * 1e-9 * price * rows[step + 1, field.SPOT, path] / contracts
    assert steps[step, path] == pytest.approx(expected, rel=1e-9)


def test_nearer_triggers_move_more_often_and_earn_more_fees() -> None:
    found = [
        liquidity_parts(moving(at=at, swap_bp=5.0), np.arange(400), seed=0)
        for at in (0.5, 1.0, 2.0)
    ]
    often = [parts.recentrings for parts in found]
    assert often[0] > 2.0 * often[1] > 2.0 * often[2] > 0.0
    assert found[0].recentring_bp < found[1].recentring_bp < 0.0
    assert found[0].fees_bp > found[2].fees_bp


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"low": 1.1, "high": 1.3}, "a range around the price of the start"),
        ({"low": 0.9, "high": None}, "a range around the price of the start"),
        ({"quantity": -1.0}, "decided by who owns the liquidity"),
    ],
)
def test_what_cannot_recentre_is_refused(terms: dict[str, object], said: str) -> None:
    leg = {"kind": "amm", "low": 0.9, "high": 1.1, "recentre": {}, **terms}
    with pytest.raises(ConfigError, match=said):
        load_config(
            "reference",
            {"book": {"legs": [leg]}, "holdings": {"low": -2.0, "high": 2.0}},
        )


def test_its_hedge_has_no_bound() -> None:
    with pytest.raises(ConfigError, match=r"holdings\.low"):
        load_config("lp-recentred", settings=["holdings={low: null, high: null}"])
