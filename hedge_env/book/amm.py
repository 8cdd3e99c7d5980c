r"""Liquidity in an automated market maker: a book that is short gamma and earns fees.

A position whose deposit is worth :math:`D` at the start has the liquidity
:math:`L = D / v(1)`, with v the value of a unit of liquidity at the start's price
(:mod:`hedge_env.pricing.amm`). The pool's price follows the market's. From one decision
to the next, with prices P and P' and volatility :math:`\sigma` at the first,

.. math:: \text{lost} &= x \, (P' - P) - (V' - V) \ge 0 \\
          \text{fees} &= (1 - s(\sigma)) \, \text{lost}
                        + \phi \, u \, w \, (d + d') / 2

where s is the share that arbitrageurs keep and pays no fee. The rest is the fee of
noise traders: :math:`\phi` the fee of the pool, u their turnover in the interval, over
the value that the liquidity would have over all prices, :math:`d = 2 L \sqrt P` in the
range and 0 out of it; w is log-normal with mean one. Fees are kept in the quote
currency and count in the value of the book. Delta and gamma are those of the position:
fees are income, not a hedge. A range may follow the price
(:mod:`hedge_env.book.endless.recentring`); what that costs is paid out of the fees.

Sources: see :mod:`hedge_env.pricing.amm`; that the share of liquidity decides who earns
a fee is Uniswap v3's rule; the noise traders' log-normal volume is an assumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p
from typing import Final, NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel, scalar_kernel
from hedge_env.base.types import BoolArray, FloatArray
from hedge_env.book.endless import recentring
from hedge_env.book.endless.recentring import (
    RecentringParams,
    is_away,
    is_due,
    new_scale,
    place_in_range,
    recentring_params,
    swapped,
)
from hedge_env.book.liability import Kind, Paths
from hedge_env.config import BASIS_POINT, HOURS_PER_DAY, EnvConfig
from hedge_env.config.sections.liabilities import AmmConfig, StreamedConfig
from hedge_env.market.engine.processes import MarketParams
from hedge_env.numerics.philox import fill_normals
from hedge_env.numerics.random_blocks import POOL_VOLUME_BLOCK
from hedge_env.numerics.special import exp
from hedge_env.pricing.amm import (
    amm_depth,
    amm_gamma,
    amm_units,
    amm_value,
    arbitrage_share,
)

N_REMEMBERED: Final = 3  # rows of a position: last price, last volatility, fees
_SECONDS_PER_DAY = 86_400.0


class AmmParams(NamedTuple):
    """Constants of the positions of a book, arrays over them."""

    quantity: FloatArray  # [-]; negative is short
    liquidity: FloatArray  # of one unit, worth `deposit` at the start
    root_low: FloatArray  # of the range [S_0^(1/2)]
    inverse_root_high: FloatArray  # [S_0^(-1/2)]
    fee: FloatArray  # of log price, and of what is traded [-]
    block: FloatArray  # mean time between blocks [year]
    turnover: FloatArray  # of noise traders in one interval [-]
    volume_sd: FloatArray  # of its logarithm [-]
    recentring: RecentringParams


def amm_params(
    positions: Sequence[AmmConfig | StreamedConfig],
    config: EnvConfig,
    market: MarketParams,
) -> AmmParams:
    """Compile positions in pools; the market does not matter to the constants."""
    days = config.episode.decision_interval_hours / HOURS_PER_DAY
    day = 1.0 / (_SECONDS_PER_DAY * config.episode.days_per_year)
    ranges = np.array([position.range_roots for position in positions])

    def each(values: Sequence[float]) -> FloatArray:
        return np.array(values, dtype=np.float64)

    return AmmParams(
        quantity=each([one.quantity for one in positions]),
        liquidity=each([one.liquidity for one in positions]),
        root_low=ranges[:, 0].copy(),
        inverse_root_high=ranges[:, 1].copy(),
        fee=each([-log1p(-one.fee_bp * BASIS_POINT) for one in positions]),
        block=each([one.block_seconds * day for one in positions]),
        turnover=each([one.noise_turnover * days for one in positions]),
        volume_sd=each([one.noise_sd for one in positions]),
        recentring=recentring_params(positions, config),
    )


@scalar_kernel
def pool_income(
    before: float,
    root: float,
    volatility: float,
    noise: float,
    k: int,
    p: AmmParams,
) -> float:
    """Fees of one unit of liquidity over an interval, from arbitrage and from noise.

    Args:
        before: Square root of the price at the start of the interval.
        root: The same at its end.
        volatility: At its start [1/sqrt(year)].
        noise: Standard normal number of the volume.
        k: Which position.
        p: The positions.
    """
    low, high = p.root_low[k], p.inverse_root_high[k]
    earlier = amm_value(before, low, high)
    units = amm_units(before, low, high)
    moved = amm_value(root, low, high) - earlier
    lost = units * (root * root - before * before) - moved
    paid = 1.0 - arbitrage_share(volatility, p.fee[k], p.block[k])
    depth = 0.5 * (amm_depth(before, low, high) + amm_depth(root, low, high))
    sd = p.volume_sd[k]
    volume = p.turnover[k] * exp(sd * noise - 0.5 * sd * sd) * depth
    share = 1.0 - exp(-p.fee[k])
    lost = lost if lost > 0.0 else 0.0  # rounding
    return float(paid * lost + share * volume)


@scalar_kernel
def moving_cost(
    root: float, centre: float, scale: float, gas_price: float, k: int, p: AmmParams
) -> float:
    """What it costs to put position k around the price, of a liquidity of one.

    Args:
        root: Square root of the price.
        centre: That of the price that the range was put around.
        scale: Liquidity over that of the start [-].
        gas_price: Now [gwei].
        k: Which position.
        p: The positions.
    """
    low, high = p.root_low[k], p.inverse_root_high[k]
    spot, moves = root * root, p.recentring
    value = swapped(root, centre, scale, low, high) * spot
    once = moves.gas[k] * gas_price * spot + moves.fixed[k]
    return float(moves.swap[k] * value + once / p.liquidity[k])


@kernel
def add_amm_positions(
    rows: FloatArray,
    state: FloatArray,
    memory: FloatArray,
    paths: Paths,
    p: AmmParams,
    market: MarketParams,
) -> None:
    """Add value and Greeks of the positions; see `liability.Kind`.

    Args:
        rows: Spot and volatility are read; value, delta and gamma are added to.
        state: Of the market.
        memory: For each position square root of spot and volatility at the decision
            before, and the fees so far, shape (3 n_positions, n); more where one
            recentres, see `_recentre`.
        paths: Where the paths are.
        p: The positions.
        market: Their market.
    """
    spot, volatility = rows[field.SPOT], rows[field.TRUE_VOLATILITY]
    book, delta = rows[field.BOOK_VALUE], rows[field.DELTA]
    gamma = rows[field.GAMMA]
    noise = np.zeros((4, spot.shape[0]))
    if paths.arrived.any() and p.volume_sd.max() > 0.0:
        k0, k1 = paths.key
        fill_normals(noise, paths.path_ids, paths.counters, POOL_VOLUME_BLOCK, k0, k1)
    for k in range(p.quantity.shape[0]):
        low, high = p.root_low[k], p.inverse_root_high[k]
        last, calm, fees = memory[3 * k], memory[3 * k + 1], memory[3 * k + 2]
        size = p.quantity[k] * p.liquidity[k]
        if p.recentring.any:
            _add_moving(rows, memory, noise, paths, k, p)
            continue
        for i in range(spot.shape[0]):
            root = np.sqrt(spot[i])
            if paths.arrived[i]:
                fees[i] += pool_income(last[i], root, calm[i], noise[0, i], k, p)
            last[i], calm[i] = root, volatility[i]
            book[i] += size * (amm_value(root, low, high) + fees[i])
            delta[i] -= size * amm_units(root, low, high)
            gamma[i] -= size * amm_gamma(root, low, high)


@kernel
def _add_moving(
    rows: FloatArray,
    memory: FloatArray,
    noise: FloatArray,
    paths: Paths,
    k: int,
    p: AmmParams,
) -> None:
    """Add position k of a book in which ranges move; see `add_amm_positions`.

    Its further rows of `memory`, after those of all positions, are the root of its
    centre and its liquidity over that of the start, both less 1, and what moving it has
    cost, of a liquidity of one.
    """
    low, high = p.root_low[k], p.inverse_root_high[k]
    last, calm, fees = memory[3 * k], memory[3 * k + 1], memory[3 * k + 2]
    centres, scales, costs = _moving_rows(memory, k, p)
    size = p.quantity[k] * p.liquidity[k]
    spot, gas_price = rows[field.SPOT], rows[field.GAS_PRICE]
    for i in range(spot.shape[0]):
        root, c, scale = np.sqrt(spot[i]), 1.0 + centres[i], 1.0 + scales[i]
        if paths.arrived[i]:
            income = pool_income(last[i] / c, root / c, calm[i], noise[0, i], k, p)
            fees[i] += scale * c * income
            if is_due(root, c, k, p.recentring):
                c, scale = _move(i, root, gas_price[i], memory, k, p)
        last[i], calm[i] = root, rows[field.TRUE_VOLATILITY, i]
        worth = scale * c * amm_value(root / c, low, high)
        rows[field.BOOK_VALUE, i] += size * (worth + fees[i] - costs[i])
        rows[field.DELTA, i] -= size * scale / c * amm_units(root / c, low, high)
        bend = amm_gamma(root / c, low, high) / (c * c * c)
        rows[field.GAMMA, i] -= size * scale * bend
    if p.recentring.asked[k]:
        _quote_moving(rows, centres, scales, k, p)


@kernel
def _moving_rows(
    memory: FloatArray, k: int, p: AmmParams
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rows of position k that moving writes to; see `_add_moving`."""
    first = N_REMEMBERED * p.quantity.shape[0] + recentring.N_REMEMBERED * k
    return memory[first], memory[first + 1], memory[first + 2]


