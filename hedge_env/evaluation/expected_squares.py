"""Expected in place of squared increments of whatever a policy holds."""

from __future__ import annotations

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.desk.accounts import StepRecord
from hedge_env.desk.orders import order_params
from hedge_env.risk.path_moments import PathMoments


class ExpectedSquares:
    r"""Adds up how far the squares of a policy's increments are from what was expected.

    The surprise of a decision is :math:`(y\, dS + dB)^2 - q_k(y)` for the holdings y
    after it. Its mean is zero whatever the policy does, also where a late fill makes
    the increment itself another number.

    Args:
        config: The hedging problem.
        moments: Of the same paths.

    Attributes:
        surprise: Sum over the decisions so far, shape (n,) [notional^2].
    """

    def __init__(self, config: EnvConfig, moments: PathMoments) -> None:
        self.surprise: FloatArray = np.zeros(moments.path_ids.size)
        self._moments = moments
        self._price = order_params(config).price_row
        self._step = 0

    def __call__(
        self, before: FloatArray, record: StepRecord, after: FloatArray
    ) -> None:
        """Add one decision of every path; see `evaluate.Observer`."""
        held = before[field.HOLDINGS] + record.traded
        move = after[self._price] - before[self._price]
        change = after[field.BOOK_VALUE] - before[field.BOOK_VALUE]
        expected = self._moments.risk_at(self._step, held - before[field.DELTA])
        self.surprise += (held * move + change) ** 2 - expected
        self._step += 1
