r"""Books whose options are quoted, margined and settled in the underlying (inverse).

An inverse option is worth :math:`C / S` coins. What a position gains from one decision
to the next, in coins, and converted at the price then, is

.. math:: S' \Bigl( \frac{C'}{S'} - \frac C S \Bigr) = C' - C \, \frac{S'}{S},

so that its delta is the *net* one, premium-adjusted, :math:`\Delta - C / S`; gamma and
vega stay. An inverse perpetual of :math:`y S` quote units gains, converted in the same
way, :math:`y S (1/S - 1/S') S' = y (S' - S)`: holdings y mean what they mean elsewhere.

The value of the book is then that at the start and what was gained since. Where options
are settled at a mean A of spot, the coins paid out are :math:`C' / A`.

Source: Alexander and Imeraj (2021), "Inverse options in a Black-Scholes world", arXiv
2107.12041; the conversion at every decision is that of a desk which keeps its books in
the quote currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.book.european import grid_step
from hedge_env.book.liability import Kind, Paths
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.market.engine import market_state
from hedge_env.market.engine.processes import MarketParams
from hedge_env.numerics.special import exp


class CoinParams(NamedTuple):
    """Of the European options, arrays over them."""

    quantity: FloatArray  # [-]; negative is short
    expiry_step: FloatArray  # decision at which each is paid out


def coin_params(
    positions: Sequence[Any], config: EnvConfig, market: MarketParams
) -> CoinParams:
    """Compile the options of a config; what else is converted, the rows say."""
    days = config.episode.decision_interval_hours / HOURS_PER_DAY
    legs = config.book.europeans
    return CoinParams(
        quantity=np.array([leg.quantity for leg in legs], dtype=np.float64),
        expiry_step=np.array([grid_step(leg.maturity_days / days) for leg in legs]),
    )


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
        p: The options.
        market: Its market.
    """
    if market.fixing.window > 0.0:
        _pay_at_the_mean(rows, state, paths, p)
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


@kernel
def _pay_at_the_mean(
    rows: FloatArray, state: FloatArray, paths: Paths, p: CoinParams
) -> None:
    """Turn what is paid out now into coins at the mean, and back at spot."""
    spot, value = rows[field.SPOT], rows[field.BOOK_VALUE]
    log_fixing = state[market_state.LOG_FIXING]
    for k in range(p.quantity.shape[0]):
        paid = paths.quoted[k]
        for i in range(spot.shape[0]):
            if paths.steps[i] == p.expiry_step[k]:
                gain = spot[i] / exp(log_fixing[i]) - 1.0
                value[i] += p.quantity[k] * paid[i] * gain


COIN_MARGIN = Kind(coin_params, lambda positions, config: 3, keep_in_coins)
