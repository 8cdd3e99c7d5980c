r"""Fees of blocks and blobs in whole wei, as the chain computes them.

Base fee (EIP-1559): with gas used :math:`g` and target :math:`t`,

.. math:: f' = f + f \, \frac{g - t}{8 t}

rounded towards zero, and up by at least 1 wei where a block is above its target. Blob
fee (EIP-4844): 1 wei times :math:`e^{x / d}` of the excess blob gas :math:`x`, by a
series in whole numbers; the fraction :math:`d` and the target come from EIP-4844 (3 of
6 blobs, 3338477), EIP-7691 (6 of 9, 5007716) and since from the forks of EIP-7892 (10
of 15, 8346193; 14 of 21, 11684671). Excess: :math:`x' = \max(x + g - t, 0)`, but while
an eighth of the base fee is above two blob fees (EIP-7918, :math:`2^{13} f > 2^{17} b`)
the target is not taken off, :math:`x' = x + g (m - t) / m` with the most :math:`m`.

The process `market/gas/fee_market` does the same in floating point, without rounding.

Sources: eips.ethereum.org, EIP-1559, 4844, 7691, 7892 and 7918.
"""

from __future__ import annotations

from typing import Final

BASE_FEE_DENOMINATOR: Final = 8  # EIP-1559
ELASTICITY: Final = 2  # limit of a block over its target
RESERVE: Final = 16  # 2^17 / 2^13: the base fee over the least blob fee


def next_base_fee(base_fee: int, used: int, target: int) -> int:
    """Base fee of the next block [wei].

    Args:
        base_fee: Of this one, at least 0 [wei].
        used: Gas of it, from 0 to twice the target.
        target: Half of its limit, positive.
    """
    change = base_fee * abs(used - target) // target // BASE_FEE_DENOMINATOR
    if used > target:
        return base_fee + max(change, 1)
    return base_fee - change


def fake_exponential(factor: int, numerator: int, denominator: int) -> int:
    """`factor` times e^(numerator / denominator) by its series in whole numbers."""
    term, total, i = factor * denominator, 0, 1
    while term > 0:
        total += term
        term = term * numerator // (denominator * i)
        i += 1
    return total // denominator


def blob_fee(excess: int, update_fraction: int) -> int:
    """Fee of one unit of blob gas at an excess [wei]."""
    return fake_exponential(1, excess, update_fraction)


def next_excess(
    excess: int,
    used: int,
    *,
    target: int,
    most: int,
    update_fraction: int,
    base_fee: int | None = None,
) -> int:
    """Excess blob gas of the next block.

    Args:
        excess: Of this one [gas].
        used: Blob gas of it.
        target: Blob gas at which the fee stays.
        most: Blob gas of a full block.
        update_fraction: Of the blob fee.
        base_fee: Of this block [wei]; None: without the reserve of EIP-7918.
    """
    if excess + used < target:
        return 0
    if base_fee is not None and base_fee > RESERVE * blob_fee(excess, update_fraction):
        return excess + used * (most - target) // most
    return excess + used - target
