r"""Forwards: the underlying is delivered for a price agreed on at the start.

Interest is zero, so that :math:`q` forwards of price :math:`K` are worth
:math:`q (S - K)` until the delivery and keep the value that they have at it; delta is
:math:`q` before the delivery and zero after it, gamma and vega are zero.

Source: J. C. Hull, Options, Futures, and Other Derivatives, chapter 5, at zero
interest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.book.european import grid_step
from hedge_env.book.liability import Kind, Paths, rows_each
from hedge_env.config import HOURS_PER_DAY, EnvConfig
from hedge_env.config.sections.liabilities import ForwardConfig
from hedge_env.market.engine.processes import MarketParams


class ForwardParams(NamedTuple):
    """Constants of the forwards of a book, arrays over them."""

    quantity: FloatArray  # [-]; negative is short
    price: FloatArray  # agreed on [S_0]
    delivery: FloatArray  # decision at which it is delivered


def forward_params(
    forwards: Sequence[ForwardConfig], config: EnvConfig, market: MarketParams
) -> ForwardParams:
    """Compile the forwards of a config; the market does not matter to them."""
    days = config.episode.decision_interval_hours / HOURS_PER_DAY
    return ForwardParams(
        np.array([forward.quantity for forward in forwards], dtype=np.float64),
        np.array([forward.moneyness for forward in forwards], dtype=np.float64),
        np.array([grid_step(forward.maturity_days / days) for forward in forwards]),
    )


@kernel
def add_forwards(
    rows: FloatArray,
    state: FloatArray,
    memory: FloatArray,
    paths: Paths,
    p: ForwardParams,
    market: MarketParams,
) -> None:
    """Add value and delta of the forwards; see `liability.Kind`.

    Args:
        rows: Spot is read; value and delta of the book are added to.
        state: Of the market.
        memory: Spot at the delivery of each forward, shape (n_forwards, n) [S_0].
        paths: Where the paths are.
        p: The forwards.
        market: Their market.
    """
    spot, value, delta = rows[field.SPOT], rows[field.BOOK_VALUE], rows[field.DELTA]
    for k in range(p.quantity.shape[0]):
        quantity, price, settled = p.quantity[k], p.price[k], memory[k]
        for i in range(spot.shape[0]):
            left = p.delivery[k] - paths.steps[i]
            settled[i] = spot[i] if left >= 0.0 else settled[i]
            value[i] += quantity * (settled[i] - price)
            delta[i] -= quantity if left > 0.0 else 0.0


FORWARD = Kind(forward_params, rows_each(1), add_forwards)
