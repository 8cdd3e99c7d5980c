"""Schedules of an order that is filled in slices."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.pricing.schedules import (
    Execution,
    almgren_chriss_schedule,
    almgren_chriss_urgency,
    cost_deviation,
    mean_cost,
    twap_schedule,
)

# The example of the paper: a million shares in five days.
PAPER = Execution(
    spread=0.0625, temporary=2.5e-6, permanent=2.5e-7, volatility=0.95, interval=1.0
)
SHARES = 1e6


def test_the_example_of_the_paper_is_repeated() -> None:
    urgency = almgren_chriss_urgency(1e-6, PAPER)
    assert urgency == pytest.approx(0.607076, abs=5e-7)
    left = almgren_chriss_schedule(5, urgency)
    expected = [1e6, 541955.6, 289854.2, 147897.5, 62141.8, 0.0]
    np.testing.assert_allclose(SHARES * left, expected, atol=0.05)
    assert mean_cost(SHARES, left, PAPER) == pytest.approx(911226.99, abs=5e-3)
    assert cost_deviation(SHARES, left, PAPER) == pytest.approx(603430.67, abs=5e-3)


@pytest.mark.parametrize("aversion", [1e-8, 1e-6, 1e-4])
def test_no_other_schedule_has_less_of_mean_and_variance(aversion: float) -> None:
    def weighed(left: np.ndarray) -> float:
        deviation = cost_deviation(SHARES, left, PAPER)
        return mean_cost(SHARES, left, PAPER) + aversion * deviation**2

    best = almgren_chriss_schedule(5, almgren_chriss_urgency(aversion, PAPER))
    rng = np.random.default_rng(0)
    for _ in range(200):
        other = best.copy()
        other[1:-1] += 1e-3 * rng.standard_normal(4)
        assert weighed(other) > weighed(best)
    assert weighed(twap_schedule(5)) > weighed(best)


def test_without_risk_aversion_slices_are_equal() -> None:
    assert almgren_chriss_urgency(0.0, PAPER) == 0.0
    np.testing.assert_allclose(
        almgren_chriss_schedule(8, almgren_chriss_urgency(1e-14, PAPER)),
        twap_schedule(8),
        atol=1e-5,
    )
    np.testing.assert_array_equal(almgren_chriss_schedule(4, 0.0), twap_schedule(4))
    # Both sides of where the one is taken for the other.
    np.testing.assert_allclose(
        almgren_chriss_schedule(4, 1.01e-6), twap_schedule(4), atol=1e-11
    )


def test_an_urgent_order_is_filled_at_once() -> None:
    left = almgren_chriss_schedule(6, 1e9)
    np.testing.assert_array_equal(left, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert (np.diff(almgren_chriss_schedule(6, 3.0)) < 0.0).all()


def test_one_slice_is_the_whole_order() -> None:
    np.testing.assert_array_equal(almgren_chriss_schedule(1, 0.7), [1.0, 0.0])


@pytest.mark.parametrize("slices", [0, -1])
def test_an_order_of_no_slice_is_refused(slices: int) -> None:
    with pytest.raises(ValueError, match="slices"):
        almgren_chriss_schedule(slices, 1.0)


def test_what_makes_no_schedule_is_refused() -> None:
    with pytest.raises(ValueError, match="urgency"):
        almgren_chriss_schedule(3, np.nan)
    with pytest.raises(ValueError, match="risk_aversion"):
        almgren_chriss_urgency(-1.0, PAPER)
    with pytest.raises(ValueError, match="temporary"):
        almgren_chriss_urgency(1.0, PAPER._replace(permanent=1.0))
