"""A market simulated as it is needed, one decision interval at a time."""

from __future__ import annotations

import numpy as np

from hedge_env import fields as field
from hedge_env._types import BoolArray, FloatArray, IntArray
from hedge_env.conditions import condition_params
from hedge_env.config import EnvConfig
from hedge_env.contracts.book import book_params
from hedge_env.contracts.series import listed_series, orders_params
from hedge_env.execution.venue import venue_params
from hedge_env.market import state as row
from hedge_env.market.gas_mean import mean_gas_price
from hedge_env.market.parameters import market_params
from hedge_env.market.start import start_market
from hedge_env.market.state import N_STATES
from hedge_env.numerics.philox import stream_key
from hedge_env.quotes import QuoteParams, memory_rows, require_rows, write_quotes


def quote_params(config: EnvConfig) -> QuoteParams:
    """Compile market, book and venue of a config."""
    market = market_params(config)
    book = book_params(config, market)
    gas_price = 0.0
    if config.market.gas is not None:
        volatility = market.volatility.level
        chain = market.gas_chain.log_mean
        gas_price = mean_gas_price(market.gas, chain, market.jumps, volatility)
        if config.market.regime is not None:
            share, regime = market.regime.share, market.regime
            jumps = market.jumps._replace(probability=market.cascades.stress)
            volatility *= regime.volatility
            stress = mean_gas_price(market.gas, chain, jumps, volatility)
            gas_price += share * (stress * config.market.regime.gas - gas_price)
    return QuoteParams(
        market,
        book,
        venue_params(config, gas_price),
        condition_params(config),
        listed_series(config, market),
        orders_params(config, market),
    )


class SimulatedMarket:
    """Paths as a function of seed, stream and path id alone.

    Args:
        config: The hedging problem.
        n_paths: Size of the batch.
        seed: Of all streams.
        stream: "training", "validation" or "test".
    """

    def __init__(
        self, config: EnvConfig, n_paths: int, *, seed: int, stream: str
    ) -> None:
        self._quotes = quote_params(config)
        self._key = stream_key(seed, stream)
        self._state = np.zeros((N_STATES, n_paths))
        self._memory = np.zeros((memory_rows(self._quotes), n_paths))
        self._path_ids = np.zeros(n_paths, dtype=np.int64)
        self._counters = np.zeros(n_paths, dtype=np.int64)
        self._steps = np.zeros(n_paths, dtype=np.int64)

    def start(self, path_ids: IntArray, chosen: BoolArray, rows: FloatArray) -> None:
        """Put the chosen paths at their start and write the market rows of all."""
        self._path_ids[chosen] = path_ids[chosen]
        self._steps[chosen] = 0
        self._memory[:, chosen] = 0.0
        start_market(
            self._state,
            self._path_ids,
            self._counters,
            chosen,
            self._key,
            self._quotes.market,
        )
        self._write(rows, chosen)

    def _write(self, rows: FloatArray, chosen: BoolArray) -> None:
        # Accrued funding is handed over once: keep what running paths were told.
        kept = rows[field.FUNDING_ACCRUED].copy()
        self._quote(rows, advance=False)
        rows[field.FUNDING_ACCRUED] = np.where(chosen, 0.0, kept)

    def displace(self, moves: FloatArray) -> None:
        """Let spot move by `moves` (n,) of log spot at the fill of the next trade."""
        self._state[row.OWN_MOVE] = moves

    def advance(self, rows: FloatArray) -> None:
        """Move every path to its next decision and write its market rows."""
        self._quote(rows, advance=True)

    def _quote(self, rows: FloatArray, *, advance: bool) -> None:
        require_rows(rows, self._quotes)
        write_quotes(
            rows,
            self._state,
            self._memory,
            self._steps,
            self._path_ids,
            self._counters,
            self._key,
            advance,
            self._quotes,
        )

    def state_dict(self) -> dict[str, FloatArray | IntArray]:
        """Arrays that `load_state_dict` restores the market from, bit for bit."""
        return {
            "state": self._state.copy(),
            "memory": self._memory.copy(),
            "path_ids": self._path_ids.copy(),
            "counters": self._counters.copy(),
            "steps": self._steps.copy(),
        }

    def load_state_dict(self, state: dict[str, FloatArray | IntArray]) -> None:
        """Restore what `state_dict` returned."""
        self._state[...] = state["state"]
        self._memory[...] = state["memory"]
        self._path_ids[...] = state["path_ids"]
        self._counters[...] = state["counters"]
        self._steps[...] = state["steps"]
