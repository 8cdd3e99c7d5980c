"""A crowd of hedgers that amplifies returns."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config.loading import load_config
from hedge_env.feeds.tape import record_tape
from hedge_env.market.spot.crowd import CrowdParams, crowd_feedback
from tests.support.examples import full_config

GBM = ("episode.decisions=6", "book.legs.0.maturity_days=1")


def spots(*settings: str, n: int = 50) -> FloatArray:
    """Rows of spot and gamma, shape (2, decisions + 1, n)."""
    config = load_config("reference", settings=[*GBM, *settings])
    rows = record_tape(config, np.arange(n), seed=0, stream="test").rows
    return rows[:, [field.SPOT, field.GAMMA]].swapaxes(0, 1)


def test_feedback_is_dollar_gamma_times_size_within_the_cap() -> None:
    p = CrowdParams(0.1, 0.5)
    assert crowd_feedback(2.0, 1.1, p) == pytest.approx(0.1 * 2.0 * 1.21, rel=1e-14)
    assert crowd_feedback(20.0, 1.1, p) == 0.5
    assert crowd_feedback(-20.0, 1.1, p) == -0.5


@pytest.mark.parametrize("quantity", [-1.0, 1.0])
def test_shocks_are_amplified_by_short_and_damped_by_long_gamma(
    quantity: float,
) -> None:
    book = f"book.legs.0.quantity={quantity}"
    (plain, _), (crowded, gamma) = spots(book), spots(book, "market.crowd={size: 0.01}")
    dt = 4.0 / (24.0 * 365.0)
    sd = 0.8 * np.sqrt(dt)
    z = (np.diff(np.log(plain), axis=0) + sd**2 / 2.0) / sd
    scale = 1.0 + np.clip(0.01 * gamma * crowded**2, -0.5, 0.5)[:-1]
    expected = scale * sd * z - (scale * sd) ** 2 / 2.0
    np.testing.assert_allclose(np.diff(np.log(crowded), axis=0), expected, atol=1e-13)
    assert ((scale - 1.0) * -quantity > 0.05).any()


def test_spot_keeps_its_drift_however_large_the_crowd() -> None:
    config = full_config(
        "market.drift=0",
        "market.crowd={size: 10, cap: 0.9}",
        "episode.decisions=8",
        "book.legs.2.maturity_days=1",
    )
    rows = record_tape(config, np.arange(6000), seed=0, stream="test").rows
    spot = rows[-1, field.SPOT]
    assert abs(spot.mean() - 1.0) < 4.0 * spot.std() / np.sqrt(spot.size)
    alone = full_config("episode.decisions=8", "book.legs.2.maturity_days=1")
    calm = record_tape(alone, np.arange(6000), seed=0, stream="test").rows
    assert spot.std() > 1.5 * calm[-1, field.SPOT].std()


def test_a_crowd_of_nobody_changes_nothing_but_rounding() -> None:
    nobody, plain = spots("market.crowd={size: 0}"), spots()
    np.testing.assert_allclose(nobody, plain, rtol=1e-13)
