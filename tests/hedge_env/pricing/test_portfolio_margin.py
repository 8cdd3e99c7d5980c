"""The scenario matrix of a portfolio margin, and what it asks for."""

from __future__ import annotations

from math import erf, log, sqrt

import numpy as np
import pytest

from hedge_env.pricing.portfolio_margin import (
    SCENARIOS,
    MarginedOption,
    delta_floor,
    portfolio_margin,
    scenario_profits,
    volatility_scale,
)

# As published: scenario, move of spot, move of volatility, weight, all in percent.
PUBLISHED = """
    16 40 100    12 40 100    12 -22 100    8 40 100    8 -22 100    4 40 100
    4 -22 100    0 40 100    0 -22 100    -4 40 100    -4 -22 100    -8 40 100
    -8 -22 100    -12 40 100    -12 -22 100    -16 40 100    -66 40 24    -33 40 48
    50 40 32    100 40 16    200 40 8    300 40 5.33    400 40 4    500 40 3.2
"""
CALL = MarginedOption("call", -1.0, 2100.0, 0.7, 20.0)
PUT = MarginedOption("put", -2.0, 1800.0, 0.9, 45.0)
SPOT = 2000.0


def black(option: MarginedOption, spot: float, volatility: float) -> float:
    """Value of one unit, from the formula alone."""
    sd = volatility * sqrt(option.days / 365.0)
    d1 = log(spot / option.strike) / sd + sd / 2.0
    below = [0.5 * (1.0 + erf(d / sqrt(2.0))) for d in (d1, d1 - sd)]
    call = spot * below[0] - option.strike * below[1]
    return call if option.kind == "call" else call - spot + option.strike


def test_the_matrix_is_the_published_one() -> None:
    found = [100.0 * number for scenario in SCENARIOS for number in scenario]
    np.testing.assert_allclose(found, [float(n) for n in PUBLISHED.split()], rtol=1e-14)
    assert len(SCENARIOS) == 24


@pytest.mark.parametrize(
    ("days", "scale"),
    [
        (0.0, 30.0**0.30),
        (1.0, 30.0**0.30),
        (7.0, (30.0 / 7.0) ** 0.30),
        (29.999999, 1.0),
        (30.0, 1.0),
        (90.0, (1.0 / 3.0) ** 0.13),
    ],
)
def test_moves_of_volatility_grow_towards_expiry(days: float, scale: float) -> None:
    assert volatility_scale(days) == pytest.approx(scale, rel=1e-7)


def test_every_scenario_revalues_every_option_and_the_hedge() -> None:
    """Against the formula written again: every cell of the published table."""
    numbers = np.array(PUBLISHED.split(), dtype=float).reshape(24, 3) / 100.0
    expected = []
    for move, turn, _ in numbers:
        gain = 0.4 * SPOT * move
        for option in (CALL, PUT):
            power = 0.30 if option.days < 30.0 else 0.13
            turned = option.volatility * (1.0 + turn * (30.0 / option.days) ** power)
            there = black(option, SPOT * (1.0 + move), turned)
            gain += option.quantity * (there - black(option, SPOT, option.volatility))
        expected.append(gain)
    found = scenario_profits([CALL, PUT], SPOT, underlying=0.4)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    asked = portfolio_margin([CALL, PUT], SPOT, underlying=0.4)
    losses = -numbers[:, 2] * expected
    assert asked.scan == pytest.approx(losses.max(), rel=1e-9)
    assert asked.worst == losses.argmax()
    assert asked.initial == max(asked.scan, asked.floor)
    assert asked.maintenance == asked.initial / 2.0


def test_the_published_example_of_the_floor() -> None:
    """Long one perpetual, short five calls of delta .3, spot 70 000."""
    assert delta_floor(1.0 - 1.5, 1.0 + 1.5, 70_000.0) == pytest.approx(1400.0)


def test_a_hedged_future_costs_its_floor_alone() -> None:
    """Deep in the money a call is the underlying: no cell moves the sum."""
    deep = MarginedOption("call", -1.0, 1.0, 0.5, 30.0)
    asked = portfolio_margin([deep], SPOT, underlying=1.0)
    assert asked.scan == pytest.approx(0.0, abs=1e-9)
    assert asked.initial == asked.floor == pytest.approx(0.01 * SPOT)


def test_the_underlying_alone_costs_its_worst_move() -> None:
    asked = portfolio_margin([], SPOT, underlying=-3.0)
    assert asked.initial == pytest.approx(0.16 * 3.0 * SPOT)
    assert portfolio_margin([], SPOT).initial == 0.0


def test_what_has_expired_is_asked_nothing_for() -> None:
    over = MarginedOption("call", -1.0, 2200.0, 0.7, 0.0)
    assert portfolio_margin([over], SPOT).floor == 0.0


def test_the_requirement_is_homogeneous_and_convex_in_the_hedge() -> None:
    held = np.linspace(-1.0, 2.0, 31)
    asked = np.array(
        [portfolio_margin([CALL, PUT], SPOT, underlying=h).initial for h in held]
    )
    assert (np.diff(asked, 2) > -1e-9).all()
    assert np.diff(asked).min() < 0.0 < np.diff(asked).max()
    twice = [option._replace(quantity=2.0 * option.quantity) for option in (CALL, PUT)]
    for h, one in zip(held, asked, strict=True):
        two = portfolio_margin(twice, SPOT, underlying=2.0 * h).initial
        assert two == pytest.approx(2.0 * one, rel=1e-12)


def test_hedged_together_less_is_asked_for_than_apart() -> None:
    delta = 0.5
    together = portfolio_margin([CALL], SPOT, underlying=delta).initial
    apart = portfolio_margin([CALL], SPOT).initial
    apart += portfolio_margin([], SPOT, underlying=delta).initial
    assert together < 0.75 * apart
