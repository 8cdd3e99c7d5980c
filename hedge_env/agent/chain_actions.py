r"""What an agent decides on two chains besides the holdings: where, and what to move.

Two numbers :math:`a, b` in [-1, 1] after those of the holdings. An order goes to the
rollup where it costs no more than :math:`e^{2 a}` times what it costs at home, and
inventory is moved once the treasury there is within the share
:math:`0.1 e^{2 b}`, at most a half, of either end; see `pricing.placement`. Zeros are
the rule that trades where it is cheap and rebalances at a tenth. The bands reckon with
the cost of the chain that an order of `execution.quoted_order` would go to.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hedge_env.base import field
from hedge_env.base.field import FIELDS
from hedge_env.base.types import FloatArray
from hedge_env.desk.band_position import observe_position
from hedge_env.pricing.placement import PLACEMENT_INPUTS, is_cheaper_there, placed

N_NUMBERS: Final = 2  # of an action
_RANGE: Final = 2.0  # of both logarithms
_THRESHOLD: Final = 0.1  # share of the treasury
_MOST: Final = 0.5


def _observed(rows: FloatArray) -> dict[str, FloatArray]:
    return {name: rows[FIELDS.index(name)] for name in PLACEMENT_INPUTS}


def rollup_target(
    numbers: FloatArray, rows: FloatArray, total: FloatArray
) -> FloatArray:
    """What of the holdings is to be on the rollup, shape (n,) [-].

    Args:
        numbers: The two of the action, in [-1, 1], shape (2, n).
        rows: Shape (at least N_FIELDS, n).
        total: Holdings wanted in all, shape (n,) [-].
    """
    threshold = np.minimum(_THRESHOLD * np.exp(_RANGE * numbers[1]), _MOST)
    where = _RANGE * numbers[0]
    return placed(_observed(rows), total, preference=where, threshold=threshold)


def where_cheap(rows: FloatArray, order: float) -> FloatArray:
    """Rows with the cost and the band of the cheaper chain, a copy.

    Args:
        rows: Shape (at least N_FIELDS, n).
        order: What is asked for the cost of [notional].
    """
    rows = rows[: field.N_FIELDS].copy()
    units = order / rows[field.SPOT]
    there = is_cheaper_there(_observed(rows), units, 0.0)
    for home, away in (
        (field.FIXED_COST, field.ROLLUP_FIXED_COST),
        (field.GAS_COST, field.ROLLUP_GAS_COST),
        (field.PROPORTIONAL_COST, field.ROLLUP_PROPORTIONAL_COST),
    ):
        rows[home] = np.where(there, rows[away], rows[home])
    observe_position(rows)
    return rows
