"""Positions in a pool against published examples, differences and their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.pricing.amm import (
    amm_cash,
    amm_depth,
    amm_gamma,
    amm_units,
    amm_value,
    arbitrage_share,
)

LOW, HIGH, LIQUIDITY = 1600.0, 2500.0, 1000.0


def position(
    prices: object, low: float = LOW, high: float = HIGH, size: float = LIQUIDITY
) -> FloatArray:
    """Units, cash, value, gamma and depth, shape (5, n)."""
    roots = np.sqrt(np.atleast_1d(np.asarray(prices, dtype=np.float64)))
    inverse = 0.0 if math.isinf(high) else 1.0 / math.sqrt(high)
    return size * _position(roots, math.sqrt(low), inverse)


@kernel
def _position(roots: FloatArray, low: float, inverse: float) -> FloatArray:
    out = np.empty((5, roots.size))
    for i in range(roots.size):
        out[0, i] = amm_units(roots[i], low, inverse)
        out[1, i] = amm_cash(roots[i], low, inverse)
        out[2, i] = amm_value(roots[i], low, inverse)
        out[3, i] = amm_gamma(roots[i], low, inverse)
        out[4, i] = amm_depth(roots[i], low, inverse)
    return out


@kernel
def _shares(volatility: FloatArray, fee: float, block: float) -> FloatArray:
    out = np.empty(volatility.size)
    for i in range(volatility.size):
        out[i] = arbitrage_share(volatility[i], fee, block)
    return out


def share(volatility: float, fee: float, block: float) -> float:
    return float(_shares(np.array([volatility]), fee, block)[0])


def test_a_position_holds_what_the_white_paper_says() -> None:
    units, cash, value, gamma, _ = position(2000.0)[:, 0]
    assert units == pytest.approx(2.3606797750, abs=5e-11)
    assert cash == pytest.approx(4721.3595499958, abs=5e-11)
    assert value == pytest.approx(9442.7190999916, abs=5e-11)
    assert gamma == pytest.approx(-0.005590169944, abs=5e-13)


def test_out_of_the_range_it_is_all_of_one_asset() -> None:
    below, above = position([1500.0, 3000.0]).T
    assert below[2] == pytest.approx(7500.0, rel=1e-14)
    assert above[2] == pytest.approx(10_000.0, rel=1e-14)
    assert below[1] == pytest.approx(0.0, abs=1e-10)
    assert above[0] == 0.0
    assert below[3] == above[3] == below[4] == above[4] == 0.0


def test_a_range_is_worth_less_than_all_prices_by_its_concentration() -> None:
    everywhere = position(2000.0, 0.0, math.inf)[2, 0]
    concentration = 1.0 / (1.0 - (LOW / HIGH) ** 0.25)
    assert concentration == pytest.approx(9.472136, abs=5e-7)
    middle = position(math.sqrt(LOW * HIGH))[2, 0]
    assert everywhere / middle == pytest.approx(concentration, rel=1e-12)


@pytest.mark.parametrize(
    ("low", "high"), [(LOW, HIGH), (0.0, math.inf), (1e-3, 2500.0)]
)
def test_delta_and_gamma_are_derivatives_of_the_value(low: float, high: float) -> None:
    prices = np.array([1200.0, 1700.0, 2000.0, 2400.0, 3000.0])
    step = 0.05
    up, down = position(prices + step, low, high), position(prices - step, low, high)
    here = position(prices, low, high)
    np.testing.assert_allclose((up[2] - down[2]) / (2 * step), here[0], atol=2e-7)
    np.testing.assert_allclose((up[0] - down[0]) / (2 * step), here[3], atol=2e-10)
    np.testing.assert_allclose(here[0] * prices + here[1], here[2], rtol=1e-13)


def test_a_constant_product_keeps_its_product() -> None:
    prices = np.geomspace(0.01, 1e4, 50)
    units, cash, value, _, depth = position(prices, 0.0, math.inf, 3.0)
    np.testing.assert_allclose(units * cash, 9.0, rtol=1e-12)
    np.testing.assert_allclose(value, 6.0 * np.sqrt(prices), rtol=1e-14)
    np.testing.assert_allclose(depth, value, rtol=1e-14)


def test_a_swap_moves_both_assets_as_published() -> None:
    before, after = position([2000.0, 2100.0]).T
    assert after[1] - before[1] == pytest.approx(1104.39739956, abs=5e-9)
    assert before[0] - after[0] == pytest.approx(0.53889075, abs=5e-9)
    fee = (after[1] - before[1]) * 5e-4 / (1.0 - 5e-4)
    assert fee == pytest.approx(0.55247494, abs=5e-9)


@pytest.mark.parametrize(
    ("ratio", "loss"),
    [(1.25, -0.00619201), (1.5, -0.02020410), (2.0, -0.05719096), (4.0, -0.2)],
)
def test_impermanent_loss_is_the_published_one(ratio: float, loss: float) -> None:
    before, after = position([1.0, ratio], 0.0, math.inf).T
    held = before[0] * ratio + before[1]
    assert after[2] / held - 1.0 == pytest.approx(loss, abs=5e-9)


def test_the_rate_of_loss_versus_rebalancing_is_that_of_gamma() -> None:
    _, _, value, gamma, depth = position(2000.0)[:, 0]
    rate = -0.5 * 0.8**2 * 2000.0**2 * gamma
    assert rate == pytest.approx(7155.417528, abs=5e-7)
    assert rate == pytest.approx(0.8**2 * depth / 8.0, rel=1e-13)
    assert value < depth


@pytest.mark.parametrize(
    ("fee", "seconds", "trades", "rate"),
    [
        (30e-4, 12.0, 0.121951, 3.816697e-5),
        (5e-4, 12.0, 0.454545, 1.420810e-4),
        (30e-4, 2.0, 0.053659, 1.679350e-5),
    ],
)
def test_arbitrageurs_keep_the_published_share(
    fee: float, seconds: float, trades: float, rate: float
) -> None:
    """At 5 % a day; the rate is a day's, of the value of a constant product."""
    block, volatility = seconds / 86_400.0, 0.05
    kept = share(volatility, fee, block)
    correction = math.exp(fee / 2.0) / (1.0 - volatility**2 * block / 8.0)
    assert kept / correction == pytest.approx(trades, abs=5e-7)
    assert kept * volatility**2 / 8.0 == pytest.approx(rate, rel=5e-7)


