"""Basis of the perpetual."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.feeds.tape import record_tape
from tests.support.examples import full_config

N = 4000
ON = "market.basis={sd_bp: 30, mean_bp: 5, half_life_hours: 24, "
TRUE_PREMIUM = ("market.funding.clamp_bp=0", "market.funding.return_response_bp=0")


def recorded(*settings: str, n: int = N) -> FloatArray:
    config = full_config(
        "episode.decisions=5", "book.legs.2.maturity_days=1", *settings
    )
    return record_tape(config, np.arange(n), seed=0, stream="test").rows


def test_the_basis_is_stationary_with_mean_deviation_and_half_life() -> None:
    rows = recorded(ON + "premium_correlation: 0.6}", *TRUE_PREMIUM)
    for step in (0, 5):
        basis = rows[step, field.BASIS]
        assert abs(basis.mean() - 5e-4) < 4.0 * 30e-4 / np.sqrt(N)
        assert abs(basis.std() / 30e-4 - 1.0) < 4.0 / np.sqrt(2.0 * N)
    left = np.corrcoef(rows[0, field.BASIS], rows[4, field.BASIS])[0, 1]
    assert abs(left - 0.5) < 4.0 * 0.75 / np.sqrt(N)  # 24 hours later
    premium = rows[0, field.FUNDING_RATE]
    seen = np.corrcoef(rows[0, field.BASIS], premium)[0, 1]
    assert abs(seen - 0.6) < 4.0 * (1.0 - 0.36) / np.sqrt(N)


def test_the_hedge_is_priced_at_spot_and_basis() -> None:
    rows = recorded(ON + "premium_correlation: 0}", n=20)
    price = rows[:, field.SPOT] * np.exp(rows[:, field.BASIS])
    np.testing.assert_allclose(rows[:, field.HEDGE_PRICE], price, rtol=1e-14)


@pytest.mark.parametrize(
    "part",
    [
        "market.basis={sd_bp: 30}",
        "execution.failure={probability: 0.3}",
        "execution.halt={move: 0.02}",
        "execution.latency_steps=2",
    ],
)
def test_other_rows_of_the_market_are_the_same_to_the_bit(part: str) -> None:
    rows = recorded(part, n=20)
    plain = recorded(n=20)
    assert rows.shape[1] > plain.shape[1]
    np.testing.assert_array_equal(rows[:, : plain.shape[1]], plain)
