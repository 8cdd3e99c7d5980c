r"""What an agent decides about a range of liquidity besides the holdings: to move it.

One number :math:`a` in [-1, 1], the last of an action: the range is put around the
present price where :math:`a > 0`, and stays where it is otherwise, so that zeros never
move it. The hedge of the same decision is for the range as it then is: delta and gamma
of the bands are those after the move. What it costs is in
:mod:`hedge_env.book.endless.recentring`.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.desk.band_position import observe_position


def is_moved(number: FloatArray) -> BoolArray:
    """Where an agent's number says that the range is to be moved, shape (n,).

    Args:
        number: The last of an action, in [-1, 1], shape (n,).
    """
    return np.asarray(number > 0.0)


def after_move(rows: FloatArray, moved: BoolArray) -> FloatArray:
    """Rows as they would be with the range around the price, a copy.

    Args:
        rows: Shape (at least N_FIELDS, n).
        moved: Where it is moved, shape (n,).
    """
    rows = rows[: field.N_FIELDS].copy()
    rows[field.DELTA] += np.where(moved, rows[field.RECENTRING_DELTA], 0.0)
    rows[field.GAMMA] += np.where(moved, rows[field.RECENTRING_GAMMA], 0.0)
    observe_position(rows)
    return rows