@kernel
def _move(
    i: int, root: float, gas_price: float, memory: FloatArray, k: int, p: AmmParams
) -> tuple[float, float]:
    """Put the range of position k around the price, on path i, and pay for it.

    Where a policy decides, it is a cost of the decision (`desk.settlement`) and not
    paid here.

    Returns:
        Root of its centre, and its liquidity over that of the start.
    """
    centres, scales, costs = _moving_rows(memory, k, p)
    c, scale = 1.0 + centres[i], 1.0 + scales[i]
    if not p.recentring.asked[k]:
        costs[i] += moving_cost(root, c, scale, gas_price, k, p)
    scale = new_scale(root, c, scale, p.root_low[k], p.inverse_root_high[k])
    centres[i], scales[i] = root - 1.0, scale - 1.0
    return root, scale


@kernel
def _quote_moving(
    rows: FloatArray, centres: FloatArray, scales: FloatArray, k: int, p: AmmParams
) -> None:
    """Write where the price stands in a range, and what moving it now would change."""
    low, high = p.root_low[k], p.inverse_root_high[k]
    size = p.quantity[k] * p.liquidity[k]
    units, bend = amm_units(1.0, low, high), amm_gamma(1.0, low, high)
    for i in range(centres.shape[0]):
        root, c, scale = np.sqrt(rows[field.SPOT, i]), 1.0 + centres[i], 1.0 + scales[i]
        new, gas_price = new_scale(root, c, scale, low, high), rows[field.GAS_PRICE, i]
        cost = moving_cost(root, c, scale, gas_price, k, p)
        held = scale / c * amm_units(root / c, low, high)
        bent = scale / (c * c * c) * amm_gamma(root / c, low, high)
        rows[field.RANGE_PLACE, i] = place_in_range(root, c, k, p.recentring)
        rows[field.RECENTRING_COST, i] = size * cost if is_away(root, c) else 0.0
        rows[field.RECENTRING_DELTA, i] = -size * (new / root * units - held)
        bending = new / (root * root * root) * bend - bent
        rows[field.RECENTRING_GAMMA, i] = -size * bending


@kernel
def move_asked(
    memory: FloatArray, asked: BoolArray, gas_price: FloatArray, p: AmmParams
) -> None:
    """Move the ranges that a policy decides about; see `liability.Kind`.

    Args:
        memory: As of `add_amm_positions`, which has valued this decision.
        asked: Whether the policy says so, shape (n,).
        gas_price: Now, shape (n,) [gwei].
        p: The positions.
    """
    for k in range(p.quantity.shape[0]):
        if not p.recentring.asked[k]:
            continue
        last = memory[3 * k]
        centres, _, _ = _moving_rows(memory, k, p)
        for i in range(asked.shape[0]):
            if asked[i] and is_away(last[i], 1.0 + centres[i]):
                _move(i, last[i], gas_price[i], memory, k, p)


def _memory_rows(positions: Sequence[AmmConfig], config: EnvConfig) -> int:
    """Rows of each position, and more for all where the range of one moves."""
    del config
    moves = any(position.recentre is not None for position in positions)
    each = N_REMEMBERED + (recentring.N_REMEMBERED if moves else 0)
    return each * len(positions)


AMM = Kind(
    compile=amm_params,
    memory_rows=_memory_rows,
    value=add_amm_positions,
    move=move_asked,
)
