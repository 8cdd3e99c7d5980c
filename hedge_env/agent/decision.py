"""A decision and what it led to."""

from __future__ import annotations

from typing import NamedTuple

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.desk.accounts import StepRecord


class Decision(NamedTuple):
    """What a reward is paid for: a decision, and what it led to.

    Attributes:
        before: Rows at the decision, shape (rows, n).
        after: Rows at the next one, shape (rows, n).
        record: What the decision did.
    """

    before: FloatArray
    after: FloatArray
    record: StepRecord

    @property
    def risk_aversion(self) -> FloatArray:
        """Of each path, lambda, shape (n,) [1/notional]."""
        row: FloatArray = self.after[field.RISK_AVERSION]
        return row
