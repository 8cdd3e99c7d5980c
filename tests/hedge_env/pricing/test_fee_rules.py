"""Fees in whole wei: the published examples, and what they do block after block."""

from __future__ import annotations

import pytest

from hedge_env.pricing.fee_rules import blob_fee, next_base_fee, next_excess

BLOB = 131_072
CANCUN, PRAGUE, BPO1, BPO2 = 3_338_477, 5_007_716, 8_346_193, 11_684_671


@pytest.mark.parametrize(
    ("share_of_limit", "expected"),
    [(1.0, 1_125_000_000), (0.0, 875_000_000), (0.75, 1_062_500_000)],
)
def test_the_base_fee_of_one_gwei_after_a_block(
    share_of_limit: float, expected: int
) -> None:
    limit = 30_000_000
    used = round(share_of_limit * limit)
    assert next_base_fee(1_000_000_000, used, limit // 2) == expected


def test_a_base_fee_rises_by_at_least_a_wei_and_stays_on_target() -> None:
    assert next_base_fee(3, 16, 15) == 4
    assert next_base_fee(3, 14, 15) == 3
    assert next_base_fee(10**9, 15, 15) == 10**9


@pytest.mark.parametrize(
    ("fraction", "fees"),
    [
        (CANCUN, (19, 3_194_333, 10_203_769_476_395)),
        (PRAGUE, (7, 21_689, 470_442_149)),
        (BPO2, (2, 72, 5_209)),
    ],
)
def test_the_blob_fee_at_three_excesses(fraction: int, fees: tuple[int, ...]) -> None:
    excesses = (10_000_000, 50_000_000, 100_000_000)
    assert tuple(blob_fee(excess, fraction) for excess in excesses) == fees


@pytest.mark.parametrize(
    ("fraction", "target", "most", "up", "down"),
    [
        (CANCUN, 3, 6, 12.5, -11.1),
        (PRAGUE, 6, 9, 8.17, -14.5),
        (BPO1, 10, 15, 8.17, -14.5),
        (BPO2, 14, 21, 8.17, -14.5),
    ],
)
def test_how_far_a_blob_fee_moves_in_a_block(
    fraction: int, target: int, most: int, up: float, down: float
) -> None:
    excess = 40 * fraction  # where a wei is nothing
    for used, expected in ((most * BLOB, up), (0, down)):
        then = next_excess(
            excess,
            used,
            target=target * BLOB,
            most=most * BLOB,
            update_fraction=fraction,
        )
        change = 100.0 * (blob_fee(then, fraction) / blob_fee(excess, fraction) - 1.0)
        # To the digits that are published.
        assert round(change, 1 if abs(expected) > 10 else 2) == expected


def test_a_blob_fee_is_held_up_at_a_sixteenth_of_the_base_fee() -> None:
    base, excess = 16 * 10**9, 30 * BPO2
    low = []
    for block in range(20_000):
        excess = next_excess(
            excess,
            3 * BLOB,  # far below the target
            target=14 * BLOB,
            most=21 * BLOB,
            update_fraction=BPO2,
            base_fee=base,
        )
        if block > 5_000:
            low.append(blob_fee(excess, BPO2))
    # It falls by at most one block's move below, and no further.
    assert 0.88 * base / 16 < min(low) < max(low) < 1.02 * base / 16


def test_the_reserve_does_not_lift_a_fee_off_the_ground() -> None:
    """Below the target in all, the excess is zero before the reserve is asked for."""
    assert (
        next_excess(
            BLOB,
            3 * BLOB,
            target=14 * BLOB,
            most=21 * BLOB,
            update_fraction=BPO2,
            base_fee=10**9,
        )
        == 0
    )


def test_without_the_reserve_unwanted_blobs_cost_a_wei() -> None:
    excess = 10 * BPO2
    for _ in range(200):
        excess = next_excess(
            excess, 0, target=14 * BLOB, most=21 * BLOB, update_fraction=BPO2
        )
    assert excess == 0
    assert blob_fee(excess, BPO2) == 1
