"""A batch of paths at their present decisions, and the rows they are quoted in.

What a simulated market and a recorded one have in common: state, memory and counters
of every path, their start, and `quotes` of all of them.
"""

from __future__ import annotations

import numpy as np

from hedge_env.base import field
from hedge_env.base.held import hold
from hedge_env.base.tile import Tile
from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.book.liabilities import Positions
from hedge_env.config import EnvConfig
from hedge_env.feeds.quotes import QuoteParams, memory_rows, require_rows, write_quotes
from hedge_env.market.engine.market_state import N_STATES
from hedge_env.market.engine.start import start_market
from hedge_env.venues.disruptions import follow_crowd


class QuotedPaths:
    """Arrays of one market, each with a column or an entry for every path.

    Args:
        quotes: Constants of market, book and venue.
        n_paths: Size of the batch.
        key: Of the random stream.
        config: The hedging problem, for what the book holds besides options.

    Attributes:
        state: Market state, shape (N_STATES, n).
        path_ids: Shape (n,).
        counters: Market steps taken, shape (n,).
        steps: Decision index, shape (n,).
        notional_ratio: Notional of the episode over that of the config, shape (n,).
    """

    def __init__(
        self,
        quotes: QuoteParams,
        n_paths: int,
        key: tuple[np.uint32, np.uint32],
        config: EnvConfig,
    ) -> None:
        self._quotes = quotes
        self._constants = hold(quotes)
        self._positions = Positions(config, quotes.market, n_paths)
        self._memory = np.zeros((memory_rows(quotes), n_paths))
        self.key = key
        self.state = np.zeros((N_STATES, n_paths))
        self.path_ids: IntArray = np.zeros(n_paths, dtype=np.int64)
        self.counters: IntArray = np.zeros(n_paths, dtype=np.int64)
        self.steps: IntArray = np.zeros(n_paths, dtype=np.int64)
        self.notional_ratio = np.ones(n_paths)

    def start(self, path_ids: IntArray, chosen: BoolArray) -> None:
        """Put the chosen paths at the start of an episode."""
        self.path_ids[chosen] = path_ids[chosen]
        self.steps[chosen] = 0
        self._memory[:, chosen] = 0.0
        self._positions.start(chosen)
        market = self._quotes.market
        start_market(self.state, self.path_ids, self.counters, chosen, self.key, market)

    def quote_start(self, rows: FloatArray, chosen: BoolArray) -> None:
        """Write the market rows of all paths, of which the chosen have just started."""
        # Accrued funding is handed over once: keep what running paths were told.
        kept = rows[field.FUNDING_ACCRUED].copy()
        self.quote(rows, advance=False)
        rows[field.FUNDING_ACCRUED] = np.where(chosen, 0.0, kept)

    def quote(self, rows: FloatArray, *, advance: bool) -> None:
        """Write the market rows of all paths, after a simulated interval if asked."""
        require_rows(rows, self._quotes)
        if self._quotes.conditions.routes is not None:
            rows[field.NOTIONAL_RATIO] = self.notional_ratio
        write_quotes(
            rows,
            self.state,
            self._memory,
            self.steps,
            self.path_ids,
            self.counters,
            self.key,
            advance,
            self._constants,
        )
        if self._positions:
            arrays = self.state, self.steps, self.path_ids, self.counters
            self._positions.value(rows, *arrays, self.key, self._memory)
            if self._quotes.market.parts.crowd:
                n = self.steps.size
                follow_crowd(
                    Tile(rows, 0, n), Tile(self.state, 0, n), self._quotes.market.crowd
                )

    def move_book(self, asked: BoolArray, gas_price: FloatArray) -> None:
        """Do what a policy decides about the book where `asked`; see `Positions`."""
        self._positions.move(asked, gas_price)

    def branch_off(self, trunk: QuotedPaths, count: int) -> None:
        """Stand where other paths stand, `count` of these side by side for each.

        Args:
            trunk: The other paths, of the same market; these are `count` times as many.
            count: Paths here for each path there. They keep their own path ids.
        """
        source = trunk._arrays()
        for name, array in self._arrays().items():
            if name != "path_ids":
                array[...] = np.repeat(source[name], count, axis=-1)

    def state_dict(self) -> dict[str, FloatArray | IntArray]:
        """Copies of the arrays, by name."""
        return {name: array.copy() for name, array in self._arrays().items()}

    def load_state_dict(self, state: dict[str, FloatArray | IntArray]) -> None:
        """Restore what `state_dict` returned."""
        for name, array in self._arrays().items():
            array[...] = state[name]

    def _arrays(self) -> dict[str, FloatArray | IntArray]:
        return {
            "state": self.state,
            "memory": self._memory,
            "path_ids": self.path_ids,
            "counters": self.counters,
            "steps": self.steps,
            **self._positions.arrays(),
        }
