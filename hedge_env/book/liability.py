"""What a kind of liability is made of: constants, a memory and a kernel.

European options are valued within the pass of the quotes over each tile. Every other
kind has a pass of its own after it, in a kernel that is compiled when a book holds the
kind and not before: a book pays for what it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.config import EnvConfig
from hedge_env.market.engine.processes import MarketParams


class Paths(NamedTuple):
    """Where every path of a batch is, arrays over paths."""

    steps: IntArray  # (n,) decision index
    # (n,) whether a path has come to this decision since the last call; a kernel may be
    # called twice at one decision, and accrues what it accrues only where this is true
    arrived: BoolArray
    path_ids: IntArray  # (n,)
    counters: IntArray  # (n,) market steps taken: counter of random numbers
    key: tuple[np.uint32, np.uint32]  # of the random stream
    # (rows, n) what the quotes remember: payoffs of European options, log strikes of
    # what is listed, orders of clients
    quoted: FloatArray


MemoryRows = Callable[[Sequence[Any], EnvConfig], int]


def rows_each(count: int) -> MemoryRows:
    """So many rows for each position."""
    return lambda positions, config: count * len(positions)


class Kind(NamedTuple):
    """One kind of liability.

    Attributes:
        compile: Constants of all positions of the kind, a NamedTuple of floats and
            arrays, from the positions (models of `config.sections.liabilities`), the
            config and its market.
        memory_rows: Rows it remembers of each path, from the positions and the config.
        value: Kernel `value(rows, state, memory, paths, p, market)`. It adds the
            positions' value to `rows[field.BOOK_VALUE]` and to `rows[field.DELTA]`,
            `GAMMA` and `VEGA` what neutralises them (minus the derivatives by spot, and
            the derivative by volatility). What is paid in or out while it runs stays in
            the value, as cash of the book: `memory`, shape (memory_rows, n), zero at
            the start, is where it is kept. All in internal units; see `base/field`.
        move: Kernel `move(memory, asked, gas_price, p)` of a kind that a policy decides
            about: what is done at the present decision where `asked`, shape (n,), at
            the gas price of then, shape (n,) [gwei]. None: there is nothing to decide.
    """

    compile: Callable[[Sequence[Any], EnvConfig, MarketParams], Any]
    memory_rows: MemoryRows
    value: Callable[..., None]
    move: Callable[..., None] | None = None
