"""What can be traded: a list, in the order of the columns of a target.

An instrument is a price, Greeks, a cost and limits, most of them rows of the batch. The
underlying at its venue is the first; a listed option is one like it. What a trade in
the underlying costs takes more than a row: `desk/charges`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hedge_env.base import field
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig


class Instrument(NamedTuple):
    """One hedge instrument.

    Attributes:
        name: In words.
        holdings: Row of the units held.
        price: Row of the price of one [S_0].
        half_spread: Row of half a spread: per value for the underlying [-], per unit
            for an option [S_0].
        low: Lowest holdings [-].
        high: Highest [-].
        delta: Row of its delta [-]; None: one.
        gamma: Row of its gamma [1/S_0]; None: none.
        vega: Row of its vega [S_0]; None: none.
    """

    name: str
    holdings: int
    price: int
    half_spread: int
    low: float
    high: float
    delta: int | None = None
    gamma: int | None = None
    vega: int | None = None


def instruments_of(config: EnvConfig) -> tuple[Instrument, ...]:
    """The instruments of a problem, `config.n_instruments` of them."""
    low, high = config.holdings_bounds
    underlying = Instrument(
        name="underlying",
        holdings=field.HOLDINGS,
        price=field.SPOT if config.market.basis is None else field.HEDGE_PRICE,
        half_spread=field.HALF_SPREAD,
        low=float(low),
        high=float(high),
    )
    option, rollup = config.execution.option, config.execution.rollup
    if rollup is not None:
        least, most = rollup.inventory.least, rollup.inventory.most
        there = Instrument(
            name="underlying on the rollup",
            holdings=field.ROLLUP_HOLDINGS,
            price=field.SPOT,
            half_spread=field.ROLLUP_HALF_SPREAD,
            low=float(low if least is None else least),
            high=float(high if most is None else most),
        )
        return underlying, there
    if option is None:
        return (underlying,)
    listed = Instrument(
        name="listed option",
        holdings=field.OPTION_HOLDINGS,
        price=field.OPTION_PRICE,
        half_spread=field.OPTION_HALF_SPREAD,
        low=-float(option.limit),
        high=float(option.limit),
        delta=field.OPTION_DELTA,
        gamma=field.OPTION_GAMMA,
        vega=field.OPTION_VEGA,
    )
    return underlying, listed


def complete_target(
    target: FloatArray,
    rows: FloatArray,
    instruments: Sequence[Instrument],
    giver: str = "a policy",
    orders: int = 0,
) -> FloatArray:
    """Holdings asked for of every instrument, and what else is ordered.

    A policy that knows the underlying only, or no orders, may leave the other columns
    out: what it does not know is held, and nothing is ordered.

    Args:
        target: Shape (n, n_instruments + orders), (n, n_instruments) or (n, 1).
        rows: Rows of the batch at the decision.
        instruments: From `instruments_of`.
        giver: Who gave the target, for the message.
        orders: Columns after those of the instruments that are no holdings.

    Returns:
        Shape (n_instruments + orders, n), contiguous.

    Raises:
        ValueError: If the target has another shape.
    """
    shape = rows.shape[1], len(instruments) + orders
    if target.shape == shape:
        return np.ascontiguousarray(target.T, dtype=np.float64)
    if target.shape not in ((shape[0], 1), (shape[0], len(instruments))):
        raise ValueError(
            f"{giver} gave targets of shape {target.shape}; finite numbers of shape "
            f"{shape} are needed"
        )
    known = target.shape[1]
    held = [rows[instrument.holdings] for instrument in instruments[known:]]
    none = [np.zeros(shape[0])] * orders
    complete: FloatArray = np.stack([*target.T, *held, *none]).astype(np.float64)
    return complete
