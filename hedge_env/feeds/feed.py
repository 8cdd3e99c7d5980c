"""What the batch needs of a market, simulated or recorded."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from hedge_env.base.types import BoolArray, FloatArray, IntArray


class Market(Protocol):
    """A batch of price paths, advanced one decision interval at a time."""

    def start(self, path_ids: IntArray, chosen: BoolArray, rows: FloatArray) -> None:
        """Put the chosen paths at their start and write the market rows of all.

        Args:
            path_ids: Shape (n,).
            chosen: Which paths start anew, shape (n,).
            rows: Shape (at least `struck.least_rows`, n), written.
        """

    def advance(self, rows: FloatArray) -> None:
        """Move every path to its next decision and write its market rows.

        A path that has ended keeps its decision index. Rows that never change may
        be left as `start` wrote them: `rows` must have held them before.
        """

    def state_dict(self) -> dict[str, FloatArray | IntArray]:
        """Arrays that `load_state_dict` restores the market from, bit for bit."""

    def load_state_dict(self, state: dict[str, FloatArray | IntArray]) -> None:
        """Restore what `state_dict` returned."""


@runtime_checkable
class MarketWithBook(Market, Protocol):
    """A market that values a book about which policies decide."""

    def move_book(self, asked: BoolArray, gas_price: FloatArray) -> None:
        """Move a range of liquidity at the present decision.

        Args:
            asked: On which paths, shape (n,).
            gas_price: Now, shape (n,) [gwei].
        """


@runtime_checkable
class ResponsiveMarket(Market, Protocol):
    """A market whose spot answers to the trades of the hedger."""

    def displace(self, moves: FloatArray) -> None:
        """Let log spot move by `moves` (n,) when the next decision's trade fills."""
