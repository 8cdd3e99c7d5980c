"""A position that is sold along a schedule."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.baselines.timing.liquidation_schedule import (
    LiquidationSchedule,
    share_left,
)
from hedge_env.config.loading import load_config
from hedge_env.config.sections.execution import ExecutionConfig
from hedge_env.pricing.schedules import slice_shares


def test_the_share_is_the_curve_of_almgren_and_chriss() -> None:
    fraction = np.array([1.0, 0.5, 0.25, 0.0])
    np.testing.assert_allclose(
        share_left(fraction, 2.0), np.sinh(2.0 * fraction) / np.sinh(2.0), rtol=1e-13
    )
    np.testing.assert_allclose(share_left(fraction, 1e-9), fraction, atol=1e-8)
    assert share_left(np.array([0.9]), 1e4) == pytest.approx(0.0, abs=1e-300)


def test_its_orders_are_those_of_slices() -> None:
    slicing = {"slices": 5, "schedule": "almgren-chriss", "urgency": 0.4}
    shares = slice_shares(ExecutionConfig(slicing=slicing).slicing)
    left = share_left(np.arange(5, -1, -1) / 5.0, 2.0)
    np.testing.assert_allclose(-np.diff(left), shares, rtol=1e-12)


def test_it_remembers_what_was_held_at_the_start() -> None:
    rule = LiquidationSchedule(urgency=1e-2)
    rule.reset(2)
    seen = {
        "holdings": np.array([0.8, -0.4]),
        "step": np.zeros(2),
        "time_fraction": np.ones(2),
    }
    np.testing.assert_allclose(rule.target(seen)[:, 0], [0.8, -0.4])
    seen |= {
        "holdings": np.array([0.7, -0.3]),
        "step": np.ones(2),
        "time_fraction": np.full(2, 0.5),
    }
    np.testing.assert_allclose(rule.target(seen)[:, 0], [0.4, -0.2], rtol=1e-4)


def test_it_is_made_for_what_is_held_at_the_start() -> None:
    assert LiquidationSchedule.why_unfit(load_config("deribit")) is not None
    assert LiquidationSchedule.why_unfit(load_config("perp-liquidation")) is None
