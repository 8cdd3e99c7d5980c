"""A market simulated as it is needed, one decision interval at a time."""

from __future__ import annotations

from functools import lru_cache

from hedge_env.base.types import BoolArray, FloatArray, IntArray
from hedge_env.book.european import book_params
from hedge_env.book.series import listed_series, orders_params
from hedge_env.config import EnvConfig
from hedge_env.feeds.quoted_paths import QuotedPaths
from hedge_env.feeds.quotes import QuoteParams
from hedge_env.market.engine import market_state
from hedge_env.market.engine.parameters import market_params
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.gas.gas_mean import mean_gas_price
from hedge_env.numerics.philox import stream_key
from hedge_env.venues.disruptions import condition_params
from hedge_env.venues.venue import venue_params

_KEPT_CONFIGS = 16  # of the problems that one process plays by turns


@lru_cache(maxsize=_KEPT_CONFIGS)
def quote_params(config: EnvConfig) -> QuoteParams:
    """Compile market, book and venue of a config; once for all its batches."""
    market = market_params(config)
    book, gas_price = book_params(config, market), usual_gas_price(config, market)
    venue = venue_params(config, gas_price)
    return QuoteParams(
        market=market,
        book=book,
        venue=venue,
        conditions=condition_params(config, venue, gas_price),
        listed=listed_series(config, market),
        orders=orders_params(config, market),
    )


def usual_gas_price(config: EnvConfig, market: MarketParams) -> float:
    """Long-run mean of the gas price [gwei]; 0 without gas."""
    if config.market.gas is None:
        return 0.0
    volatility = market.volatility.level
    chain = market.gas_chain.log_mean
    gas_price = mean_gas_price(market.gas, chain, market.jumps, volatility)
    if config.market.regime is not None:
        share, regime = market.regime.share, market.regime
        jumps = market.jumps._replace(probability=market.cascades.stress)
        volatility *= regime.volatility
        stress = mean_gas_price(market.gas, chain, jumps, volatility)
        gas_price += share * (stress * config.market.regime.gas - gas_price)
    return gas_price


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
        key = stream_key(seed, stream)
        self._paths = QuotedPaths(quote_params(config), n_paths, key, config)

    def start(self, path_ids: IntArray, chosen: BoolArray, rows: FloatArray) -> None:
        """Put the chosen paths at their start and write the market rows of all."""
        self._paths.start(path_ids, chosen)
        self._paths.quote_start(rows, chosen)

    def displace(self, moves: FloatArray) -> None:
        """Let spot move by `moves` (n,) of log spot at the fill of the next trade."""
        self._paths.state[market_state.OWN_MOVE] = moves

    def move_book(self, asked: BoolArray, gas_price: FloatArray) -> None:
        """Move a range of liquidity where `asked` (n,), at a gas price (n,) [gwei]."""
        self._paths.move_book(asked, gas_price)

    def advance(self, rows: FloatArray) -> None:
        """Move every path to its next decision and write its market rows."""
        self._paths.quote(rows, advance=True)

    def state_dict(self) -> dict[str, FloatArray | IntArray]:
        """Arrays that `load_state_dict` restores the market from, bit for bit."""
        return self._paths.state_dict()

    def load_state_dict(self, state: dict[str, FloatArray | IntArray]) -> None:
        """Restore what `state_dict` returned."""
        self._paths.load_state_dict(state)
