"""Market rows of what is out of the ordinary: basis, fills, halts, mishaps, a crowd.

The last part of `quotes`, for markets that have any of these; orders and accounts read
them. A part that is off writes nothing. Whether an order fails or is sandwiched is
drawn here, per path and decision, and hidden from policies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.kernel import kernel
from hedge_env.base.types import FloatArray, IntArray
from hedge_env.config import EnvConfig
from hedge_env.market.engine import market_state
from hedge_env.market.engine.processes import MarketParams
from hedge_env.market.spot.crowd import CrowdParams, crowd_feedback
from hedge_env.numerics.philox import fill_uniforms
from hedge_env.numerics.random_blocks import MISHAPS_BLOCK
from hedge_env.numerics.special import exp
from hedge_env.venues.mishaps import MishapParams, failure_probability, mishap_params
from hedge_env.venues.perpetual import _quote_basis


class ConditionParams(NamedTuple):
    """Constants of the conditions."""

    any: bool
    mishaps: MishapParams


def condition_params(config: EnvConfig) -> ConditionParams:
    """Compile the conditions."""
    return ConditionParams(
        any=has_conditions(config), mishaps=mishap_params(config.execution)
    )


def has_conditions(config: EnvConfig) -> bool:
    """Whether a market has any of these: a row that others lack, or a crowd."""
    beside = field.count_market_rows(config) > field.N_CERTAIN_FIELDS
    return beside or config.market.crowd is not None


@kernel
def write_conditions(
    rows: FloatArray,
    x: FloatArray,
    path_ids: IntArray,
    counters: IntArray,
    low: int,
    high: int,
    key: tuple[np.uint32, np.uint32],
    p: ConditionParams,
    market: MarketParams,
) -> None:
    """Write the rows of one tile, after its quotes.

    Args:
        rows: Shape (at least N_MARKET_FIELDS, n), written.
        x: Market state, shape (N_STATES, n); the crowd's feedback is written.
        path_ids: Shape (n,).
        counters: Market steps already taken, shape (n,).
        low: First path.
        high: Path after the last.
        key: Of the random stream.
        p: Constants.
        market: Constants of the market.
    """
    if market.parts.basis:
        _quote_basis(rows, x, low, high, market)
    if market.interval.fills:
        fill, price = (
            rows[field.FILL_PRICE, low:high],
            x[market_state.FILL_LOG_PRICE, low:high],
        )
        for i in range(high - low):
            fill[i] = exp(price[i])
        rows[field.FILL_FUNDING, low:high] = x[market_state.FILL_FUNDING, low:high]
    if market.interval.halt:
        halted, left = rows[field.HALTED, low:high], x[market_state.HALTED, low:high]
        for i in range(high - low):
            halted[i] = 1.0 if left[i] > 0.0 else 0.0
    if market.parts.crowd:
        follow_crowd(rows, x, low, high, market.crowd)
    if p.mishaps.fails or p.mishaps.sandwiches:
        _draw_mishaps(rows, path_ids, counters, low, high, key, p.mishaps)


@kernel
def follow_crowd(
    rows: FloatArray, x: FloatArray, low: int, high: int, p: CrowdParams
) -> None:
    """Write the feedback of a crowd that hedges as large a gamma as the book's."""
    gamma, spot = rows[field.GAMMA, low:high], rows[field.SPOT, low:high]
    crowd = x[market_state.CROWD, low:high]
    for i in range(high - low):
        crowd[i] = crowd_feedback(gamma[i], spot[i], p)


@kernel
def _draw_mishaps(
    rows: FloatArray,
    path_ids: IntArray,
    counters: IntArray,
    low: int,
    high: int,
    key: tuple[np.uint32, np.uint32],
    p: MishapParams,
) -> None:
    u = np.empty((4, high - low))
    ids, steps = path_ids[low:high], counters[low:high]
    fill_uniforms(u, ids, steps, MISHAPS_BLOCK, key[0], key[1])
    log_gas, fails = rows[field.LOG_GAS, low:high], rows[field.ORDER_FAILS, low:high]
    if p.fails:
        for i in range(high - low):
            fails[i] = 1.0 if u[0, i] < failure_probability(log_gas[i], p) else 0.0
    rate = rows[field.SANDWICH_RATE, low:high]
    for i in range(high - low):
        rate[i] = p.sandwich_loss if u[1, i] < p.sandwich_probability else 0.0
