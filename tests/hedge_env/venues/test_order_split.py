"""Orders over pools, order books and intents."""

from __future__ import annotations

import numpy as np
import pytest

from hedge_env.base.types import FloatArray
from hedge_env.venues.cost_curve import Curve, variable_cost
from hedge_env.venues.order_split import split_order
from hedge_env.venues.pool_split import split_over_pools
from tests.oracle.venues import Place, cut

POOL = Curve(fixed=2e-6, reserve=25.0, kept=0.9995)
DEAR_POOL = Curve(fixed=2e-6, reserve=100.0, kept=0.997)
BOOK = Curve(linear=3e-4, root=2e-3)
DEEP_BOOK = Curve(linear=5e-4, quadratic=0.05)
FLAT = Curve(linear=6e-4)
ALL = (POOL, DEAR_POOL, BOOK, DEEP_BOOK, FLAT)
BOTH_WAYS = pytest.mark.parametrize("buys", [True, False], ids=["buys", "sells"])


def cost_of(parts: FloatArray, curves: tuple[Curve, ...], buys: bool) -> float:
    terms = np.ascontiguousarray(np.array(curves).T)
    return sum(
        curve.fixed + variable_cost(terms, j, float(part), buys)
        for j, (curve, part) in enumerate(zip(curves, parts, strict=True))
        if part > 0.0
    )


def random_curves(rng: np.random.Generator) -> tuple[Curve, ...]:
    """Two to five venues of any kind, from dust to a day's volume."""
    found = []
    for kind in rng.integers(0, 5, rng.integers(2, 6)):
        rate, size = 10.0 ** rng.uniform(-5, -2), 10.0 ** rng.uniform(-2, 3)
        fixed = 0.0 if rng.random() < 0.4 else 10.0 ** rng.uniform(-9, -3)
        found.append(
            (
                Curve(fixed=fixed, reserve=size, kept=1.0 - rate),
                Curve(fixed=fixed, linear=rate, quadratic=1.0 / size),
                Curve(fixed=fixed, linear=rate, root=0.02 / np.sqrt(size)),
                Curve(
                    fixed=fixed,
                    linear=rate,
                    root=0.02 / np.sqrt(size),
                    quadratic=1.0 / size,
                ),
                Curve(fixed=fixed, linear=10.0 * rate),
            )[kind]
        )
    return tuple(found)


def random_order(rng: np.random.Generator) -> tuple[float, tuple[Curve, ...], bool]:
    return 10.0 ** rng.uniform(-6, 1), random_curves(rng), bool(rng.random() < 0.5)


def place(curve: Curve) -> Place:
    """The same venue for the slow twin."""
    fee = 1.0 - curve.kept if curve.reserve > 0.0 else curve.linear
    return Place(
        fixed=curve.fixed,
        gas=0.0,
        fee=fee,
        spread=0.0,
        improvement=0.0,
        a=curve.quadratic,
        b=curve.root,
        pool=curve.reserve,
        fills=1.0,
    )


def test_selling_to_pools_is_the_closed_form() -> None:
    # Value of the underlying is paid in, so that both sides of a pool are its reserve.
    pools = [Curve(reserve=r, kept=k) for r, k in ((1.0, 0.997), (2.0, 0.9995))]
    sides, fees = np.array([1.0, 2.0]), 1.0 - np.array([0.997, 0.9995])
    for value in (1e-4, 0.01, 0.5, 3.0):
        closed = split_over_pools(value, sides, sides, fees)
        split = split_order(value, pools, buys=False)
        np.testing.assert_allclose(split.parts, closed.paid, rtol=1e-9, atol=1e-14)
        assert split.cost == pytest.approx(value - closed.taken, rel=1e-11)


def test_the_pools_of_the_published_calculation_are_split_alike() -> None:
    # Equal prices are needed here; those of the third pool are brought to the others'.
    into, out = np.array([1e6, 2e6, 5e5]), np.array([500.0, 1000.0, 250.0])
    kept = np.array([0.997, 0.9995, 0.997])
    closed = split_over_pools(1e5, into, out, 1.0 - kept)
    pools = [Curve(reserve=r, kept=k) for r, k in zip(into, kept, strict=True)]
    split = split_order(1e5, pools, buys=False)
    np.testing.assert_allclose(split.parts, closed.paid, rtol=1e-10)
    # Bought for exactly that payment, the same is taken out.
    bought = split_order(closed.taken * 2000.0, pools, buys=True)
    assert bought.cost + closed.taken * 2000.0 == pytest.approx(1e5, rel=1e-11)


