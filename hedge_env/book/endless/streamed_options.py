r"""Options made of a pool's liquidity, whose premium streams in as fees do.

Whoever sells one deposits liquidity in the range from :math:`K / w` to :math:`K w` and
borrows what it is worth beyond, or below, the range; whoever buys one takes that
liquidity out of the pool. With v the value of the liquidity that is one unit of the
underlying below the range (:mod:`hedge_env.pricing.amm`), a long unit is worth

.. math:: \text{call: } S - v(S), \qquad \text{put: } K - v(S),

which is its payoff outside the range. It may be given up at any time, so that this is
what it is marked at; what it costs is the premium. In an interval in which the
liquidity would have earned the fees f (:mod:`hedge_env.book.amm`), a buyer pays and a
seller receives

.. math:: f \left( 1 + \nu \frac R N \right), \qquad
          f \left( 1 + \nu \frac{R^2}{N T} \right)

with T the liquidity that has been sold in the range, R of it removed by buyers and
:math:`N = T - R` left; all sellers receive what the pool and all buyers pay. Premiums
are kept in the quote currency, in the value of the book.

With noise traders alone, of turnover u a day, and a fee :math:`\phi`, the fees are the
gamma cost :math:`\tfrac12 \sigma^2 S^2 \Gamma` at the volatility
:math:`\sigma = 2 \phi \sqrt{\text{volume} / \text{liquidity of a tick}} =
\sqrt{8 \phi u}` a day, a tick being :math:`2 \phi` wide.

Sources: Panoptic's documentation, "Streaming premium" (implied volatility), and the
equations 1 to 4 in the comments of its `SemiFungiblePositionManager` (spread,
:math:`\nu = 1/4`); Lambert and Kristensen (2022), "Panoptic: a perpetual, oracle-free
options protocol", arXiv 2204.14232.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray
from hedge_env.book.amm import AmmParams, amm_params, pool_income
from hedge_env.book.liability import Kind, Paths, rows_each
from hedge_env.config import EnvConfig
from hedge_env.config.sections.liabilities import StreamedConfig
from hedge_env.market.engine.processes import MarketParams
from hedge_env.numerics.philox import fill_normals
from hedge_env.numerics.random_blocks import POOL_VOLUME_BLOCK
from hedge_env.pricing.amm import amm_gamma, amm_units, amm_value

N_REMEMBERED: Final = 3  # rows of a position: last price, last volatility, premium


class StreamedParams(NamedTuple):
    """Constants of the positions of a book, arrays over them."""

    pool: AmmParams  # their liquidity, and what it earns
    strike: FloatArray  # [S_0]
    is_call: FloatArray  # 1 or 0
    multiple: FloatArray  # premium over fees [-]


def streamed_params(
    positions: Sequence[StreamedConfig], config: EnvConfig, market: MarketParams
) -> StreamedParams:
    """Compile the positions of a config; the market does not matter to them."""
    return StreamedParams(
        pool=amm_params(positions, config, market),
        strike=np.array([float(one.moneyness) for one in positions]),
        is_call=np.array([float(one.option == "call") for one in positions]),
        multiple=np.array([one.premium_multiple for one in positions]),
    )


@kernel
def add_streamed_options(
    rows: FloatArray,
    state: FloatArray,
    memory: FloatArray,
    paths: Paths,
    p: StreamedParams,
    market: MarketParams,
) -> None:
    """Add value and Greeks of the positions; see `liability.Kind`.

    Args:
        rows: Spot and volatility are read; value, delta and gamma are added to.
        state: Of the market.
        memory: For each position square root of spot and volatility at the decision
            before, and the premium of one unit so far, shape (3 n_positions, n).
        paths: Where the paths are.
        p: The positions.
        market: Their market.
    """
    spot, volatility = rows[field.SPOT], rows[field.TRUE_VOLATILITY]
    book, delta, gamma = rows[field.BOOK_VALUE], rows[field.DELTA], rows[field.GAMMA]
    noise = np.zeros((4, spot.shape[0]))
    if paths.arrived.any() and p.pool.volume_sd.max() > 0.0:
        k0, k1 = paths.key
        fill_normals(noise, paths.path_ids, paths.counters, POOL_VOLUME_BLOCK, k0, k1)
    for k in range(p.strike.shape[0]):
        low, high = p.pool.root_low[k], p.pool.inverse_root_high[k]
        size, quantity = p.pool.liquidity[k], p.pool.quantity[k]
        call, strike = p.is_call[k], p.strike[k]
        earned = size * p.multiple[k]
        last, calm, paid = memory[3 * k], memory[3 * k + 1], memory[3 * k + 2]
        for i in range(spot.shape[0]):
            root = np.sqrt(spot[i])
            if paths.arrived[i]:
                fees = pool_income(last[i], root, calm[i], noise[0, i], k, p.pool)
                paid[i] += earned * fees
            last[i], calm[i] = root, volatility[i]
            lent = spot[i] if call == 1.0 else strike
            worth = lent - size * amm_value(root, low, high)
            book[i] += quantity * (worth - paid[i])
            delta[i] -= quantity * (call - size * amm_units(root, low, high))
            gamma[i] += quantity * (size * amm_gamma(root, low, high))


STREAMED = Kind(streamed_params, rows_each(N_REMEMBERED), add_streamed_options)
