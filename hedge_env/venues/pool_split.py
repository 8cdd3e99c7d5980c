r"""Splits a payment over constant-product pools, in closed form.

Pool :math:`j` with :math:`R_j` of what is paid in, :math:`Q_j` of what is taken out and
:math:`\gamma_j = 1 - \text{fee}` gives :math:`\gamma_j x Q_j / (R_j + \gamma_j x)` for
:math:`x`. Most of all is taken out of them together for

.. math:: x_j = \sqrt{\frac{R_j Q_j}{\gamma_j}} \mu - \frac{R_j}{\gamma_j}, \quad
   \mu = \frac{X + \sum_j R_j/\gamma_j}{\sum_j \sqrt{R_j Q_j/\gamma_j}}

over the pools in which that is positive; pools where it is not are dropped, and the
rest is split anew, until none is. Where each transaction has a price, the sets of pools
are tried.

Source: the conditions of Karush, Kuhn and Tucker for this problem; Angeris, Chitra,
Evans and Boyd (2021), "Optimal routing for constant function market makers".
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from hedge_env.base.types import FloatArray

_MOST_POOLS = 12  # of which all sets are tried


class PoolSplit(NamedTuple):
    """A payment's parts.

    Attributes:
        paid: Into each pool, shape (n,).
        taken: Out of all of them, before fixed costs.
    """

    paid: FloatArray
    taken: float


def taken_from_pools(
    paid: FloatArray,
    reserve_in: FloatArray,
    reserve_out: FloatArray,
    fee: FloatArray,
) -> FloatArray:
    r"""What pools give, :math:`\gamma x Q / (R + \gamma x)`.

    Args:
        paid: x, into each pool, at least 0.
        reserve_in: R, of the same.
        reserve_out: Q, of what is taken out.
        fee: Of what is paid in, from 0 to below 1 [-].

    Returns:
        Shape (n,), in the unit of `reserve_out`.
    """
    counted = (1.0 - np.asarray(fee)) * paid
    return np.asarray(counted * reserve_out / (reserve_in + counted))


def split_over_pools(
    amount: float,
    reserve_in: FloatArray,
    reserve_out: FloatArray,
    fee: FloatArray,
) -> PoolSplit:
    """Split a payment without fixed costs; see the module for the formula.

    Args:
        amount: X, to be paid, at least 0.
        reserve_in: R of each pool, positive, shape (n,), in the unit of `amount`.
        reserve_out: Q of each pool, positive, shape (n,).
        fee: Of each pool, from 0 to below 1, shape (n,) [-].

    Returns:
        The parts, which add up to `amount`, and what they take.

    Raises:
        ValueError: If an argument is out of its range.
    """
    into, out, fees = _checked(amount, reserve_in, reserve_out, fee)
    paid = _split(amount, into, out, 1.0 - fees, np.ones(into.size, dtype=np.bool_))
    return PoolSplit(paid, float(taken_from_pools(paid, into, out, fees).sum()))


def split_at_fixed_cost(
    amount: float,
    reserve_in: FloatArray,
    reserve_out: FloatArray,
    fee: FloatArray,
    fixed_cost: FloatArray,
) -> PoolSplit:
    """Split a payment where every pool that is used has a price, by trying all sets.

    Args:
        amount: X, to be paid, positive.
        reserve_in: R of each pool, positive, shape (n,), in the unit of `amount`.
        reserve_out: Q of each pool, positive, shape (n,).
        fee: Of each pool, from 0 to below 1, shape (n,) [-].
        fixed_cost: Of a transaction with each pool, at least 0, shape (n,), in the unit
            of `reserve_out`.

    Returns:
        The parts that leave most after fixed costs, and what they take before them.

    Raises:
        ValueError: If an argument is out of its range, or there are more than 12 pools.
    """
    into, out, fees = _checked(amount, reserve_in, reserve_out, fee)
    fixed = np.broadcast_to(np.asarray(fixed_cost, dtype=np.float64), into.shape)
    if not ((fixed >= 0.0).all() and into.size <= _MOST_POOLS):
        raise ValueError(
            f"fixed_cost must be at least 0, of at most {_MOST_POOLS} pools"
        )
    best, left = np.zeros(into.size), -np.inf
    for some in product((False, True), repeat=into.size):
        if not any(some):
            continue
        paid = _split(amount, into, out, 1.0 - fees, np.array(some))
        taken = taken_from_pools(paid, into, out, fees).sum() - fixed[paid > 0.0].sum()
        if taken > left:
            best, left = paid, float(taken)
    return PoolSplit(best, float(taken_from_pools(best, into, out, fees).sum()))


def _split(
    amount: float,
    into: FloatArray,
    out: FloatArray,
    kept: FloatArray,
    used: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> FloatArray:
    """Parts over the pools in use, of which those with nothing to pay are dropped."""
    while True:
        root, start = np.sqrt(into * out / kept), into / kept
        level = (amount + start[used].sum()) / root[used].sum()
        paid = np.where(used, root * level - start, 0.0)
        if (paid >= 0.0).all():
            total = paid.sum()  # the payment, but for rounding errors of a reserve
            return np.asarray(paid * (amount / total if total > 0.0 else 0.0))
        used = used & (paid > 0.0)


def _checked(
    amount: float, reserve_in: FloatArray, reserve_out: FloatArray, fee: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Arrays of one shape (n,), within their ranges."""
    into, out, fees = (
        np.atleast_1d(np.asarray(x, dtype=np.float64))
        for x in np.broadcast_arrays(reserve_in, reserve_out, fee)
    )
    if not 0.0 <= amount < np.inf:
        raise ValueError(f"amount = {amount} must be a number of at least 0")
    if into.size == 0 or not ((into > 0.0).all() and (out > 0.0).all()):
        raise ValueError(
            "reserve_in and reserve_out must be positive, of one pool each"
        )
    if not ((fees >= 0.0) & (fees < 1.0)).all():
        raise ValueError("fee must be at least 0 and below 1")
    return into, out, fees
