"""What whoever decides sees: the present, or a market that is some decisions old.

A keeper looks at prices that were true a while ago, while clock, holdings and whether
it runs are known now. Before the episode is as old, it sees the start. What is derived
from both, such as where the holdings stand in their band, is derived from what is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import BoolArray, FloatArray, IntArray

# Of the market, and known without looking at it.
KNOWN_NOW: Final = (
    field.HOUR_SIN,
    field.HOUR_COS,
    field.TIME_TO_MATURITY,
    field.TIME_FRACTION,
    field.STEP,
    *(row.number for row in field.STOPPING_ROWS),
)
_OLD: Final[IntArray] = np.array(
    [row for row in range(field.N_MARKET_FIELDS) if row not in KNOWN_NOW],
    dtype=np.int64,
)


class OldView:
    """Rows as they are seen, with a market of some decisions ago.

    Args:
        age: Decisions, at least 1.
        shape: Of the rows of the batch.
        derive: Writes into such rows what follows from the others.

    Attributes:
        rows: Shape `shape`, written by `start` and `arrive`.
    """

    def __init__(
        self, age: int, shape: tuple[int, int], derive: Callable[[FloatArray], None]
    ) -> None:
        self._derive = derive
        self.rows: FloatArray = np.zeros(shape)
        self._past: FloatArray = np.zeros((age + 1, _OLD.size, shape[1]))
        self._now = 0  # place of the present market in the past, which is a ring

    def start(self, rows: FloatArray, chosen: BoolArray) -> None:
        """Begin episodes.

        Args:
            rows: Of the batch, at the start where chosen.
            chosen: Which paths have just started, shape (n,).
        """
        self._past[:, :, chosen] = rows[_OLD][:, chosen]
        self._look(rows)

    def arrive(self, rows: FloatArray) -> None:
        """Move on: the market of `rows` is seen when it is old enough."""
        self._now = (self._now + 1) % self._past.shape[0]
        self._past[self._now] = rows[_OLD]
        self._look(rows)

    def _look(self, rows: FloatArray) -> None:
        self.rows[...] = rows
        self.rows[_OLD] = self._past[(self._now + 1) % self._past.shape[0]]
        self._derive(self.rows)

    def state_dict(self) -> dict[str, FloatArray | IntArray]:
        """Copies of what is remembered, the oldest first."""
        order = np.arange(self._now + 1, self._now + 1 + self._past.shape[0])
        return {"past": self._past[order % self._past.shape[0]]}

    def load_state_dict(
        self, state: dict[str, FloatArray | IntArray], rows: FloatArray
    ) -> None:
        """Restore what `state_dict` returned, beside the present `rows`."""
        self._past[...] = state["past"]
        self._now = self._past.shape[0] - 1
        self._look(rows)