def test_the_share_is_an_integral_over_the_stationary_mispricing() -> None:
    """Blocks find a mispricing z; beyond the fee its excess e is traded away.

    Beyond the fee the mispricing that a block finds is exponential, with the scale
    sigma sqrt(block / 2).
    """
    fee, block, volatility = 30e-4, 12.0 / 86_400.0, 0.05
    scale = volatility * math.sqrt(block / 2.0)
    beyond = 1.0 / (1.0 + fee / scale)  # chance that a block finds more than the fee

    def profit(excess: float) -> float:
        """Of a trade that leaves a mispricing of the fee; the position is worth 1."""
        return math.exp(fee / 2.0) * (math.cosh(excess / 2.0) - 1.0)

    mean = quad(lambda e: profit(e) * math.exp(-e / scale) / scale, 0.0, 50.0 * scale)[
        0
    ]
    expected = beyond * mean / block
    assert share(volatility, fee, block) * volatility**2 / 8.0 == pytest.approx(
        expected, rel=1e-6
    )


def test_the_limits_of_the_share() -> None:
    assert share(0.8, 0.0, 1e-12) == pytest.approx(1.0)  # without a fee they keep all
    assert share(0.8, 0.01, 1e-14) < 1e-4  # with ever faster blocks nothing
    assert share(0.0, 0.01, 1e-7) == 0.0
    assert share(1e3, 0.01, 1.0) == 1.0  # never more than there is
