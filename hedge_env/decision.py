"""One decision of a batch after the market has moved: book it, then look again.

What `batch` does at every step: the accounts (`booking`), and then the rows that follow
from the new holdings (`position`).
"""

from __future__ import annotations

from hedge_env._types import FloatArray
from hedge_env.booking import LedgerParams, book_decision
from hedge_env.kernel import kernel
from hedge_env.option_holdings import observe_options
from hedge_env.position import write_position

_TILE = 256


@kernel
def settle_decision(
    before: FloatArray,
    after: FloatArray,
    target: FloatArray,
    record: FloatArray,
    totals: FloatArray,
    p: LedgerParams,
) -> None:
    """Book a decision and write the position rows, tile by tile.

    Args:
        before: Rows at the decision, shape (N_FIELDS, n).
        after: Rows at the next decision: market rows read, the others written.
        target: Holdings asked for, shape (n,), finite.
        record: Shape (N_RECORD, n), written.
        totals: Shape (N_TOTALS, n), added to.
        p: Constants of the ledger.
    """
    n = before.shape[1]
    for low in range(0, n, _TILE):
        high = min(low + _TILE, n)
        book_decision(before, after, target, record, totals, low, high, p)
        if p.options.series.n_slots > 0:
            observe_options(after, low, high, p.options)
        write_position(after, low, high)


@kernel
def observe_position(rows: FloatArray) -> None:
    """Write the position rows of all paths, shape (at least N_FIELDS, n)."""
    n = rows.shape[1]
    for low in range(0, n, _TILE):
        write_position(rows, low, min(low + _TILE, n))
