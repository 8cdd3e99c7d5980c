r"""Books whose options are quoted, margined and settled in the underlying (inverse).

An inverse option is worth :math:`C / S` coins. What a position gains from one decision
to the next, in coins, and converted at the price then, is

.. math:: S' \Bigl( \frac{C'}{S'} - \frac C S \Bigr) = C' - C \, \frac{S'}{S},

so that its delta is the *net* one, premium-adjusted, :math:`\Delta - C / S`; gamma and
vega stay. An inverse perpetual of :math:`y S` quote units gains, converted in the same
way, :math:`y S (1/S - 1/S') S' = y (S' - S)`: holdings y mean what they mean elsewhere.

The value of the book is then that at the start and what was gained since.

Source: Alexander and Imeraj (2021), "Inverse options in a Black-Scholes world", arXiv
2107.12041; the conversion at every decision is that of a desk which keeps its books in
the quote currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.book.liability import Kind, Paths
from hedge_env.config import EnvConfig
from hedge_env.market.engine.processes import MarketParams


class CoinParams(NamedTuple):
    """Nothing: what is converted is all that the rows say of the book."""


def coin_params(
    positions: Sequence[Any], config: EnvConfig, market: MarketParams
) -> CoinParams:
    """There are no constants."""
    return CoinParams()


@kernel
def keep_in_coins(
    rows: FloatArray,
    state: FloatArray,
    memory: FloatArray,
    paths: Paths,
    p: CoinParams,
    market: MarketParams,
) -> None:
    """Turn value and delta of the book into those of its coins; see `liability.Kind`.

    Args:
        rows: Value and delta of the book in the quote currency; overwritten.
        state: Of the market.
        memory: Value in the quote currency and spot at the decision before, and what
            was gained, shape (3, n).
        paths: Where the paths are.
        p: Nothing.
        market: Its market.
    """
    spot, value, delta = rows[field.SPOT], rows[field.BOOK_VALUE], rows[field.DELTA]
    last, price, gained = memory[0], memory[1], memory[2]
    for i in range(spot.shape[0]):
        if paths.arrived[i]:
            gained[i] += value[i] - last[i] * (spot[i] / price[i])
        elif paths.steps[i] == 0:
            gained[i] = value[i]
        last[i], price[i] = value[i], spot[i]
        delta[i] += value[i] / spot[i]
        value[i] = gained[i]


COIN_MARGIN = Kind(coin_params, lambda n_positions: 3, keep_in_coins)
