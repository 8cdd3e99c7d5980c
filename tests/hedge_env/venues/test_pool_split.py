"""Payments over constant-product pools, in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.venues.pool_split import (
    split_at_fixed_cost,
    split_over_pools,
    taken_from_pools,
)

# Three pools of a published calculation: what is paid in, what is taken out, the fee.
INTO = np.array([1e6, 2e6, 5e5])
OUT = np.array([500.0, 1000.0, 251.0])
FEE = 1.0 - np.array([0.997, 0.9995, 0.997])


def test_a_large_payment_goes_to_all_pools() -> None:
    split = split_over_pools(1e5, INTO, OUT, FEE)
    expected = [27580.646268, 57599.469458, 14819.884274]
    np.testing.assert_allclose(split.paid, expected, rtol=3e-11)
    assert split.taken == pytest.approx(48.56529400, abs=1e-8)
    assert split.paid.sum() == pytest.approx(1e5, rel=1e-15)


def test_a_pool_that_is_too_dear_for_a_small_payment_is_dropped() -> None:
    split = split_over_pools(500.0, INTO, OUT, FEE)
    np.testing.assert_allclose(split.paid, [0.0, 101.400279, 398.599721], atol=1e-6)
    assert split.paid[0] == 0.0
    assert split.taken == pytest.approx(0.2500105547, abs=1e-10)


def test_no_shift_between_two_pools_takes_more() -> None:
    split = split_over_pools(1e5, INTO, OUT, FEE)
    for source, sink in ((0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)):
        moved = split.paid.copy()
        moved[source], moved[sink] = moved[source] - 50.0, moved[sink] + 50.0
        assert taken_from_pools(moved, INTO, OUT, FEE).sum() < split.taken


def test_no_payment_takes_nothing() -> None:
    split = split_over_pools(0.0, INTO, OUT, FEE)
    assert (split.paid == 0.0).all()
    assert split.taken == 0.0


def test_a_price_per_transaction_leaves_pools_out() -> None:
    free = split_at_fixed_cost(1e5, INTO, OUT, FEE, np.zeros(3))
    np.testing.assert_allclose(free.paid, split_over_pools(1e5, INTO, OUT, FEE).paid)
    dear = split_at_fixed_cost(1e5, INTO, OUT, FEE, np.full(3, 10.0))
    assert (dear.paid > 0.0).sum() == 1
    assert dear.paid[1] == 1e5
    # The smallest pool alone is left out where it saves less than its transaction.
    two = split_over_pools(1e5, INTO[:2], OUT[:2], FEE[:2])
    saved = free.taken - two.taken
    for price, used in ((0.99 * saved, 3), (1.01 * saved, 2)):
        split = split_at_fixed_cost(1e5, INTO, OUT, FEE, np.array([0.0, 0.0, price]))
        assert (split.paid > 0.0).sum() == used


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((-1.0, INTO, OUT, FEE), "amount"),
        ((np.nan, INTO, OUT, FEE), "amount"),
        ((1.0, -INTO, OUT, FEE), "reserve"),
        ((1.0, INTO, 0.0 * OUT, FEE), "reserve"),
        ((1.0, INTO, OUT, FEE + 1.0), "fee"),
        ((1.0, INTO[:0], OUT[:0], FEE[:0]), "reserve"),
    ],
)
def test_what_is_no_pool_is_refused(arguments: tuple[object, ...], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        split_over_pools(*arguments)  # type: ignore[arg-type]


def test_a_negative_price_of_a_transaction_is_refused() -> None:
    with pytest.raises(ValueError, match="fixed_cost"):
        split_at_fixed_cost(1.0, INTO, OUT, FEE, np.array([0.0, -1.0, 0.0]))
