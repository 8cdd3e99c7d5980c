"""Every kind of liability but the European options, and the positions of a book.

A new kind is a file beside this one, a model in `config/sections/liabilities.py`, and a
line in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.book.amm import AMM
from hedge_env.book.coin_margin import COIN_MARGIN
from hedge_env.book.endless.option_pool.pool import OPTION_POOL
from hedge_env.book.endless.perpetual_options import EVERLASTING, POWER
from hedge_env.book.endless.rolled_calls import ROLLED_CALL
from hedge_env.book.endless.streamed_options import STREAMED
from hedge_env.book.forward import FORWARD
from hedge_env.book.liability import Kind, Paths
from hedge_env.book.margin_scenarios import SCENARIO_ROWS
from hedge_env.config import EnvConfig, PortfolioMargin
from hedge_env.market.engine.processes import MarketParams

KINDS: Final[Mapping[str, Kind]] = {
    "amm": AMM,
    "everlasting": EVERLASTING,
    "forward": FORWARD,
    "option_pool": OPTION_POOL,
    "power": POWER,
    "rolled_call": ROLLED_CALL,
    "streamed": STREAMED,
}


_COINS: Final = "coin margin"  # what turns the rest into coins, the last of all
_SCENARIOS: Final = "scenarios"  # of a portfolio margin, which move all of the rest


def _held(config: EnvConfig) -> Iterator[tuple[str, Kind, list[Any]]]:
    """Kinds that a book holds, with their positions, in the order they are valued."""
    for name, kind in KINDS.items():
        positions = [leg for leg in config.book.others if leg.kind == name]
        if positions:
            yield name, kind, positions
    if config.book.margin == "coin":
        yield _COINS, COIN_MARGIN, list(config.book.legs)
    if isinstance(config.execution.margin, PortfolioMargin):
        yield _SCENARIOS, SCENARIO_ROWS, list(config.book.legs)


class Positions:
    """What a book holds besides European options, on a batch of paths.

    Args:
        config: The hedging problem.
        market: Its compiled market.
        n_paths: Size of the batch.
    """

    def __init__(self, config: EnvConfig, market: MarketParams, n_paths: int) -> None:
        self._market = market
        self._kinds: dict[str, tuple[Kind, Any]] = {}
        self._memory: dict[str, FloatArray] = {}
        for name, kind, positions in _held(config):
            self._kinds[name] = kind, kind.compile(positions, config, market)
            shape = kind.memory_rows(positions, config), n_paths
            self._memory[name] = np.zeros(shape)
        self._valued: IntArray = np.zeros(n_paths, dtype=np.int64)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._kinds)

    def start(self, chosen: BoolArray) -> None:
        """Forget what the chosen paths remember."""
        self._valued[chosen] = 0
        for memory in self._memory.values():
            memory[:, chosen] = 0.0

    def value(
        self,
        rows: FloatArray,
        state: FloatArray,
        steps: IntArray,
        path_ids: IntArray,
        counters: IntArray,
        key: tuple[np.uint32, np.uint32],
        quoted: FloatArray,
    ) -> None:
        """Add all positions to value and Greeks of the book; see `Kind`."""
        paths = Paths(
            steps=steps,
            arrived=steps != self._valued,
            path_ids=path_ids,
            counters=counters,
            key=key,
            quoted=quoted,
        )
        for name, (kind, constants) in self._kinds.items():
            kind.value(rows, state, self._memory[name], paths, constants, self._market)
        self._valued[...] = steps

    def move(self, asked: BoolArray, gas_price: FloatArray) -> None:
        """Do what a policy decides about a position, before the market moves on.

        Args:
            asked: Where it says so, shape (n,).
            gas_price: Now, shape (n,) [gwei].
        """
        for name, (kind, constants) in self._kinds.items():
            if kind.move is not None:
                kind.move(self._memory[name], asked, gas_price, constants)

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """What is remembered, by name; nothing without positions."""
        if not self:
            return {}
        memory = {f"memory.{name}": array for name, array in self._memory.items()}
        return {**memory, "valued": self._valued}


def remembered_rows(config: EnvConfig) -> int:
    """Rows that the positions of a book remember of each path."""
    return sum(kind.memory_rows(legs, config) for _, kind, legs in _held(config))