@BOTH_WAYS
def test_the_last_unit_costs_the_same_at_every_venue_in_use(buys: bool) -> None:
    split = split_order(0.3, ALL, buys=buys)
    assert split.parts.sum() == pytest.approx(0.3, rel=1e-15)
    used = np.flatnonzero(split.parts > 0.0)
    assert used.size >= 3
    step = 1e-5
    for source in used:
        for sink in set(range(len(ALL))) - {source}:
            moved = split.parts.copy()
            moved[source] -= step
            moved[sink] += step
            assert cost_of(moved, ALL, buys) > split.cost


@BOTH_WAYS
def test_fixed_cost_keeps_small_orders_at_one_venue(buys: bool) -> None:
    small = split_order(1e-3, (POOL, DEAR_POOL), buys=buys)
    assert list(small.parts) == [1e-3, 0.0]
    large = split_order(5.0, (POOL, DEAR_POOL), buys=buys)
    assert (large.parts > 0.0).all()
    # At the size where both ways cost the same, one venue becomes two.
    sizes = np.geomspace(1e-3, 5.0, 400)
    counts = [
        int((split_order(v, (POOL, DEAR_POOL), buys=buys).parts > 0.0).sum())
        for v in sizes
    ]
    assert counts == sorted(counts)


def test_the_best_venue_alone_is_the_cheapest_of_them() -> None:
    for value in (1e-5, 1e-3, 0.1, 2.0):
        split = split_order(value, ALL, single=True)
        alone = [cost_of(np.array([value]), (curve,), True) for curve in ALL]
        assert split.cost == pytest.approx(min(alone), rel=1e-14)
        assert split.parts[int(np.argmin(alone))] == value


def test_nothing_is_sent_where_nothing_is_traded() -> None:
    split = split_order(0.0, ALL)
    assert (split.parts == 0.0).all()
    assert split.cost == 0.0


def test_a_pool_is_not_emptied() -> None:
    shallow = (Curve(reserve=0.1, kept=0.997), Curve(reserve=0.2, kept=0.997))
    split = split_order(5.0, shallow)  # both hold .3
    assert np.isfinite(split.cost)
    assert split.cost > 5.0 * 1000.0
    assert split.parts.sum() == pytest.approx(5.0)
    with_book = split_order(5.0, (*shallow, BOOK))
    assert with_book.parts[2] > 4.7


@pytest.mark.parametrize(
    "count", [3_000, pytest.param(100_000, marks=pytest.mark.slow)]
)
def test_no_split_costs_more_than_the_best_single_venue(count: int) -> None:
    rng = np.random.default_rng(count)
    better = 0
    for _ in range(count):
        value, curves, buys = random_order(rng)
        split = split_order(value, curves, buys=buys)
        single = split_order(value, curves, buys=buys, single=True)
        assert split.cost <= single.cost
        assert (split.parts >= 0.0).all()
        assert split.parts.sum() == pytest.approx(value, rel=1e-12)
        assert cost_of(split.parts, curves, buys) == pytest.approx(
            split.cost, rel=1e-12
        )
        better += split.cost < single.cost * (1.0 - 1e-9)
    assert better > count / 4


def test_random_orders_cost_what_trying_every_set_finds() -> None:
    rng = np.random.default_rng(5)
    for _ in range(150):
        value, curves, buys = random_order(rng)
        reserves = [curve.reserve for curve in curves if curve.reserve > 0.0]
        if buys and reserves and value > 0.3 * min(reserves):
            continue  # the twin knows no end of a pool
        parts = cut(value, [place(curve) for curve in curves], buys, False)
        expected = sum(p.fixed + p.variable(part, buys) for p, part in parts)
        split = split_order(value, curves, buys=buys)
        assert split.cost == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_a_value_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="value"):
        split_order(value, ALL)


def test_an_order_without_a_venue_is_refused() -> None:
    with pytest.raises(ValueError, match="venue"):
        split_order(1.0, ())
